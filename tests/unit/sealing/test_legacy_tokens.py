"""Which tokens of other services open, by which shape and secret, until when, and with what in."""

import json
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.parts import make_sealing
from sanic_swap.sealing.key_ring import KeyRing, OpenedToken
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.sealing.legacy import LegacyTokens, readings, shape_of
from sanic_swap.secret import Secret
from tests import strategies
from tests.legacy_sealers import FERNET_KEY, SEALERS, sealed_by_fernet
from tests.reading import APP, read_settings

SECRET = "s3cr3t"
NODE = "20b5f1b6c7268767a286d1346dcb27d178a2710af930a624eda65e7ad15213cb"
TOKEN = "AQguoV8FWnFbB0JxXujr4qqaaABvvLOzAxzXMcU1vsHiQ"
# What the Ruby service made of a token happens to look like a plain one.
LOOKS_PLAIN = ("AQgkWEi8Men1xrtJ4JkbCtXgcq46SJzv", "AQ0rcAs396IWudJw9cod1N")
# A plain token that looks like the Ruby service's.
LOOKS_LIKE_RUBY = "AQ" + "0" * 126
EVERYTHING = "node,ruby,fernet,plain"
refresh_tokens = st.text(strategies.BASE64URL, min_size=20, max_size=200)
each_format = pytest.mark.parametrize("name", SEALERS)


def legacy(formats=EVERYTHING, **changes):
    """Return what opens tokens by these settings; a change to None leaves a variable out."""
    environ = {
        **APP,
        "ENCRYPTION_SECRET": "ab" * 32,
        "LEGACY_TOKENS": formats,
        "LEGACY_SECRETS": f"a wrong one\n{FERNET_KEY}\n{SECRET}",
        "LEGACY_TOKENS_UNTIL": "2999-12-31",
        **changes,
    }
    given = {name: text for name, text in environ.items() if text is not None}
    return make_sealing(read_settings(given)).legacy


def sealed_as(name, token):
    return SEALERS[name](FERNET_KEY if name == "fernet" else SECRET, token)


def refuses(legacy_tokens, token):
    with pytest.raises(TokenRefused):
        legacy_tokens.open(token)
    return True


ALL = legacy()

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
    "newlines and plus signs became blanks": lambda text: text.rstrip("\n").translate(
        str.maketrans("\n+", "  ")
    ),
    "plus signs became blanks, newlines characters": lambda text: text.translate(
        {ord("+"): " ", ord("\n"): "\\n"}
    ),
    "plus signs became blanks, newlines were lost": lambda text: text.translate(
        {ord("+"): " ", ord("\n"): ""}
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


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param("BQ" + "aB3-_" * 30, "access_token", id="an access token"),
        pytest.param("ab" * 60, "other_service", id="a token of another service"),
        pytest.param("hello", "not_a_token", id="anything else"),
    ],
)
def test_a_refusal_says_what_came(token, reason):
    with pytest.raises(TokenRefused, match=reason):
        legacy(LEGACY_TOKENS="fernet").open(f" {token}\n")


@each_format
@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED)
@settings(max_examples=10)
@given(refresh_tokens)
def test_whatever_a_service_sealed_opens_as_it_was_mangled(mangle, name, token):
    token = f"AQ{token}"  # or a plain one would have no shape
    mangled = mangle(sealed_as(name, token))

    opened = ALL.open(mangled)

    if name != "ruby":  # whose tokens may happen to look like others
        assert shape_of(mangled) == name
    assert opened == OpenedToken(Secret(token), 0, 0, None, is_current=False, imported=name)


@pytest.mark.parametrize("formats", ["ruby", "ruby,plain", "plain,ruby", EVERYTHING])
def test_a_ruby_token_that_looks_plain_is_not_sent_to_spotify_as_it_is(formats):
    sealed, token = LOOKS_PLAIN

    assert legacy(formats).open(sealed).refresh_token.reveal() == token


