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
from sanic_swap.spotify.answer import EXPIRY, Sent, TokenAnswer, read_answer, seconds_to_wait
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
    secrets = Sent([Secret(token) for token in sent], [Secret(code) for code in codes])
    return read_answer(status, body, retry_after=retry_after, sent=secrets, now=NOW)


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


@given(answers(escaped(PLAIN)))
def test_only_the_refresh_token_changes(body):
    answer = judge(body)

    expected = [
        (name, SEALED if name == "refresh_token" else value) for name, value in meaning(body)[1]
    ]
    assert answer.refresh_token.reveal() == PLAIN
    assert meaning(answer.render(SEALED)) == ("object", expected)


@given(answers(None))
def test_a_missing_refresh_token_is_added_last(body):
    answer = judge(body)

    assert answer.refresh_token is None
    assert meaning(answer.render(SEALED))[1] == [*meaning(body)[1], ("refresh_token", SEALED)]


@given(answers('""') | answers("null"))
def test_an_empty_refresh_token_counts_as_absent(body):
    answer = judge(body)

    others = [(name, value) for name, value in meaning(body)[1] if name != "refresh_token"]
    assert answer.refresh_token is None
    assert meaning(answer.render(SEALED))[1] == [*others, ("refresh_token", SEALED)]
    assert meaning(answer.render(None))[1] == others


@given(answers(None))
def test_without_a_token_to_add_the_answer_is_as_it_came(body):
    assert meaning(judge(body).render(None)) == meaning(body)


@given(answers(escaped(PLAIN)), st.integers(0, 10**9))
def test_the_time_left_is_told_where_it_is_asked_for(body, seconds):
    told = meaning(judge(body).render(SEALED, seconds))[1]

    assert told[-2:] == [(name, ("number", str(seconds))) for name in EXPIRY]
    assert len(told) == len(meaning(body)[1]) + 2


def test_a_refresh_token_that_is_added_stands_even_behind_the_time_left():
    told = meaning(judge(f"{{{ACCESS}}}").render(SEALED, 0))[1]

    assert [name for name, _ in told] == [
        "access_token",
        *EXPIRY,
        "refresh_token",
    ]


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


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{}", id="no access_token"),
        pytest.param('{"access_token":""}', id="an empty access_token"),
        pytest.param('{"access_token":null}', id="access_token null"),
        pytest.param('{"access_token":1}', id="access_token a number"),
        pytest.param('{"access_token":true}', id="access_token true"),
        pytest.param('{"access_token":["BQ"]}', id="access_token an array"),
        pytest.param('{"access_token":{"a":"BQ"}}', id="access_token an object"),
        pytest.param(f'{{{ACCESS},"refresh_token":1}}', id="refresh_token a number"),
        pytest.param(f'{{{ACCESS},"refresh_token":0}}', id="refresh_token zero"),
        pytest.param(f'{{{ACCESS},"refresh_token":false}}', id="refresh_token false"),
        pytest.param(f'{{{ACCESS},"refresh_token":[]}}', id="refresh_token an array"),
        pytest.param(f'{{{ACCESS},"refresh_token":{{}}}}', id="refresh_token an object"),
        pytest.param(f'{{{ACCESS},"refresh_token":["AQ"]}}', id="refresh_token in an array"),
        pytest.param(f'{{{ACCESS},"refresh_token":"AQé"}}', id="refresh_token outside ASCII"),
        pytest.param(f'{{{ACCESS},"refresh_token":"AQ\\n"}}', id="refresh_token with a newline"),
        pytest.param(f'{{{ACCESS},"refresh_token":"AQ\\u0000"}}', id="refresh_token with NUL"),
        pytest.param(f'{{{ACCESS},"refresh_token":"AQ\\u007f"}}', id="refresh_token with DEL"),
        pytest.param(f'{{{ACCESS},"refresh_token":"\\ud800"}}', id="a lone surrogate"),
        pytest.param(f'{{{ACCESS},"refresh_token":"{"A" * 2926}"}}', id="refresh_token too long"),
        pytest.param(f"{{{ACCESS},{ACCESS}}}", id="a member twice"),
        pytest.param(f'{{{ACCESS},"x":1,"x":1}}', id="an unknown member twice"),
        pytest.param(f'{{{ACCESS},"x":1,"\\u0078":1}}', id="a member twice, once escaped"),
        pytest.param(f'{{{ACCESS},"refresh_token":"AQ","refresh_token":""}}', id="two tokens"),
        pytest.param(f'{{{ACCESS},"x":{{"y":1,"y":2}}}}', id="a nested member twice"),
        pytest.param(f"[{{{ACCESS}}}]", id="an array"),
        pytest.param(f"{{{ACCESS}}} x", id="text behind it"),
        pytest.param(f'{{{ACCESS},"x":NaN}}', id="NaN"),
        pytest.param(f"\ufeff{{{ACCESS}}}", id="a byte order mark"),
        pytest.param(f'{{{ACCESS},"x":{"[" * 30_000}', id="nested too deeply"),
        pytest.param("access_token=BQ&token_type=Bearer", id="a form"),
        pytest.param("<html>OK</html>", id="a page"),
        pytest.param("", id="nothing"),
        pytest.param(None, id="too large"),
    ],
)
def test_what_holds_no_usable_tokens_is_nonsense(body):
    with pytest.raises(SpotifyNonsense) as error:
        judge(body)

    assert "BQC4" not in str(error.value)
    assert "AQ" not in str(error.value)


