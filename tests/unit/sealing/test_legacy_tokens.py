"""Which tokens of other services open, with which secret, until when, and what may be inside."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.parts import make_sealing
from sanic_swap.sealing.key_ring import OpenedToken
from sanic_swap.sealing.legacy import LegacyTokens
from sanic_swap.secret import Secret
from tests import strategies
from tests.legacy_sealers import FERNET_KEY, SEALERS, sealed_by_fernet
from tests.reading import read_settings
from tests.unit.sealing.test_legacy_shapes import MANGLED

SECRET = "s3cr3t"
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
        "CLIENT_ID": "an-app",
        "CLIENT_SECRET": "shared-with-spotify",
        "CALLBACK_URL": "my-app://callback",
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

    opened = ALL.open(mangle(sealed_as(name, token)))

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


@pytest.mark.parametrize("name", ["node", "ruby"])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"ENCRYPTION_SECRET": SECRET * 3}, id="the one that seals"),
        pytest.param({"PREVIOUS_ENCRYPTION_SECRETS": f"x\n{SECRET * 3}"}, id="an older one"),
    ],
)
def test_without_secrets_of_their_own_all_of_ours_are_tried(name, changes):
    sealed = SEALERS[name](SECRET * 3, TOKEN)

    assert legacy(**changes, LEGACY_SECRETS=None).open(sealed).imported == name
    assert refuses(legacy(**changes), sealed)


def test_a_day_ends_their_time():
    clock = [0]
    opener = {"plain": [bytes]}
    closing = LegacyTokens(opener, closes_at=1000, now=lambda: clock[0])

    clock[0] = 999.9
    assert closing.open(TOKEN).imported == "plain"
    clock[0] = 1000
    assert refuses(closing, TOKEN)
    assert LegacyTokens(opener).open(TOKEN).is_current is False
    assert LegacyTokens(opener, now=lambda: 10.0**12).open(TOKEN).imported == "plain"


def test_nobody_knows_whether_they_are_older_than_a_theft():
    revoked = legacy(REVOKE_BEFORE="1970-01-02")

    assert all(refuses(revoked, sealed_as(name, TOKEN)) for name in SEALERS)
    assert refuses(legacy(None, REVOKE_BEFORE="1970-01-02"), TOKEN)


@each_format
def test_they_are_held_until_somebody_decides(name):
    undecided = legacy(None, LEGACY_SECRETS=None)

    with pytest.raises(TokenHeld) as held:
        undecided.open(sealed_as(name, TOKEN))
    assert (held.value.reason, held.value.key_id) == ("legacy_unset", None)
    assert str(held.value) == (
        f"the token looks like another swap service's ({name}). Set LEGACY_TOKENS={name} to open"
        " such tokens, or LEGACY_TOKENS=none, which logs these users out"
    )
    assert held.value.topic == name
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


def test_an_altered_fernet_token_never_opens():
    sealed = sealed_by_fernet(FERNET_KEY, TOKEN)
    for at in range(5, len(sealed.rstrip("=")) - 1):
        other = "A" if sealed[at] != "A" else "B"
        assert refuses(ALL, sealed[:at] + other + sealed[at + 1 :])


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
