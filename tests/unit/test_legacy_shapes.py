"""Tokens of other swap services are told apart by their shape alone."""

import textwrap
from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.keys import root_key
from sanic_swap.legacy_shapes import shape_of
from sanic_swap.sealing import KeyRing, SealingContext
from sanic_swap.secret import Secret
from tests import strategies

# Made by the services themselves, with made-up secrets.
NODE = "20b5f1b6c7268767a286d1346dcb27d178a2710af930a624eda65e7ad15213cb"
RUBY = (
    "EJiOu73MEuGS8h5rfcwivdNNNl0k0NQvSOONNmMpC0TEr26pLAaqiIS27gZm\n"
    "5lD9ROyGTahVMpaA6PS2D/eBsN9DV6f2jcQK\n"
)
PLAIN = "AQguoV8FWnFbB0JxXujr4qqaaABvvLOzAxzXMcU1vsHiQ"

des_blocks = st.integers(3, 40).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n))


def as_ruby(data):
    """Return *data* in base64 as Ruby's pack("m") wraps it."""
    return "".join(line + "\n" for line in textwrap.wrap(b64encode(data).decode(), 60))


@given(st.binary(min_size=20, max_size=400))
def test_lower_case_hex_is_nodes(sealed):
    assert shape_of(sealed.hex()) == "node"


@given(des_blocks)
def test_wrapped_base64_of_whole_des_blocks_is_rubys(sealed):
    assert shape_of(as_ruby(sealed)) == "ruby"


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda text: text.replace("+", " "), id="plus signs became blanks"),
        pytest.param(lambda text: text.replace("\n", "\\n"), id="newlines became two characters"),
        pytest.param(lambda text: text.replace("\n", ""), id="newlines were lost"),
        pytest.param(lambda text: text.rstrip("\n"), id="the last newline was lost"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="newlines of Windows"),
        pytest.param(lambda text: text.rstrip("\n="), id="padding was lost"),
        pytest.param(
            lambda text: text.replace("+", " ").replace("\n", "\\n"), id="blanks and newlines"
        ),
        pytest.param(
            lambda text: text.replace("+", " ").replace("\n", ""), id="blanks, and newlines lost"
        ),
    ],
)
@given(des_blocks)
def test_what_happens_to_rubys_tokens_on_the_way_does_not_hide_them(mangle, sealed):
    assert shape_of(mangle(as_ruby(sealed))) == "ruby"


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
    assert shape_of(text) == "ruby"


@given(st.integers(1, 20), st.integers(0, 2**33), st.binary(min_size=16, max_size=16), st.data())
def test_fernet_tokens_are_told_by_their_version_byte(blocks, moment, iv, data):
    ciphertext = data.draw(st.binary(min_size=16 * blocks + 16, max_size=16 * blocks + 16))
    token = b"\x80" + (moment % 2**32).to_bytes(8, "big") + iv + ciphertext + bytes(32)

    assert shape_of(urlsafe_b64encode(token).decode()) == "fernet"


@given(strategies.realistic_tokens())
def test_a_bare_spotify_token_is_plain(token):
    assert shape_of(token) == "plain"


@pytest.mark.parametrize(
    ("token", "shape"),
    [(NODE, "node"), (RUBY, "ruby"), (PLAIN, "plain")],
    ids=["node", "ruby", "plain"],
)
def test_tokens_of_the_services_themselves_are_recognised(token, shape):
    assert shape_of(token) == shape


@pytest.mark.parametrize("token", [NODE, PLAIN], ids=["node", "plain"])
@pytest.mark.parametrize("around", ["{} ", "\n{}\r\n", '"{}"', "'{}'"])
def test_blanks_and_quotes_around_a_token_do_not_hide_it(token, around):
    assert shape_of(around.format(token)) == shape_of(token)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("refresh", id="a word"),
        pytest.param(NODE[:38], id="hex of 19 bytes"),
        pytest.param(NODE[:41], id="half a byte of hex"),
        pytest.param(NODE[:40] + "G" * 4, id="almost hex"),
        pytest.param("AQ" + "a" * 17, id="a short plain token"),
        pytest.param("AQ" + "a" * 20 + ".", id="a plain token with a dot"),
        pytest.param("BQ" + PLAIN[2:], id="an access token"),
        pytest.param("gAAAA" + "a" * 20, id="the beginning of a Fernet token"),
        pytest.param(b64encode(bytes(25)).decode(), id="base64 of part of a DES block"),
        pytest.param(b64encode(bytes(16)).decode(), id="base64 of too few DES blocks"),
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


@given(st.text(max_size=100) | st.text("0123456789abcdefAQg+/=\\n \n\"'", max_size=100))
def test_every_text_has_one_shape_or_none(text):
    assert shape_of(text) in ("node", "ruby", "fernet", "plain", None)