@given(strategies.printable(60).map("AQ?".__add__) | st.just("A" * 2925))
def test_every_refresh_token_of_printable_ascii_is_good(token):
    answer = judge(f'{{"refresh_token":{json.dumps(token)},{ACCESS}}}')

    assert answer.refresh_token.reveal() == token


HIDING_PLACES = [
    pytest.param('"x":"{}"', id="a value"),
    pytest.param('"{}":1', id="a name"),
    pytest.param('"x":"before{}after"', id="inside a value"),
    pytest.param('"x":[[["{}"]]]', id="an array in arrays"),
    pytest.param('"x":{{"y":{{"z":"{}"}}}}', id="an object in objects"),
    pytest.param('"x":{{"y":{{"{}":1}}}}', id="a name in objects"),
    pytest.param('"x":[1,{{"a":null,"{}":{{}}}}]', id="a name in an array"),
]


@pytest.mark.parametrize("place", HIDING_PLACES)
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


def test_a_plain_refresh_token_as_the_access_token_is_noticed():
    with pytest.raises(SpotifyNonsense):
        judge(f'{{"access_token":"{PLAIN}"}}', sent=[PLAIN])


def test_a_token_that_json_must_escape_is_noticed_too():
    token = 'AQ"with\\odd characters'

    with pytest.raises(SpotifyNonsense):
        judge(f'{{{ACCESS},"x":{json.dumps(token)}}}', sent=[token])


def test_the_token_that_we_sent_may_come_back_as_the_refresh_token():
    assert judge(f'{{{ACCESS},"refresh_token":"{PLAIN}"}}', sent=[PLAIN]).refresh_token == Secret(
        PLAIN
    )


@given(answers(None), st.text("\u00e9\u4e2d", min_size=3, max_size=5), st.data())
def test_the_plain_token_is_noticed_wherever_it_hides(body, key, data):
    # Hide it as a value behind a random amount of nesting, in a random spelling.
    hidden = data.draw(strategies.json_strings(st.just(PLAIN)))
    for opening, closing in data.draw(
        st.lists(st.sampled_from((("[1,", "]"), ('{"k":', "}"), ("[", ',"z"]'))), max_size=6)
    ):
        hidden = opening + hidden + closing

    with pytest.raises(SpotifyNonsense):
        judge(f'{{"{key * 4}":{hidden},' + body.lstrip()[1:], sent=[PLAIN])


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


