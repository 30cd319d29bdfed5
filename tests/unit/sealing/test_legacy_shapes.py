"""Tokens of other swap services are told apart by their shape alone."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.sealing.legacy import readings, shape_of
from sanic_swap.secret import Secret
from tests import strategies
from tests.legacy_sealers import as_pack_m

NODE = "20b5f1b6c7268767a286d1346dcb27d178a2710af930a624eda65e7ad15213cb"
PLAIN = "AQguoV8FWnFbB0JxXujr4qqaaABvvLOzAxzXMcU1vsHiQ"

des_blocks = st.integers(3, 40).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n))


# What is known to have happened to base64 in apps, forms and shells.
MANGLED = {
    "as it was": lambda text: text,
    "plus signs became blanks": lambda text: text.replace("+", " "),
    "newlines became two characters": lambda text: text.replace("\n", "\\n"),
    "newlines became three characters": lambda text: text.replace("\n", "\\\\n"),
    "newlines and returns became characters": lambda text: text.replace("\n", "\\r\\n"),
    "newlines of Windows": lambda text: text.replace("\n", "\r\n"),
    "newlines were lost": lambda text: text.replace("\n", ""),
    "the last newline was lost": lambda text: text.rstrip("\n"),
    "newlines became blanks": lambda text: text.replace("\n", " "),
    "newlines of Windows became blanks": lambda text: text.replace("\n", "  "),
    "newlines became blanks, the last was lost": lambda text: text.rstrip("\n").replace("\n", " "),
    "newlines and plus signs became blanks": lambda text: (
        text.rstrip("\n").replace("\n", " ").replace("+", " ")
    ),
    "plus signs became blanks, newlines characters": lambda text: text.replace("+", " ").replace(
        "\n", "\\n"
    ),
    "plus signs became blanks, newlines were lost": lambda text: text.replace("+", " ").replace(
        "\n", ""
    ),
    "padding was lost": lambda text: text.rstrip("=\n"),
    "padding and newlines were lost": lambda text: text.replace("\n", "").rstrip("="),
    "encoded once too often": lambda text: quote(text, safe=""),
    "newlines encoded once too often": lambda text: text.replace("\n", "%0A"),
    "quoted": lambda text: f'"{text}"',
    "quoted as JSON": lambda text: json.dumps(json.dumps(text)),
    "quoted once, blanks around": lambda text: f" '{text}' \n",
    "slashes escaped": lambda text: text.replace("/", "\\/"),
    "blanks around": lambda text: f"\t {text}\r\n ",
    "a blank behind": lambda text: text + " ",
    "a blank before": lambda text: " " + text,
}
each_mangling = pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED)


@each_mangling
@settings(max_examples=20)
@given(st.binary(min_size=20, max_size=400))
def test_lower_case_hex_is_nodes(mangle, sealed):
    assert shape_of(mangle(sealed.hex())) == "node"
    assert next(readings(mangle(sealed.hex()))) == ("node", sealed)


@each_mangling
@settings(max_examples=20)
@given(des_blocks)
def test_wrapped_base64_of_whole_des_blocks_is_rubys(mangle, sealed):
    assert ("ruby", sealed) in readings(mangle(as_pack_m(sealed)))


@pytest.mark.parametrize(
    "sealed",
    [
        pytest.param(b"\xfb\xef\xbe" * 16, id="nothing but plus signs"),
        pytest.param(b"\xf8" + bytes(22) + b"\x3e", id="a plus at both ends"),
    ],
)
def test_blanks_at_the_edges_count_as_plus_signs(sealed):
    text = b64encode(sealed).decode().replace("+", " ")

    assert text != text.strip()
    assert next(readings(text)) == ("ruby", sealed)
    assert next(readings(f' "{text}" ')) == ("ruby", sealed)


@pytest.mark.parametrize(
    ("sealed", "around"),
    [
        pytest.param(b"\xf8" + bytes(23), "{} ", id="a plus before, a stray one behind"),
        pytest.param(bytes(23) + b"\x3e", " {}", id="a stray one before, a plus behind"),
        pytest.param(bytes(24), " {} ", id="two stray ones"),
    ],
)
def test_a_blank_at_an_edge_need_not_be_a_plus_sign(sealed, around):
    text = around.format(b64encode(sealed).decode().replace("+", " "))

    assert ("ruby", sealed) in readings(text)


@given(st.integers(1, 20), st.integers(0, 2**33), st.binary(min_size=16, max_size=16), st.data())
def test_fernet_tokens_are_told_by_their_version_byte(blocks, moment, iv, data):
    ciphertext = data.draw(st.binary(min_size=16 * blocks + 16, max_size=16 * blocks + 16))
    token = b"\x80" + (moment % 2**32).to_bytes(8, "big") + iv + ciphertext + bytes(32)

    text = urlsafe_b64encode(token).decode()

    assert shape_of(text) == "fernet"
    for mangle in MANGLED.values():
        assert next(readings(mangle(text))) == ("fernet", text.encode())


@each_mangling
@settings(max_examples=20)
@given(strategies.realistic_tokens())
def test_a_bare_spotify_token_is_plain(mangle, token):
    assert shape_of(mangle(token)) == "plain"
    assert [*readings(mangle(token))][-1] == ("plain", token.encode())


@pytest.mark.parametrize(
    ("token", "shape"),
    [
        pytest.param("00" * 19, None, id="node, too short"),
        pytest.param("00" * 20, "node", id="node, shortest"),
        pytest.param("00" * 2925, "node", id="node, longest"),
        pytest.param("00" * 2926, None, id="node, too long"),
        pytest.param("AQ" + "-" * 17, None, id="plain, too short"),
        pytest.param("AQ" + "-" * 18, "plain", id="plain, shortest"),
        pytest.param("AQ" + "-" * 2923, "plain", id="plain, longest"),
        pytest.param("AQ" + "-" * 2924, None, id="plain, too long"),
        pytest.param("+" * 21, None, id="ruby, too short"),
        pytest.param("+" * 32, "ruby", id="ruby, shortest"),
        pytest.param("+" * 3904, "ruby", id="ruby, longest"),
        pytest.param("+" * 3936, None, id="ruby, too long"),
        pytest.param("gAAAA" + "-" * 112, None, id="fernet, too short"),
        pytest.param("gAAAA" + "-" * 113, "fernet", id="fernet, shortest"),
        pytest.param("gAAAA" + "-" * 113 + "==", "fernet", id="fernet, padded"),
        pytest.param("gAAAA" + "-" * 113 + "===", None, id="fernet, padded too much"),
    ],
)
def test_shapes_are_as_wide_as_what_may_be_inside(token, shape):
    assert shape_of(token) == shape


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("refresh", id="a word"),
        pytest.param(NODE[:41], id="half a byte of hex"),
        pytest.param(NODE[:40] + "G" * 4, id="almost hex"),
        pytest.param("AQ" + "a" * 20 + ".", id="a plain token with a dot"),
        pytest.param("BQ" + PLAIN[2:], id="an access token"),
        pytest.param(b64encode(bytes(25)).decode(), id="base64 of part of a DES block"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", id="a JWT"),
        pytest.param("déjà vu " * 8, id="letters outside ASCII"),
        pytest.param("\ud800" * 40, id="lone surrogates"),
        pytest.param("٣" * 40, id="digits outside ASCII"),
        pytest.param("\0" * 40, id="NULs"),
        pytest.param(" " * 7, id="blanks"),
    ],
)
def test_what_looks_like_nobodys_token_is_nobodys(token):
    assert shape_of(token) is None


@given(strategies.refresh_tokens())
def test_our_own_seal_is_never_taken_for_a_foreign_token(token):
    keys = KeyRing(root_key("1" * 64), SealingContext("a-client", "https://accounts.spotify.com"))

    assert shape_of(keys.seal(Secret(token), 0)) is None
