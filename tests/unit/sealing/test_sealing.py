"""The format `s1.`, byte for byte, and which keys open what.

The format is written down a second time here, straight from its specification, so that
seals which no honest service makes can be tried on the real one.
"""

import json
from base64 import urlsafe_b64encode
from hashlib import blake2b
from pathlib import Path

import pytest
from nacl.secret import SecretBox

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.parts import make_key_ring
from sanic_swap.sealing.key_ring import KeyRing, key_id_of
from sanic_swap.sealing.keys import SealingContext, root_key, temporary_key
from sanic_swap.secret import Secret
from tests.reading import APP, read_settings

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/sealed_tokens.json").read_text())
CLIENT_ID, ORIGIN = "961392984a198dadab432ab5b9688056", "https://accounts.spotify.com"
CONTEXT = SealingContext(CLIENT_ID, ORIGIN)
NEW, OLD, OTHER = (root_key(f"{number}" * 64) for number in "123")
NEW_ID, OLD_ID, OTHER_ID = (key.key_id(CONTEXT) for key in (NEW, OLD, OTHER))
TOKEN = "AQguoV8FWnFbB0JxXujr4qqaaABvvLOzAxzXMcU1vsHiQ"
TOKEN_BYTES = TOKEN.encode()
SEALED_AT, AUTHORIZED_AT = 1_795_040_626, 1_790_873_912


def b64u(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def len16(text):
    return len(text.encode()).to_bytes(2, "big") + text.encode()


def sealed_by_hand(payload, *, key=NEW, client_id=CLIENT_ID, origin=ORIGIN):
    """Return any *payload* sealed with the right keys."""
    context = len16(client_id) + len16(origin)
    subkey = blake2b(context, digest_size=32, key=key.root, person=b"sanic_swap.seal1").digest()
    nkey = blake2b(context, digest_size=32, key=key.root, person=b"sanic_swap.nonc1").digest()
    nonce = blake2b(bytes(32) + payload, digest_size=24, key=nkey).digest()
    named = blake2b(context, digest_size=6, key=key.root, person=b"sanic_swap.kid_1").digest()
    key_id = b64u(bytes([named[0] & 0x7F]) + named[1:])
    return f"s1.{key_id}.{b64u(bytes(SecretBox(subkey).encrypt(payload, nonce)))}"


def payload_by_hand(token=TOKEN_BYTES, *, version=1, length=None, padding=None):
    """Return a payload; by default as it should be."""
    length = len(token) if length is None else length
    head = version.to_bytes(1, "big") + SEALED_AT.to_bytes(8, "big")
    written = head + AUTHORIZED_AT.to_bytes(8, "big") + length.to_bytes(2, "big") + token
    if padding is None:
        padding = b"\0" * ((64 - len(written) % 64) % 64)
    return written + padding


def ring(keys=(NEW,), **changes):
    return KeyRing(keys, CONTEXT, now=lambda: SEALED_AT, randomness=bytes, **changes)


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_the_vectors_are_sealed_byte_for_byte(vector):
    keys = KeyRing(
        [root_key(vector["secret"])],
        SealingContext(vector["client_id"], vector["origin"]),
        now=lambda: vector["sealed_at"],
        randomness={32: bytes.fromhex(vector["random"])}.__getitem__,
    )

    assert keys.seal(Secret(vector["refresh_token"]), vector["authorized_at"]) == vector["sealed"]


def test_a_seal_is_what_the_second_implementation_makes():
    assert ring().seal(Secret(TOKEN), AUTHORIZED_AT) == sealed_by_hand(payload_by_hand())


@pytest.mark.parametrize(
    ("token_length", "sealed_length"),
    [
        pytest.param(1, 151, id="the shortest"),
        pytest.param(45, 151, id="one block to the last byte"),
        pytest.param(46, 236, id="one byte over a block"),
        pytest.param(109, 236, id="two blocks to the last byte"),
        pytest.param(2925, 3991, id="the longest"),
    ],
)
def test_a_seal_is_as_long_as_its_blocks(token_length, sealed_length):
    sealed = ring().seal(Secret("A" * token_length), 0)

    assert len(sealed) == sealed_length
    assert ring().open(sealed).refresh_token.reveal() == "A" * token_length


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("A" * 2926, id="too long"),
        pytest.param("AQ\n", id="a newline"),
        pytest.param("AQ\x7f", id="DEL"),
        pytest.param("AQé", id="outside ASCII"),
    ],
)
def test_what_is_no_refresh_token_is_not_sealed(token):
    with pytest.raises(ValueError, match="printable ASCII") as error:
        ring().seal(Secret(token), 0)

    assert not token or token not in str(error.value)


def test_one_randomness_for_two_payloads_still_makes_two_nonces():
    nonces = {ring().seal(Secret(TOKEN), moment)[12:44] for moment in range(50)}

    assert len(nonces) == 50