@pytest.mark.parametrize("formats", ["plain", "ruby,plain", EVERYTHING])
def test_a_plain_token_that_looks_like_rubys_is_plain(formats):
    opened = legacy(formats).open(LOOKS_LIKE_RUBY)

    assert (opened.refresh_token.reveal(), opened.imported) == (LOOKS_LIKE_RUBY, "plain")


@each_format
def test_only_what_is_wanted_opens(name):
    others = ",".join({*SEALERS} - {name})

    assert legacy(name).open(sealed_as(name, TOKEN)).imported == name
    assert refuses(legacy(others), sealed_as(name, TOKEN))
    assert refuses(legacy("none"), sealed_as(name, TOKEN))


@pytest.mark.parametrize("name", ["node", "ruby", "fernet"])
@pytest.mark.parametrize(
    ("inside", "opens"),
    [
        pytest.param("AQ" + "x" * 17, False, id="19 characters"),
        pytest.param("AQ" + "x" * 18, True, id="20 characters"),
        pytest.param("AQ" + "x" * 2923, True, id="2925 characters"),
        pytest.param("AQ" + "x" * 2924, False, id="2926 characters"),
        pytest.param("Abc-_789" * 4, True, id="another beginning"),
        pytest.param("AQ" + "x" * 30 + "\n", False, id="a newline at the end"),
        pytest.param("AQ" + "x" * 30 + ".", False, id="a dot"),
        pytest.param("AQ" + "x" * 30 + "=", False, id="an equals sign"),
        pytest.param("AQ" + "x" * 30 + " ", False, id="a blank"),
        pytest.param("AQ" + "x" * 30 + "é", False, id="a letter outside ASCII"),
        pytest.param("AQ" + "x" * 30 + "٣", False, id="a digit outside ASCII"),
    ],
)
def test_what_is_inside_must_look_like_spotifys(name, inside, opens):
    sealed = sealed_as(name, inside)

    if opens:
        assert ALL.open(sealed).refresh_token.reveal() == inside
    else:
        assert refuses(ALL, sealed)


@pytest.mark.parametrize("name", ["node", "ruby", "fernet"])
def test_another_secret_does_not_open(name):
    assert refuses(legacy(LEGACY_SECRETS="s3cr3T\nxxx"), sealed_as(name, TOKEN))


def test_without_secrets_of_their_own_all_of_ours_are_tried():
    sealed, ours = sealed_as("node", TOKEN), {"PREVIOUS_ENCRYPTION_SECRETS": f"x\n{SECRET}"}

    assert legacy(**ours, LEGACY_SECRETS=None).open(sealed).imported == "node"
    assert refuses(legacy(**ours, LEGACY_SECRETS="x"), sealed)


def test_a_day_ends_their_time():
    def at(now, closes_at=1000):
        return LegacyTokens({"plain": [bytes]}, closes_at=closes_at, now=lambda: now)

    assert at(999.9).open(TOKEN).imported == "plain"
    assert refuses(at(1000), TOKEN)
    assert at(10.0**12, closes_at=None).open(TOKEN).imported == "plain"


def test_nobody_knows_whether_they_are_older_than_a_theft():
    revoked = legacy(REVOKE_BEFORE="1970-01-02")

    assert all(refuses(revoked, sealed_as(name, TOKEN)) for name in SEALERS)
    assert refuses(legacy(None, REVOKE_BEFORE="1970-01-02"), TOKEN)


@each_format
def test_they_are_held_until_somebody_decides(name):
    undecided = legacy(None, LEGACY_SECRETS=None)

    with pytest.raises(TokenHeld) as held:
        undecided.open(sealed_as(name, TOKEN))
    error = held.value
    assert (error.reason, error.key_id, error.topic) == ("legacy_unset", None, name)
    until = "" if name == "fernet" else " and LEGACY_TOKENS_UNTIL"
    assert str(error) == (
        f"the token looks like another swap service's ({name}). If you have moved here from"
        f" one, set LEGACY_TOKENS={name}{until}; otherwise LEGACY_TOKENS=none"
    )
    with pytest.raises(TokenHeld):
        legacy(None, ENCRYPTION_SECRET=None).open(sealed_as(name, TOKEN))
    assert refuses(undecided, "no token of anybody")
    assert refuses(legacy(None, UNKNOWN_KEY="reject"), sealed_as(name, TOKEN))


