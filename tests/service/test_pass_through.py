"""Spotify's answers reach the app as they are, but for the refresh token."""

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.contract.http_client import post_form
from tests.service.running import Running, running_service

REFRESH_TOKEN = "AQ" + "canaryrefreshtoken" * 5  # long enough that no other text holds it
DAY = 86_400


def answer_with(upstream: HTTPServer, body: str, status: int = 200, **headers: str) -> None:
    upstream.clear()
    upstream.expect_request("/api/token").respond_with_data(
        body, status, headers, "application/json"
    )


def exact(text: str | bytes) -> list[tuple[str, Any]]:
    """Read JSON with members in order and numbers as they are spelled."""
    return json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str)


@pytest.fixture(scope="module")
def sealed(scripted_service: Running, upstream: HTTPServer) -> str:
    """A sealed token that opens to REFRESH_TOKEN."""
    answer_with(upstream, json.dumps({"access_token": "a", "refresh_token": REFRESH_TOKEN}))
    return str(post_form(f"{scripted_service.url}/swap", {"code": "c"}).json()["refresh_token"])


def test_only_the_refresh_token_changes(
    scripted_service: Running, upstream: HTTPServer, sealed: str
) -> None:
    before = '{"access_token": "a", "1": [1.0, -0, 1E400, ' + "1" * 5000 + '],\r\n"\\u00fc\\/":{}'
    after = ',"ü" : null}'
    answer_with(upstream, before + after)
    kept = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})
    answer_with(upstream, f'{before}, "refresh_token": "{REFRESH_TOKEN[::-1]}"{after}')
    rotated = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})

    *others, last = exact(kept.body)
    assert others == exact(before + after)
    assert last == ("refresh_token", sealed)
    [new] = [value for name, value in exact(rotated.body) if name == "refresh_token"]
    assert exact(rotated.body) == exact(f'{before}, "refresh_token": "{new}"{after}')
    assert new.startswith("s1.")


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(f'"x":[{{"y":"-{REFRESH_TOKEN}-"}}]', id="in a value"),
        pytest.param(f'"{REFRESH_TOKEN}":1', id="as a name"),
        pytest.param(f'"x":"\\u0041{REFRESH_TOKEN[1:]}"', id="escaped"),
    ],
)
def test_a_plain_copy_of_the_refresh_token_goes_no_further(
    scripted_service: Running, upstream: HTTPServer, sealed: str, member: str
) -> None:
    answer_with(upstream, f'{{"access_token":"a",{member}}}')

    answer = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})

    assert (answer.status, answer.error) == (502, "server_error")
    assert b"canaryrefreshtoken" not in answer.body


def test_an_empty_refresh_token_counts_as_none(
    scripted_service: Running, upstream: HTTPServer, sealed: str
) -> None:
    answer_with(upstream, '{"refresh_token":null,"access_token":"a"}')

    refreshed = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})
    swapped = post_form(f"{scripted_service.url}/swap", {"code": "c"})

    assert list(refreshed.json().items()) == [("access_token", "a"), ("refresh_token", sealed)]
    assert swapped.json() == {"access_token": "a"}
    assert "without a refresh token" in scripted_service.log()


def test_a_refusal_comes_in_spotifys_own_words(
    scripted_service: Running, upstream: HTTPServer, sealed: str
) -> None:
    words = {
        "error": "invalid_grant",
        "error_description": "Refresh token revoked",
        "error_uri": "https://developer.spotify.com/x?y",
    }
    answer_with(upstream, json.dumps({**words, "more": 1}), 401)

    answer = post_form(f"{scripted_service.url}/refresh", {"refresh_token": sealed})

    assert (answer.status, answer.json()) == (400, words)


def test_cookies_and_headers_go_no_further_and_its_content_type_does_not_matter(
    scripted_service: Running, upstream: HTTPServer
) -> None:
    headers = {"Set-Cookie": "a=b; Path=/", "fly-replay": "app=evil", "X-Other": "1"}
    upstream.clear()
    upstream.expect_request("/api/token").respond_with_data(
        '{"access_token":"a"}', 200, headers, "text/html"
    )

    answers = [post_form(f"{scripted_service.url}/swap", {"code": "c"}) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert not [name for name in headers for answer in answers if name in answer.headers]
    assert not any("Cookie" in request.headers for request, _ in upstream.log)


def test_the_lifetime_of_a_login_is_told_when_the_operator_wants_it(
    upstream: HTTPServer, upstream_url: str
) -> None:
    answer_with(upstream, json.dumps({"access_token": "a", "refresh_token": REFRESH_TOKEN}))
    with running_service(upstream_url, REFRESH_TOKEN_LIFETIME="180d") as service:
        swapped = post_form(f"{service.url}/swap", {"code": "c"}).json()

    assert 0 <= 180 * DAY - swapped["refresh_token_expires_in"] < 60