@pytest.mark.parametrize(
    ("description", "relayed"),
    [
        pytest.param('"Invalid redirect URI"', "Invalid redirect URI", id="a sentence"),
        pytest.param('"~ !#[]"', "~ !#[]", id="every edge of what is allowed"),
        pytest.param('"In\\u0076alid"', "Invalid", id="an escape that stands for a letter"),
        pytest.param('""', None, id="empty"),
        pytest.param("null", None, id="null"),
        pytest.param("1", None, id="a number"),
        pytest.param("[]", None, id="an array"),
        pytest.param('"a \\"quoted\\" word"', None, id="a quote"),
        pytest.param('"a \\\\ in it"', None, id="a backslash"),
        pytest.param('"two\\nlines"', None, id="a newline"),
        pytest.param('"one line\\n"', None, id="a newline at the end"),
        pytest.param('"tab\\t"', None, id="a tab"),
        pytest.param('"d\\u00e9j\\u00e0"', None, id="letters outside ASCII"),
        pytest.param('"\\u007f"', None, id="DEL"),
        pytest.param('"\\ud800"', None, id="a lone surrogate"),
        pytest.param(f'"no {PLAIN} here"', None, id="the token that we sent"),
        pytest.param('"like invalid_grant"', None, id="the name of another error"),
        pytest.param('"like in\\u0076alid_grant"', None, id="the name of another, escaped"),
    ],
)
def test_a_description_that_cannot_be_relayed_is_left_out(description, relayed):
    with pytest.raises(GrantRefused) as refused:
        judge(f'{{"error":"invalid_scope","error_description":{description}}}', 400, sent=[PLAIN])

    assert (refused.value.error, refused.value.description) == ("invalid_scope", relayed)


def test_the_log_has_no_more_of_an_error_than_64_characters():
    with pytest.raises(GrantRefused) as refused:
        judge(json.dumps({"error": "x" * 65}), 400)

    assert str(refused.value) == "Spotify refused: " + "x" * 64
    assert refused.value.error == "x" * 65


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        pytest.param("no AQcode0 here", "(the code that was sent)", id="the code in it"),
        pytest.param("AQ_verifier", "(the code that was sent)", id="the verifier"),
        pytest.param("invalid_grant", "invalid_grant", id="a standard one that holds the code"),
    ],
)
def test_an_error_that_repeats_what_the_app_sent_is_relayed_but_not_logged(error, logged):
    with pytest.raises(GrantRefused) as refused:
        judge(json.dumps({"error": error}), 400, codes=["AQcode0", "AQ_verifier", "grant"])

    assert (refused.value.error, refused.value.logged) == (error, logged)
    assert str(refused.value) == f"Spotify refused: {logged}"


@pytest.mark.parametrize("member", ["error", "error_description", "error_uri"])
def test_a_refusal_that_repeats_our_secret_does_not_pass_it_on(member):
    body = json.dumps({"error": "invalid_scope", member: f"client-{PLAIN}"})

    with pytest.raises((GrantRefused, SpotifyNonsense)) as refused:
        judge(body, 400, sent=[PLAIN])

    passed_on = vars(refused.value)
    assert PLAIN not in f"{refused.value}{passed_on}"


@pytest.mark.parametrize(
    ("uri", "relayed"),
    [
        pytest.param('"https://spotify.com/a?b#c"', "https://spotify.com/a?b#c", id="a URI"),
        pytest.param('"https://spotify.com/a b"', None, id="a blank"),
        pytest.param('""', None, id="empty"),
        pytest.param("1", None, id="a number"),
        pytest.param('"https://x/\\u00e9"', None, id="letters outside ASCII"),
        pytest.param('"https://x/invalid_grant"', None, id="the name of another error"),
    ],
)
def test_an_error_uri_that_cannot_be_relayed_is_left_out(uri, relayed):
    with pytest.raises(GrantRefused) as refused:
        judge(f'{{"error":"invalid_scope","error_uri":{uri}}}', 400)

    assert refused.value.uri == relayed