@each_format
def test_without_reseal_they_go_back_as_they_came(name):
    assert legacy(LEGACY_RESEAL="off").open(sealed_as(name, TOKEN)).is_current is True


@example("AQ" + "%" * 40)
@example("\ud800" * 40)
@example("00" * 20)
@example("gAAAA" + "A" * 114)
@example("gAAAA" + "A" * 117)
@given(
    st.text(max_size=200)
    | st.text("0123456789abcdef", min_size=40, max_size=200)
    | st.text("AQabz019+/=-_ \n\r\t\\n\"'%", min_size=20, max_size=200)
    | st.text(strategies.BASE64URL, min_size=114, max_size=130).map("gAAAA".__add__)
    | st.builds(
        lambda token, at, put: token[:at] + put + token[at + 1 :],
        st.sampled_from([sealed_as(name, TOKEN) for name in SEALERS]),
        st.integers(0, 100),
        st.text(max_size=2),
    )
)
def test_whatever_comes_is_refused_or_looks_like_spotifys(text):
    try:
        opened = ALL.open(text).refresh_token.reveal()
    except TokenRefused:
        return
    assert 20 <= len(opened) <= 2925
    assert set(opened) <= set(strategies.BASE64URL)


@pytest.mark.parametrize("around", ["*{}", "{}trailingdata", "{}===", "{0}{0}"])
def test_what_does_not_belong_to_a_fernet_token_is_not_skipped(around):
    assert refuses(ALL, around.format(sealed_by_fernet(FERNET_KEY, TOKEN)))


@pytest.mark.parametrize(
    ("formats", "token", "is_guessable"),
    [
        pytest.param("plain", TOKEN, True, id="nothing proves it"),
        pytest.param("fernet", TOKEN, False, id="no such format opens"),
        pytest.param("node", TOKEN, False, id="another format opens"),
        pytest.param("node,fernet", sealed_as("node", TOKEN), True, id="one of two"),
        pytest.param("fernet", sealed_as("fernet", TOKEN), False, id="it proves itself"),
        pytest.param("plain,node", "hello", False, id="no token"),
    ],
)
def test_a_token_is_guessable_if_its_format_opens_and_nothing_proves_it(
    formats, token, is_guessable
):
    assert legacy(formats).is_guessable(token) is is_guessable


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
        pytest.param("", None, id="nothing"),
        pytest.param("refresh", None, id="a word"),
        pytest.param(NODE[:41], None, id="half a byte of hex"),
        pytest.param(NODE[:40] + "G" * 4, None, id="almost hex"),
        pytest.param("AQ" + "a" * 20 + ".", None, id="a plain token with a dot"),
        pytest.param("BQ" + TOKEN[2:], None, id="an access token"),
        pytest.param(b64encode(bytes(25)).decode(), None, id="base64 of part of a DES block"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", None, id="a JWT"),
        pytest.param("déjà vu " * 8, None, id="letters outside ASCII"),
        pytest.param("\ud800" * 40, None, id="lone surrogates"),
        pytest.param("٣" * 40, None, id="digits outside ASCII"),
        pytest.param("\0" * 40, None, id="NULs"),
        pytest.param(" " * 7, None, id="blanks"),
    ],
)
def test_shapes_are_as_wide_as_what_may_be_inside(token, shape):
    assert shape_of(token) == shape


@given(strategies.refresh_tokens())
def test_our_own_seal_is_never_taken_for_a_foreign_token(token):
    keys = KeyRing([root_key("1" * 64)], SealingContext("a-client", "https://accounts.spotify.com"))

    assert shape_of(keys.seal(Secret(token), 0)) is None
