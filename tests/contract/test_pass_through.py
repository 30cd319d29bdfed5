"""Laws of what becomes of Spotify's answers, whatever is in them."""

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from tests.contract.http_client import Answer, post_form
from tests.contract.processes import Running

MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
REFRESH_TOKEN = "AQ" + "canaryrefreshtoken" * 5  # long enough that no other text holds it

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OTHER_MEMBERS = st.dictionaries(
    TEXT.filter(lambda name: name not in ("access_token", "refresh_token")), JSON_VALUES, max_size=6
)
NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?", fullmatch=True
)


def answer_with(upstream: HTTPServer, body: str | bytes, status: int = 200, **headers: str) -> None:
    upstream.clear()
    upstream.expect_request("/api/token").respond_with_data(
        body, status, headers, "application/json"
    )


def exact(text: str | bytes) -> Any:
    """Read JSON with members in order and numbers as they are spelled."""
    return json.loads(text, object_pairs_hook=list, parse_int=Decimal, parse_float=Decimal)


@pytest.fixture(scope="module")
def sealed(scripted_service: Running, upstream: HTTPServer) -> str:
    """A sealed token that opens to REFRESH_TOKEN."""
    answer_with(upstream, json.dumps({"access_token": "a", "refresh_token": REFRESH_TOKEN}))
    return str(post_form(f"{scripted_service.url}/swap", {"code": "c"}).json()["refresh_token"])


@MANY
@given(
    before=OTHER_MEMBERS,
    after=OTHER_MEMBERS,
    digits=NUMBERS,
    rotated=st.booleans(),
    escaped=st.booleans(),
)
def test_only_the_refresh_token_changes(
    scripted_service: Running,
    upstream: HTTPServer,
    sealed: str,
    before: dict[str, Any],
    after: dict[str, Any],
    digits: str,
    rotated: bool,
    escaped: bool,
) -> None:
    new = {"refresh_token": REFRESH_TOKEN[::-1]} if rotated else {}
    after = {name: value for name, value in after.items() if name not in before}
    members = {"access_token": "a", **before, **new, **after}
    sent = (
        json.dumps(members, ensure_ascii=escaped)[:-1]
        + f', "a number nobody else uses": {digits}}}'
    )
    answer_with(upstream, sent.encode())

    answer = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})

    assert answer.status == 200
    got = exact(answer.body)
    expected = exact(sent)
    if rotated:
        at = [name for name, _ in expected].index("refresh_token")
        assert got[at][1].startswith("s1.")
        got[at] = expected[at]
    else:
        assert got.pop() == ("refresh_token", sealed)
    assert got == expected
    assert digits.encode() in answer.body


@MANY
@given(
    status=st.integers(200, 599),
    body=st.one_of(
        st.binary(max_size=60),
        JSON_VALUES.map(json.dumps),
        st.fixed_dictionaries(
            {"error": TEXT | st.sampled_from(["invalid_grant", "invalid_client", "invalid_scope"])},
            optional={
                "error_description": JSON_VALUES,
                "error_uri": JSON_VALUES,
                "more": JSON_VALUES,
            },
        ).map(json.dumps),
    ),
    retry_after=st.none() | st.sampled_from(["0", "soon", "-1", "1.5", ""]),
)
def test_every_other_answer_keeps_the_table(
    scripted_service: Running,
    upstream: HTTPServer,
    sealed: str,
    status: int,
    body: str | bytes,
    retry_after: str | None,
) -> None:
    if status in (204, 304):
        body = b""
    if status >= 500:  # most go well, so that Spotify does not seem to fail for everyone
        answer_with(upstream, json.dumps({"access_token": "a"}))
        for _ in range(3):
            post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    answer_with(upstream, body, status, **headers)

    answer = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})

    if status == 200:
        assert (answer.status, answer.error) == (502, "server_error")
    elif status == 429:
        assert (answer.status, answer.error) == (429, "temporarily_unavailable")
    elif status >= 500:
        assert (answer.status, answer.error) == (503, "temporarily_unavailable")
    else:
        assert (answer.status, answer.error) in refusals(status, body)
    assert_error_body(answer)
    if answer.status in (429, 503):
        seconds = int(answer.headers["Retry-After"])
        assert 0 <= seconds <= 86_400
        if answer.error == "temporarily_unavailable" and retry_after == "0":
            assert seconds in (0, 300)


def refusals(status: int, body: str | bytes) -> list[tuple[int, str]]:
    """Return what the table allows for a status that is neither 200, 429 nor 5xx."""
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    error = value.get("error") if isinstance(value, dict) else None
    if status not in (400, 401, 403) or not isinstance(error, str) or not is_fit(error):
        return [(502, "server_error")]
    if error == "invalid_client":
        return [(503, "temporarily_unavailable")]
    return [(403 if status == 403 else 400, error)]


def is_fit(text: str) -> bool:
    """Say whether RFC 6749 section 5.2 allows *text*, and no client would misread it."""
    letters = all(" " <= letter <= "~" and letter not in '"\\' for letter in text)
    return bool(text) and letters and (text == "invalid_grant" or "invalid_grant" not in text)


