"""What other services sealed opens with their secret, and nothing else happens."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.sealing.legacy import shape_of
from sanic_swap.sealing.legacy_ciphers import fernet_opener, node_opener, ruby_opener
from sanic_swap.secret import Secret
from tests.legacy_sealers import (
    FERNET_KEY,
    ruby_blocks,
    sealed_by_fernet,
    sealed_by_node,
    sealed_by_ruby,
)

NO_BASE64URL = re.compile(r"[^A-Za-z0-9=_-]|=[^=]")
VECTORS = Path(__file__).parents[2] / "vectors"
SPECIFICATION = json.loads((VECTORS / "fernet_spec.json").read_text())
secrets = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)
RUBY = ruby_opener(Secret("s3cr3t"))


@pytest.mark.parametrize(
    ("name", "seal"), [("node", sealed_by_node), ("ruby", sealed_by_ruby)], ids=["node", "ruby"]
)
def test_the_sealers_of_the_tests_seal_as_the_services_did(name, seal):
    for vector in json.loads((VECTORS / f"legacy_{name}.json").read_text(encoding="utf-8")):
        assert seal(vector["secret"], vector["refresh_token"]) == vector["sealed"]


@given(secrets, st.binary(max_size=100))
def test_nodes_cipher_opens_with_any_secret(secret, plain):
    text = plain.decode("latin-1")
    sealed = bytes.fromhex(sealed_by_node(secret, text))

    assert node_opener(Secret(secret))(sealed) == text.encode()


@pytest.mark.parametrize(
    "sealed",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(7), id="less than a block"),
        pytest.param(bytes(20), id="blocks and a half"),
        pytest.param(ruby_blocks("s3cr3t", bytes(8)), id="padding of zero"),
        pytest.param(ruby_blocks("s3cr3t", b"1234567\x09"), id="padding of more than a block"),
        pytest.param(ruby_blocks("s3cr3t", b"12345\x02\x01\x03"), id="uneven padding"),
    ],
)
def test_what_ruby_cannot_have_sealed_does_not_open(sealed):
    assert RUBY(sealed) is None


@pytest.mark.parametrize("vector", SPECIFICATION["opens"], ids=lambda vector: vector["desc"])
def test_what_fernets_specification_opens_opens(vector):
    assert fernet_opener(Secret(vector["secret"]))(vector["token"].encode()) == b"hello"
    assert vector["src"] == "hello"


@pytest.mark.parametrize("vector", SPECIFICATION["refused"], ids=lambda vector: vector["desc"])
def test_what_fernets_specification_refuses_does_not_open(vector):
    opener = fernet_opener(Secret(vector["secret"]))

    if NO_BASE64URL.search(vector["token"]):  # has no shape, so it never comes as far as here
        assert shape_of(vector["token"] * 2) is None
    else:
        assert opener(vector["token"].encode()) is None


def test_a_fernet_key_may_have_lost_its_padding():
    sealed = sealed_by_fernet(FERNET_KEY, "token").encode()

    assert fernet_opener(Secret(FERNET_KEY.rstrip("=")))(sealed) == b"token"
    assert fernet_opener(Secret("A" * 43 + "="))(sealed) is None


@pytest.mark.parametrize(
    "secret",
    ["", "s3cr3t", "A" * 42, "A" * 44, "A" * 43 + "==", "+" * 43 + "=", FERNET_KEY + "\n"],
)
def test_what_is_no_fernet_key_opens_no_fernet_token(secret):
    assert fernet_opener(Secret(secret)) is None
