"""A secret is found however it is spelled, and nothing else is."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.contract.taint import Canaries

SECRET = "AQ-a_secret/with+all=kinds of &characters"


def found(text: str, secret: str = SECRET) -> list[str]:
    canaries = Canaries()
    canaries.add([secret])
    return canaries.in_text(text)


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(SECRET, id="plain"),
        pytest.param(quote(SECRET, safe=""), id="URL-encoded"),
        pytest.param("".join(f"%{ord(char):02x}" for char in SECRET), id="URL-encoded whole"),
        pytest.param(json.dumps(SECRET), id="in JSON"),
        pytest.param("".join(f"\\u{ord(char):04x}" for char in SECRET), id="JSON-escaped whole"),
        pytest.param(SECRET.encode().hex(), id="in hex"),
    ],
)
def test_a_secret_is_found_in_every_spelling(spelled: str) -> None:
    assert found(f"before {spelled} after") == [SECRET]


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("neighbour", [b"", b"\0", b"\xff", b"{:", b"\xff\0", b"{a:"])
def test_a_secret_is_found_inside_longer_base64(
    encode: Callable[[bytes], bytes], neighbour: bytes
) -> None:
    for after in (b"", b"\0", b"\xff", b"}}", b"\xff\xff"):
        assert found(encode(neighbour + SECRET.encode() + after).decode()) == [SECRET]


def test_another_text_holds_no_secret() -> None:
    assert not found("AQ-a_secret without the rest " + base64.b64encode(b"AQ-a_secret").decode())


def test_what_is_too_short_for_a_secret_is_not_looked_for() -> None:
    assert not found("garbage in, garbage out", "garbage")
