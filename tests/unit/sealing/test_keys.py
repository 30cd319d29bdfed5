"""An operator's secret becomes a root key and a public id."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest

from sanic_swap.sealing import keys
from sanic_swap.sealing.keys import (
    RootKey,
    SealingContext,
    UnusableSecret,
    is_published,
    is_temporary,
    new_secret,
    root_key,
    temporary_key,
)

VECTORS = Path(__file__).parents[2] / "vectors"
KEY_IDS = json.loads((VECTORS / "key_ids.json").read_text())
PUBLISHED_KEYS = json.loads((VECTORS / "published_keys.json").read_text())
CONTEXT = SealingContext("an-app", "https://accounts.spotify.com")
BYTES = bytes(range(224, 256))  # its base64 has "-", "_", "+" and "/" in it
URLSAFE = urlsafe_b64encode(BYTES).decode()
STANDARD = b64encode(BYTES).decode()
# Backwards, so that a search for the secret does not find it in one more place.
PUBLISHED = "CXGh8DLTymGHa9WHiVzGLKLtHPmDfkybVzHdWFBUJUefiyLJFc"[::-1]


@pytest.mark.parametrize("vector", KEY_IDS, ids=lambda vector: vector["kid"])
def test_key_ids_are_those_of_the_vectors(vector):
    context = SealingContext(vector["client_id"], vector["origin"])
    root = bytes.fromhex(vector["root"])

    assert RootKey(root).key_id(context) == vector["kid"]
    assert RootKey(root, is_temporary=True).key_id(context) == vector["temporary_kid"]
    assert (is_temporary(vector["kid"]), is_temporary(vector["temporary_kid"])) == (False, True)


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
    assert root_key(spelling) == RootKey(BYTES)


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


def test_a_secret_that_stands_in_public_source_is_refused():
    assert is_published(PUBLISHED)
    with pytest.raises(UnusableSecret, match="published"):
        root_key(PUBLISHED)


def test_new_secrets_are_43_characters_of_base64url_that_make_a_key():
    secret, other = new_secret(), new_secret()

    assert secret != other
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert not root_key(secret).from_passphrase


def test_temporary_keys_are_new_each_time():
    assert temporary_key().root != temporary_key().root
    assert (temporary_key().is_temporary, root_key(BYTES.hex()).is_temporary) == (True, False)


def test_every_published_key_is_known():
    assert {key["sha256"] for key in PUBLISHED_KEYS} == keys._PUBLISHED


def test_a_key_does_not_show_itself():
    shown = repr(root_key(BYTES.hex()))

    assert repr(BYTES) not in shown
    assert BYTES.hex() not in shown