def test_the_time_of_sealing_is_the_clocks_in_whole_seconds():
    keys = KeyRing([NEW], CONTEXT, now=lambda: 1_795_040_626.987)

    assert keys.open(keys.seal(Secret(TOKEN), 0)).sealed_at == 1_795_040_626


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(payload_by_hand(version=0), id="version 0"),
        pytest.param(payload_by_hand(version=2), id="version 2"),
        pytest.param(payload_by_hand(version=255), id="version 255"),
        pytest.param(payload_by_hand(b""), id="an empty token"),
        pytest.param(payload_by_hand(length=0), id="length 0 before a token"),
        pytest.param(payload_by_hand(length=len(TOKEN) - 1), id="length too small"),
        pytest.param(payload_by_hand(TOKEN.encode()[:20], length=21), id="length covers a zero"),
        pytest.param(payload_by_hand(length=46), id="length beyond the end"),
        pytest.param(payload_by_hand(length=0xFFFF), id="the largest length"),
        pytest.param(payload_by_hand(b"A" * 2926), id="a token of 2926 bytes"),
        pytest.param(payload_by_hand(padding=bytes(64)), id="a block of zeros too many"),
        pytest.param(payload_by_hand(b"A" * 10, padding=bytes(35 + 64)), id="two blocks for one"),
        pytest.param(payload_by_hand(b"A" * 10, padding=b"\x01" + bytes(34)), id="first pad a 1"),
        pytest.param(payload_by_hand(b"A" * 10, padding=bytes(34) + b"\x01"), id="last pad a 1"),
        pytest.param(payload_by_hand(b"A" * 10, padding=bytes(17) + b"\x80" + bytes(17)), id="1s"),
        pytest.param(payload_by_hand(b"A" * 60, padding=b""), id="no padding"),
        pytest.param(payload_by_hand(b"A" * 60, padding=bytes(48)), id="one zero too few"),
        pytest.param(payload_by_hand(b"A" * 60, padding=bytes(50)), id="one zero too many"),
        pytest.param(payload_by_hand(b"AQ\x00B"), id="NUL in the token"),
        pytest.param(payload_by_hand(b"AQ\nB"), id="newline in the token"),
        pytest.param(payload_by_hand(b"AQB\n"), id="newline at its end"),
        pytest.param(payload_by_hand(b"AQ\x7fB"), id="DEL in the token"),
        pytest.param(payload_by_hand("AQé".encode()), id="UTF-8 in the token"),
        pytest.param(payload_by_hand(b"\xff\xfe"), id="bytes that are no text"),
        pytest.param(bytes(64), id="nothing but zeros"),
        pytest.param(b"\xff" * 64, id="nothing but ones"),
        pytest.param(bytes([1]) + bytes(63), id="a version and zeros"),
    ],
)
def test_a_wrong_payload_is_refused_even_under_the_right_key(payload):
    with pytest.raises(TokenRefused):
        ring().open(sealed_by_hand(payload))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("s1.", id="the prefix alone"),
        pytest.param(f"s1.{NEW_ID}.", id="nothing sealed"),
        pytest.param(f"s1.{NEW_ID}." + "A" * 138, id="too short"),
        pytest.param(f"s1.{NEW_ID}." + "A" * 4001, id="too long"),
        pytest.param(f"s1.{NEW_ID}." + "A" * 139, id="zeros"),
        pytest.param(f"s1.{NEW_ID}." + "A" * 4000, id="the most zeros"),
        pytest.param(f"s2.{NEW_ID}." + "A" * 139, id="another version"),
        pytest.param(f"S1.{NEW_ID}." + "A" * 139, id="another case"),
        pytest.param(f"s1.{NEW_ID}A." + "A" * 139, id="a key id of 9 characters"),
        pytest.param(f"s1.{NEW_ID[:7]}." + "A" * 139, id="a key id of 7 characters"),
        pytest.param(f"s1.{NEW_ID}." + "é" * 139, id="letters outside ASCII"),
        pytest.param(f"s1.{NEW_ID}." + "٣" * 139, id="digits outside ASCII"),
        pytest.param(TOKEN, id="a plain token"),
        pytest.param("\ud800" * 150, id="lone surrogates"),
    ],
)
def test_what_is_no_seal_is_refused(token):
    with pytest.raises(TokenRefused) as refused:
        ring().open(token)

    assert refused.value.key_id == key_id_of(token)


def test_the_current_key_stays_current_where_it_is_listed_as_a_previous_one_too():
    keys = ring([NEW, NEW, OLD])

    assert keys.open(keys.seal(Secret(TOKEN), 0)).is_current


@pytest.mark.parametrize(
    ("current", "remedy"),
    [
        pytest.param(NEW, "restore its secret in PREVIOUS_ENCRYPTION_SECRETS, or", id="a key"),
        pytest.param(
            temporary_key(),
            "set ENCRYPTION_SECRET to its secret again, or restore",
            id="a temporary key",
        ),
    ],
)
def test_a_key_that_is_not_configured_holds_its_tokens_and_names_the_remedy(current, remedy):
    sealed = KeyRing([OTHER], CONTEXT).seal(Secret(TOKEN), 0)

    with pytest.raises(TokenHeld) as held:
        KeyRing([current], CONTEXT).open(sealed)

    error = held.value
    assert (error.reason, error.key_id, error.topic) == ("unknown_key", OTHER_ID, OTHER_ID)
    assert not error.is_known
    assert str(error) == (
        f"key {OTHER_ID} is not configured here. If no `keys` line ever showed it, ignore it:"
        f" somebody guesses. Otherwise {remedy} CLIENT_ID or SPOTIFY_ACCOUNTS_URL if one changed;"
        " or add the id to RETIRED_KEY_IDS, which logs these users out"
    )