def assert_error_body(answer: Answer) -> None:
    assert (
        {"error", "error_description"}
        <= set(answer.json())
        <= {"error", "error_description", "error_uri"}
    )
    for text in (answer.json()["error"], answer.json()["error_description"]):
        assert text
        assert all(" " <= letter <= "~" and letter not in '"\\' for letter in text)
    assert (b"invalid_grant" in answer.body) == (answer.error == "invalid_grant") or (
        answer.error == "invalid_grant"
    )
    assert REFRESH_TOKEN.encode() not in answer.body


def test_spotifys_refusal_comes_in_its_own_words(
    scripted_service: Running, upstream: HTTPServer, sealed: str
) -> None:
    told = {
        "error": "invalid_grant",
        "error_description": "Refresh token revoked",
        "error_uri": "https://developer.spotify.com/x?y",
    }
    answer_with(upstream, json.dumps({**told, "more": 1}), 401)

    answer = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})

    assert (answer.status, answer.json()) == (400, told)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"access_token":"a","access_token":"b"}', id="a member twice"),
        pytest.param('{"access_token":"a","x":{"y":1,"y":2}}', id="a member twice, deep inside"),
        pytest.param('{"access_token":""}', id="an empty access token"),
        pytest.param('{"access_token":1}', id="an access token that is a number"),
        pytest.param('{"token_type":"Bearer"}', id="no access token"),
        pytest.param('{"access_token":"a","refresh_token":1}', id="a number for a refresh token"),
        pytest.param('{"access_token":"a","refresh_token":false}', id="false for a refresh token"),
        pytest.param('{"access_token":"a","refresh_token":"é"}', id="a refresh token not in ASCII"),
        pytest.param(
            json.dumps({"access_token": "a", "refresh_token": "x" * 2926}), id="a huge one"
        ),
        pytest.param('{"access_token":"a","n":NaN}', id="NaN"),
        pytest.param('[{"access_token":"a"}]', id="an array"),
        pytest.param("", id="nothing"),
        pytest.param("<html></html>", id="HTML"),
        pytest.param('{"access_token":"a"}x', id="something behind"),
        pytest.param('\ufeff{"access_token":"a"}', id="a byte order mark"),
        pytest.param(json.dumps({"access_token": "a", "x": "y" * 70_000}), id="too large"),
        pytest.param(json.dumps({"access_token": "a", "copy": REFRESH_TOKEN}), id="a plain copy"),
        pytest.param(
            json.dumps({"access_token": "a", "x": [{"y": f"-{REFRESH_TOKEN}-"}]}), id="a deep copy"
        ),
        pytest.param(json.dumps({"access_token": "a", REFRESH_TOKEN: 1}), id="a copy as a name"),
        pytest.param(
            '{"access_token":"a","x":"\\u0041' + REFRESH_TOKEN[1:] + '"}', id="an escaped copy"
        ),
        pytest.param('{"a":' + "[" * 50_000, id="nested deeply"),
    ],
)
def test_what_is_no_token_answer_is_a_server_error(
    scripted_service: Running, upstream: HTTPServer, sealed: str, body: str
) -> None:
    answer_with(upstream, body.encode())

    answer = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})

    assert (answer.status, answer.error) == (502, "server_error")
    assert b"AQcanary" not in answer.body


@pytest.mark.parametrize("empty", ["null", '""'])
def test_an_empty_refresh_token_counts_as_none(
    scripted_service: Running, upstream: HTTPServer, sealed: str, empty: str
) -> None:
    answer_with(upstream, f'{{"refresh_token":{empty},"access_token":"a"}}')

    refreshed = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})
    swapped = post_form(f"{scripted_service.url}/swap", {"code": "c"})

    assert list(refreshed.json().items()) == [("access_token", "a"), ("refresh_token", sealed)]
    assert swapped.json() == {"access_token": "a"}
    assert "without a refresh token" in scripted_service.log()


def test_numbers_keep_their_digits(
    scripted_service: Running, upstream: HTTPServer, sealed: str
) -> None:
    digits = ["1" * 5000, "1.0", "-0", "1E400", "0.1000", "3600"]
    sent = '{"access_token":"a",' + ",".join(f'"n{i}":{n}' for i, n in enumerate(digits)) + "}"
    answer_with(upstream, sent)

    answer = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})

    assert answer.body.decode().startswith(sent[:-1])
    assert math.isinf(json.loads("1E400"))


def test_the_lifetime_is_told_when_the_operator_wants_it(upstream: HTTPServer) -> None:
    from tests.contract.processes import running_service

    answer_with(upstream, json.dumps({"access_token": "a", "refresh_token": REFRESH_TOKEN}))
    with running_service(
        upstream.url_for("").rstrip("/"), REFRESH_TOKEN_LIFETIME="180d"
    ) as service:
        swapped = post_form(f"{service.url}/swap", {"code": "c"}).json()
        answer_with(upstream, '{"access_token":"b"}')
        refreshed = post_form(
            f"{service.url}/refresh", {"refresh_token": swapped["refresh_token"]}
        ).json()
        answer_with(upstream, '{"access_token":"b","refresh_token_expires_in":7}')
        spotifys = post_form(
            f"{service.url}/refresh", {"refresh_token": swapped["refresh_token"]}
        ).json()

    for answer in (swapped, refreshed):
        assert 0 <= 180 * 86_400 - answer["refresh_token_expires_in"] < 60
    assert list(refreshed)[-1] == "refresh_token"
    assert spotifys["refresh_token_expires_in"] == 7
