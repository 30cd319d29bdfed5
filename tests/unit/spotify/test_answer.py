"""Spotify's answer is judged, and handed on as it came but for the refresh token."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import (
    CredentialsRefused,
    GrantRefused,
    SpotifyError,
    SpotifyFails,
    SpotifyNonsense,
    SpotifyThrottles,
)
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import EXPIRY, Reply, TokenAnswer, read_answer, seconds_to_wait
from tests import strategies
from tests.strategies import escaped, meaning

PLAIN = "AQguoV8FWnFbB0JxXujr4qqaaABvvLOzAxzXMcU1vsHiQ"
SEALED = "s1.E0VmQeUw.4bS9hbBV84RcmW2bp8oJHrqjWBPIjW7pNrbYiUHWUO-8rcEJ"
ACCESS = '"access_token":"BQC4YnNhbmljX3N3YXBfX3VuaXQ"'
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
other_names = st.text(max_size=10).filter(
    lambda name: name not in ("access_token", "refresh_token", *EXPIRY)
)


def judge(body, status=200, *, sent=(), codes=(), retry_after=None):
    body = body.encode() if isinstance(body, str) else body
    reply = Reply(status, retry_after, body)
    return read_answer(reply, list(map(Secret, sent)), list(map(Secret, codes)), NOW)


@st.composite
def answers(draw, refresh_member):
    """A 200 with *refresh_member* (its JSON value, or None) somewhere among others."""
    names = draw(st.lists(other_names, unique=True, max_size=5))
    members = [
        (draw(strategies.json_strings(st.just(n))), draw(strategies.json_texts())) for n in names
    ]
    members.append((draw(strategies.json_strings(st.just("access_token"))), '"BQ-access"'))
    if refresh_member is not None:
        name = draw(strategies.json_strings(st.just("refresh_token")))
        members.append((name, refresh_member))
    return draw(strategies.laid_out(draw(st.permutations(members))))


@given(st.data(), st.sampled_from([escaped(PLAIN), None, '""', "null"]), st.none() | st.integers(0))
def test_only_the_refresh_token_changes_and_what_is_added_stands_last(data, member, seconds):
    body = data.draw(answers(member))
    answer, written = judge(body), meaning(body)[1]
    left = [] if seconds is None else [(name, ("number", str(seconds))) for name in EXPIRY]
    others = [(name, value) for name, value in written if name != "refresh_token"]

    if member == escaped(PLAIN):
        assert answer.refresh_token.reveal() == PLAIN
        expected = [(name, SEALED if name == "refresh_token" else value) for name, value in written]
        expected += left
    else:  # an empty one counts as absent
        assert answer.refresh_token is None
        assert meaning(answer.render(None, seconds)) == ("object", others + left)
        expected = [*others, *left, ("refresh_token", SEALED)]
    assert meaning(answer.render(SEALED, seconds)) == ("object", expected)


@pytest.mark.parametrize("value", ["15552000", "null", '"soon"', "-1"])
@pytest.mark.parametrize(("said", "added"), [EXPIRY, EXPIRY[::-1]])
def test_what_spotify_says_of_the_time_left_stands(value, said, added):
    body = f'{{"{said}":{value},{ACCESS}}}'

    assert judge(body).render(None, 99).decode() == f'{body[:-1]},"{added}":99}}'


def test_members_keep_their_spelling_to_the_letter():
    body = (
        '{"access_token":"BQ\\u0041", "token_type" : "Bearer", "expires_in": 3.6E3,'
        ' "scope":"user-read-private", "huge": ' + "9" * 400 + ', "zero":-0, "x":{"y" : [1.0]}}'
    )

    rendered = judge(body).render(None).decode()

    for spelled in ('"BQ\\u0041"', '"expires_in": 3.6E3', "9" * 400, "-0", '{"y" : [1.0]}'):
        assert spelled in rendered


def test_an_answer_of_the_largest_size_is_an_answer():
    body = f'{{"padding":"{"x" * 65_000}",{ACCESS}}}'

    assert judge(body).render(None).decode() == body


NO_ACCESS_TOKENS = ('""', "null", "1", "true", '["BQ"]', '{"a":"BQ"}')
NO_REFRESH_TOKENS = (
    "1", "0", "false", "[]", "{}", '["AQ"]', '"AQé"', '"AQ\\n"', '"AQ\\u0000"', '"AQ\\u007f"',
    '"\\ud800"', f'"{"A" * 2926}"', '"AQ","refresh_token":""',
)  # fmt: skip
NO_TOKENS = [
    *("{}", "[]", "", "<html>OK</html>", "access_token=BQ&token_type=Bearer", None),
    *(f'{{"access_token":{value}}}' for value in NO_ACCESS_TOKENS),
    *(f'{{{ACCESS},"refresh_token":{value}}}' for value in NO_REFRESH_TOKENS),
    f"{{{ACCESS},{ACCESS}}}",
    f'{{{ACCESS},"x":1,"\\u0078":1}}',
    f'{{{ACCESS},"x":{{"y":1,"y":2}}}}',
    f"[{{{ACCESS}}}]",
    f"\ufeff{{{ACCESS}}}",
]


@pytest.mark.parametrize("body", NO_TOKENS)
def test_what_holds_no_usable_tokens_is_nonsense(body):
    with pytest.raises(SpotifyNonsense) as error:
        judge(body)

    assert "BQC4" not in str(error.value)
    assert "AQ" not in str(error.value)


@given(strategies.printable(60).map("AQ?".__add__) | st.just("A" * 2925))
def test_every_refresh_token_of_printable_ascii_is_good(token):
    answer = judge(f'{{"refresh_token":{json.dumps(token)},{ACCESS}}}')

    assert answer.refresh_token.reveal() == token


@pytest.mark.parametrize(
    "place",
    [
        *('"x":"{}"', '"{}":1', '"x":"before{}after"', '"x":[[["{}"]]]'),
        *('"x":{{"y":{{"z":"{}"}}}}', '"x":{{"y":{{"{}":1}}}}', '"x":[1,{{"a":null,"{}":{{}}}}]'),
    ],
)
@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(PLAIN, id="as it is"),
        pytest.param(escaped(PLAIN)[1:-1], id="all escaped"),
        pytest.param("\\u0041" + PLAIN[1:], id="one letter escaped"),
        pytest.param(PLAIN[:-1] + "\\u0051", id="the last letter escaped"),
    ],
)
@pytest.mark.parametrize("whose", ["sent", "received"])
def test_a_plain_refresh_token_elsewhere_in_the_body_is_noticed(place, spelled, whose):
    hidden = place.format(spelled)
    received = f',"refresh_token":"{PLAIN}"' if whose == "received" else ""

    with pytest.raises(SpotifyNonsense) as error:
        judge(f"{{{hidden},{ACCESS}{received}}}", sent=[PLAIN] if whose == "sent" else [])

    assert PLAIN not in str(error.value)


@pytest.mark.parametrize("token", [PLAIN, 'AQ"with\\odd characters'])
def test_a_plain_refresh_token_as_the_access_token_is_noticed(token):
    with pytest.raises(SpotifyNonsense):
        judge(json.dumps({"access_token": token}), sent=[token])


def test_the_token_that_we_sent_may_come_back_as_the_refresh_token():
    answer = judge(f'{{{ACCESS},"refresh_token":"{PLAIN}"}}', sent=[PLAIN])

    assert answer.refresh_token == Secret(PLAIN)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_is_relayed_in_spotifys_words(status):
    body = (
        '{"error":"invalid_grant","error_description":"Refresh token revoked",'
        '"error_uri":"https://developer.spotify.com/x","more":1}'
    )

    with pytest.raises(GrantRefused) as refused:
        judge(body, status)

    assert refused.value.status == (403 if status == 403 else 400)
    assert refused.value.error == "invalid_grant"
    assert refused.value.description == "Refresh token revoked"
    assert refused.value.uri == "https://developer.spotify.com/x"


@pytest.mark.parametrize("description", ["Invalid redirect URI", "~ !#[]", "In\\u0076alid"])
def test_a_description_of_printable_ascii_is_relayed(description):
    with pytest.raises(GrantRefused) as refused:
        judge(f'{{"error":"invalid_scope","error_description":"{description}"}}', 400)

    assert refused.value.description == json.loads(f'"{description}"')


NOT_RELAYED = (
    '""', "null", "1", "[]", '"a \\"quote"', '"a \\\\ in it"', '"two\\nlines"', '"one\\n"', '"\\t"',
    '"d\\u00e9j\\u00e0"', '"\\u007f"', '"\\ud800"', f'"no {PLAIN} here"', '"like invalid_grant"',
    '"like in\\u0076alid_grant"',
)  # fmt: skip


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(("error_description", value) for value in NOT_RELAYED),
        *(("error_uri", value) for value in (*NOT_RELAYED, '"https://spotify.com/a b"')),
    ],
)
def test_a_description_or_uri_that_cannot_be_relayed_is_left_out(member, value):
    with pytest.raises(GrantRefused) as refused:
        judge(f'{{"error":"invalid_scope","{member}":{value}}}', 400, sent=[PLAIN])

    seen = refused.value
    assert (seen.error, seen.description, seen.uri) == ("invalid_scope", None, None)


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        pytest.param("x" * 65, "x" * 64, id="too long"),
        pytest.param("Too many", "Too many", id="no name"),
        pytest.param("no AQcode0 here", "(the code that was sent)", id="the code in it"),
        pytest.param("AQ_verifier", "(the code that was sent)", id="the verifier"),
        pytest.param("invalid_grant", "invalid_grant", id="a name that holds the code"),
    ],
)
def test_an_error_is_relayed_and_logged_but_for_what_repeats_a_code(error, logged):
    with pytest.raises(GrantRefused) as refused:
        judge(json.dumps({"error": error}), 400, codes=["AQcode0", "AQ_verifier", "grant"])

    assert (refused.value.error, refused.value.logged) == (error, logged)
    assert repr(refused.value) == f"GrantRefused({f'Spotify refused: {logged}'!r})"


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("Invalid redirect URI", "Invalid redirect URI"),
        ("Invalid redirect URI AQcode", None),
        ("AQcode", None),
    ],
)
def test_of_descriptions_only_known_ones_are_for_the_log(description, reason):
    body = {"error": "invalid_grant", "error_description": description}
    with pytest.raises(GrantRefused) as refused:
        judge(json.dumps(body), 400)

    assert (refused.value.description, refused.value.reason) == (description, reason)
    why = f" ({reason})" if reason else ""
    assert str(refused.value) == f"Spotify refused: invalid_grant{why}"


@pytest.mark.parametrize("member", ["error", "error_description", "error_uri"])
def test_a_refusal_that_repeats_our_secret_does_not_pass_it_on(member):
    body = json.dumps({"error": "invalid_scope", member: f"client-{PLAIN}"})

    with pytest.raises((GrantRefused, SpotifyNonsense)) as refused:
        judge(body, 400, sent=[PLAIN])

    passed_on = vars(refused.value)
    assert PLAIN not in f"{refused.value}{passed_on}"


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "body",
    [
        '{"error":"invalid_client"}',
        '{"error":"in\\u0076alid_client","error_description":"Invalid client secret"}',
    ],
)
def test_invalid_client_means_that_our_credentials_are_wrong(status, body):
    with pytest.raises(CredentialsRefused):
        judge(body, status)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "body",
    [
        *("", "Bad Request", "<html></html>", "{}", '{"error":""}', '{"error":null}', None),
        '{"error":400}',
        '{"error":{"status":400,"message":"x"}}',
        '[{"error":"invalid_grant"}]',
        '{"error":"gr\\u00f6\\u00dfe"}',
        '{"error":"a \\"quoted\\" error"}',
        '{"error":"two\\nlines"}',
        '{"error":"not_invalid_grant"}',
        '{"error":"invalid_grant","error":"x"}',
    ],
)
def test_a_refusal_without_a_usable_error_is_nonsense(status, body):
    with pytest.raises(SpotifyNonsense):
        judge(body, status)


@pytest.mark.parametrize(
    "body", [None, "", "<html>", f"{{{ACCESS}}}", '{"error":"invalid_client"}']
)
@pytest.mark.parametrize(
    ("statuses", "kind", "retry_after"),
    [
        ((201, 204, 206, 301, 302, 307, 404, 405, 415, 418, 451), SpotifyNonsense, None),
        ((500, 502, 503, 504, 520, 599, 600, 999), SpotifyFails, 7),
        ((429,), SpotifyThrottles, 7),
    ],
)
def test_every_other_status_says_all_whatever_the_body_says(statuses, kind, retry_after, body):
    for status in statuses:
        with pytest.raises(kind) as trouble:
            judge(body, status, retry_after="7")

        assert trouble.value.retry_after == retry_after
        assert getattr(trouble.value, "upstream_status", status) == status


@given(
    st.integers(200, 599),
    st.none() | st.binary(max_size=60) | strategies.json_texts().map(str.encode),
    st.none() | st.text(max_size=10),
)
def test_whatever_spotify_answers_is_one_of_the_foreseen_things(status, body, retry_after):
    try:
        judged = judge(body, status, retry_after=retry_after)
    except SpotifyError as error:
        judged = error

    assert isinstance(judged, TokenAnswer) <= (status == 200)
    assert 0 <= (getattr(judged, "retry_after", None) or 0) <= 86_400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param(None, None, id="no header"),
        *(
            ("0", 0),
            ("7", 7),
            ("007", 7),
            ("86400", 86_400),
            ("86401", 86_400),
            ("9" * 999, 86_400),
        ),
        pytest.param("Mon, 23 Nov 2026 16:00:30 GMT", 30, id="a date"),
        pytest.param("Monday, 23-Nov-26 16:00:30 GMT", 30, id="a date in the form of RFC 850"),
        pytest.param("Mon Nov 23 16:00:30 2026", 30, id="a date in the form of asctime"),
        pytest.param("Mon, 23 Nov 2026 15:00:00 GMT", 0, id="a date in the past"),
        pytest.param("Mon, 23 Nov 2099 15:00:00 GMT", 86_400, id="a date far away"),
        *((odd, None) for odd in ("", "soon", "-5", "+5", "1.5", "5 seconds", "5, 6", "٣")),
        pytest.param("2026-11-23T16:00:30Z", None, id="a date of ISO 8601"),
        pytest.param("Mon, 99 Nov 2026 16:00:30 GMT", None, id="a day that is none"),
        pytest.param("Mon, 23 Nov 2026 16:00:30 +9999", None, id="an impossible zone"),
    ],
)
def test_retry_after_is_whole_seconds_or_nothing(header, seconds):
    assert seconds_to_wait(header, NOW) == seconds


@given(st.integers(946_684_800, 4_102_444_800))
def test_every_http_date_is_understood(unix_seconds):
    left = unix_seconds - int(NOW.timestamp())

    assert seconds_to_wait(formatdate(unix_seconds, usegmt=True), NOW) == max(0, min(left, 86_400))


def test_a_fraction_of_a_second_is_rounded_up():
    assert seconds_to_wait("Mon, 23 Nov 2026 16:00:30 GMT", NOW + timedelta(milliseconds=1)) == 30