def test_the_remedy_names_the_origin_where_the_same_secret_and_app_sealed():
    sealed = KeyRing([OLD], SealingContext(CLIENT_ID, "http://localhost:1")).seal(Secret(TOKEN), 0)

    with pytest.raises(TokenHeld) as held:
        ring([NEW, OLD], other_origins=["http://localhost:1"]).open(sealed)

    assert "the same secret and app at http://localhost:1," in str(held.value)
    assert str(held.value).endswith(
        f"SPOTIFY_ACCOUNTS_URL is {ORIGIN} here. Set SPOTIFY_ACCOUNTS_URL back to http://localhost:1"
    )
    assert held.value.is_known


def test_a_temporary_key_opens_its_own_tokens():
    here = KeyRing([temporary_key()], CONTEXT)

    assert here.open(here.seal(Secret(TOKEN), 0)).refresh_token.reveal() == TOKEN


def sealed_by(key, authorized_at=AUTHORIZED_AT):
    return KeyRing([key], CONTEXT).seal(Secret(TOKEN), authorized_at)


REVOKED = {"revoke_before": AUTHORIZED_AT}


@pytest.mark.parametrize(
    ("changes", "sealed", "reason"),
    [
        pytest.param({}, "nothing that we know", "not_a_token", id="no seal"),
        pytest.param({}, sealed_by(OTHER)[:150], "not_a_token", id="a short one of an unknown key"),
        pytest.param({}, sealed_by(temporary_key()), "temporary_key", id="a temporary key"),
        pytest.param({"hold_unknown": False}, sealed_by(OTHER), "unknown_key", id="not held"),
        pytest.param({"retired": [OLD_ID]}, sealed_by(OLD), "retired_key", id="retired"),
        pytest.param(
            {"retired": [OLD_ID], "keys": [NEW, OLD], "hold_unknown": False},
            sealed_by(OLD),
            "retired_key",
            id="retired and still configured",
        ),
        pytest.param(REVOKED, sealed_by(NEW, AUTHORIZED_AT - 1), "revoke_before", id="older"),
        pytest.param(REVOKED, sealed_by(NEW, 0), "revoke_before", id="of unknown age"),
    ],
)
def test_each_refusal_has_a_reason(changes, sealed, reason):
    with pytest.raises(TokenRefused) as refused:
        ring(**changes).open(sealed)

    assert refused.value.args == (reason,)
    assert refused.value.key_id == key_id_of(sealed)


@pytest.mark.parametrize("authorized_at", [AUTHORIZED_AT, AUTHORIZED_AT + 1])
def test_what_was_authorized_later_still_opens(authorized_at):
    assert ring(**REVOKED).open(sealed_by(NEW, authorized_at)).authorized_at == authorized_at


@pytest.mark.parametrize(
    ("client_id", "origin"),
    [
        pytest.param(CLIENT_ID + "h", "ttps://accounts.spotify.com", id="moved by one character"),
        pytest.param(CLIENT_ID[:-1], CLIENT_ID[-1] + ORIGIN, id="moved back by one"),
        pytest.param(ORIGIN, CLIENT_ID, id="exchanged"),
        pytest.param(CLIENT_ID.upper(), ORIGIN, id="client id in upper case"),
        pytest.param(CLIENT_ID, "http://accounts.spotify.com", id="another scheme"),
        pytest.param(CLIENT_ID, ORIGIN + ":8443", id="another port"),
    ],
)
def test_a_seal_is_for_one_client_at_one_origin(client_id, origin):
    context = SealingContext(client_id, origin)
    sealed = KeyRing([NEW], context).seal(Secret(TOKEN), 0)

    with pytest.raises(TokenHeld):
        ring().open(sealed)
    with pytest.raises(TokenRefused):  # whatever id it claims
        ring().open(sealed.replace(NEW.key_id(context), NEW_ID))


def test_an_opened_token_does_not_show_what_was_inside():
    assert TOKEN not in repr(ring().open(ring().seal(Secret(TOKEN), 0)))


@pytest.mark.parametrize(
    ("environ", "error"),
    [
        ({"ENCRYPTION_SECRET": "1" * 64}, TokenHeld),
        ({}, TokenHeld),
        ({"ENCRYPTION_SECRET": "1" * 64, "UNKNOWN_KEY": "reject"}, TokenRefused),
    ],
)
def test_the_settings_decide_what_becomes_of_unknown_keys(environ, error):
    settings = read_settings(APP | {"CLIENT_ID": CLIENT_ID} | environ)

    with pytest.raises(error):
        make_key_ring(settings).open(sealed_by(OTHER))
