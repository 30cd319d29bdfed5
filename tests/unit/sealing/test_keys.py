"""An operator's secret becomes a root key and a public id."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from hashlib import blake2b
from pathlib import Path

import pytest

from sanic_swap.sealing.keys import UnusableSecret, is_published, new_secret, root_key

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/sealed_tokens.json").read_text())
KEY_IDS = {vector["secret"]: vector["kid"] for vector in VECTORS}
BYTES = bytes(range(224, 256))  # its base64 has "-", "_", "+" and "/" in it
URLSAFE = urlsafe_b64encode(BYTES).decode()
STANDARD = b64encode(BYTES).decode()
# Backwards, so that a search for the secret does not find it in one more place.
PUBLISHED = "CXGh8DLTymGHa9WHiVzGLKLtHPmDfkybVzHdWFBUJUefiyLJFc"[::-1]


def expected_id(root: bytes) -> str:
    digest = blake2b(b"", digest_size=6, key=root, person=b"sanic_swap.kid_1").digest()
    return urlsafe_b64encode(digest).decode()


@pytest.mark.parametrize(
    ("secret", "key_id"),
    KEY_IDS.items(),
    ids=["base64url", "hex", "a passphrase", "a passphrase outside ASCII"],
)
def test_key_ids_are_those_of_the_vectors(secret, key_id):
    assert root_key(secret).key_id == key_id


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(URLSAFE, id="base64url with padding"),
        pytest.param(URLSAFE.rstrip("="), id="base64url without padding"),
        pytest.param(STANDARD, id="standard base64 with padding"),
        pytest.param(STANDARD.rstrip("="), id="standard base64 without padding"),
        pytest.param(BYTES.hex(), id="hex in lower case"),
        pytest.param(BYTES.hex().upper(), id="hex in upper case"),
        pytest.param(BYTES.hex()[:32].upper() + BYTES.hex()[32:], id="hex in both cases"),
    ],
)
def test_32_bytes_are_the_key_itself_however_they_are_spelled(spelling):
    key = root_key(spelling)

    assert (key.root, key.key_id, key.from_passphrase) == (BYTES, expected_id(BYTES), False)


def test_spare_bits_of_the_last_character_are_ignored():
    # 43 characters carry 258 bits; BYTES ends in 0b1111_1111, so its last character is "8".
    assert URLSAFE[42] == "8"
    assert {root_key(URLSAFE[:42] + last).root for last in "89-_"} == {BYTES}


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(URLSAFE[:42], id="one character less"),
        pytest.param(URLSAFE[:43] + "A", id="one character more"),
        pytest.param(URLSAFE[:43] + "==", id="too much padding"),
        pytest.param(URLSAFE[:43] + "\n", id="a newline behind it"),
        pytest.param(" " + URLSAFE[:43], id="a blank before it"),
        pytest.param("+-" + URLSAFE[2:43], id="both alphabets at once"),
        pytest.param(BYTES.hex()[:63], id="63 hex digits"),
        pytest.param(BYTES.hex() + "0", id="65 hex digits"),
        pytest.param(BYTES.hex() + "\n", id="hex and a newline"),
        pytest.param("g" + BYTES.hex()[1:], id="64 characters that are not hex"),
        pytest.param("x" * 16, id="16 characters"),
        pytest.param("é" * 16, id="16 code points"),
    ],
)
def test_what_is_not_32_bytes_is_a_passphrase(secret):
    assert root_key(secret).from_passphrase


def test_a_passphrase_is_taken_as_it_is_spelled():
    composed, decomposed = "pässword of mine", "pa\u0308ssword of mine"

    assert root_key(composed).root != root_key(decomposed).root


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("", id="nothing"),
        pytest.param("x" * 15, id="15 characters"),
        pytest.param("é" * 15, id="15 code points in 30 bytes"),
        pytest.param("🔑" * 15, id="15 code points in 60 bytes"),
    ],
)
def test_what_cannot_be_a_key_is_refused_without_being_repeated(secret):
    with pytest.raises(UnusableSecret) as refused:
        root_key(secret)

    assert not secret or secret not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_secret_that_is_no_text_is_refused_for_every_purpose():
    with pytest.raises(ValueError, match="UTF-8") as refused:
        root_key("\ud800" * 16)

    assert not isinstance(refused.value, UnusableSecret)  # which a previous secret may be
    assert refused.value.__cause__ is None


def test_a_secret_that_stands_in_public_source_is_refused():
    assert is_published(PUBLISHED)
    with pytest.raises(UnusableSecret, match="published"):
        root_key(PUBLISHED)


def test_new_secrets_are_43_characters_of_base64url_that_make_a_key():
    secret, other = new_secret(), new_secret()

    assert secret != other
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert not root_key(secret).from_passphrase


def test_a_key_shows_its_id_and_nothing_else():
    key = root_key(BYTES.hex())

    shown = repr(key)

    assert key.key_id in shown
    assert repr(BYTES) not in shown
    assert BYTES.hex() not in shown