def test_the_word_invalid_grant_may_stand_in_the_description_of_that_error():
    with pytest.raises(GrantRefused) as refused:
        judge('{"error":"invalid_grant","error_description":"invalid_grant: revoked"}', 400)

    assert refused.value.description == "invalid_grant: revoked"


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"error":"invalid_client"}', id="alone"),
        pytest.param(
            '{"error":"invalid_client","error_description":"Invalid client secret"}',
            id="with a description",
        ),
        pytest.param('{"error":"in\\u0076alid_client"}', id="escaped"),
    ],
)
def test_invalid_client_means_that_our_credentials_are_wrong(status, body):
    with pytest.raises(CredentialsRefused):
        judge(body, status)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="nothing"),
        pytest.param("Bad Request", id="text"),
        pytest.param("<html></html>", id="a page"),
        pytest.param("{}", id="no error"),
        pytest.param('{"error":""}', id="an empty error"),
        pytest.param('{"error":null}', id="error null"),
        pytest.param('{"error":400}', id="error a number"),
        pytest.param('{"error":{"status":400,"message":"x"}}', id="the Web API's error object"),
        pytest.param('[{"error":"invalid_grant"}]', id="an array"),
        pytest.param('{"error":"gr\\u00f6\\u00dfe"}', id="letters outside ASCII"),
        pytest.param('{"error":"a \\"quoted\\" error"}', id="a quote"),
        pytest.param('{"error":"two\\nlines"}', id="a newline"),
        pytest.param('{"error":"not_invalid_grant"}', id="another error's name in it"),
        pytest.param('{"error":"invalid_grant","error":"x"}', id="error twice"),
        pytest.param(None, id="too large"),
    ],
)
def test_a_refusal_without_a_usable_error_is_nonsense(status, body):
    with pytest.raises(SpotifyNonsense):
        judge(body, status)


@pytest.mark.parametrize("status", [201, 202, 204, 206, 301, 302, 307, 404, 405, 415, 418, 451])
@pytest.mark.parametrize("body", [f"{{{ACCESS}}}", '{"error":"invalid_grant"}'])
def test_every_other_status_is_nonsense_whatever_the_body_says(status, body):
    with pytest.raises(SpotifyNonsense):
        judge(body, status)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599, 600, 999])
@pytest.mark.parametrize(
    "body", [None, "", "<html>", f"{{{ACCESS}}}", '{"error":"invalid_client"}']
)
def test_a_server_error_is_spotifys_trouble_whatever_the_body_says(status, body):
    with pytest.raises(SpotifyFails) as trouble:
        judge(body, status, retry_after="7")

    assert (trouble.value.upstream_status, trouble.value.retry_after) == (status, 7)


@pytest.mark.parametrize("body", [None, "", '{"error":"invalid_grant"}', f"{{{ACCESS}}}"])
def test_429_asks_to_wait_whatever_the_body_says(body):
    with pytest.raises(SpotifyThrottles) as throttled:
        judge(body, 429, retry_after="7")

    assert throttled.value.retry_after == 7


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
        pytest.param("0", 0, id="zero"),
        pytest.param("7", 7, id="seconds"),
        pytest.param("007", 7, id="leading zeros"),
        pytest.param("86400", 86_400, id="a day"),
        pytest.param("86401", 86_400, id="more than a day"),
        pytest.param("9" * 5000, 86_400, id="thousands of digits"),
        pytest.param("0" * 5000 + "3", 3, id="thousands of zeros"),
        pytest.param("Mon, 23 Nov 2026 16:00:30 GMT", 30, id="a date"),
        pytest.param("Monday, 23-Nov-26 16:00:30 GMT", 30, id="a date in the form of RFC 850"),
        pytest.param("Mon Nov 23 16:00:30 2026", 30, id="a date in the form of asctime"),
        pytest.param("Mon, 23 Nov 2026 15:00:00 GMT", 0, id="a date in the past"),
        pytest.param("Mon, 23 Nov 2099 15:00:00 GMT", 86_400, id="a date far away"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="a word"),
        pytest.param("-5", None, id="negative"),
        pytest.param("+5", None, id="a plus sign"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("5 seconds", None, id="a unit"),
        pytest.param("5, 6", None, id="two"),
        pytest.param("٣", None, id="a digit outside ASCII"),
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


@given(st.text(max_size=40) | st.text("0123456789 ,:-+GMTNovMon", max_size=40))
def test_no_retry_after_is_more_than_a_day_or_below_zero(header):
    seconds = seconds_to_wait(header, NOW)

    assert seconds is None or (type(seconds) is int and 0 <= seconds <= 86_400)


def test_a_fraction_of_a_second_is_rounded_up():
    assert seconds_to_wait("Mon, 23 Nov 2026 16:00:30 GMT", NOW + timedelta(milliseconds=1)) == 30
