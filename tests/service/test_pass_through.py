"""Spotify's answers reach the app as they are, but for the refresh token."""

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.contract.http_client import post_form
from tests.service.running import Running

REFRESH_TOKEN = "AQ" + "canaryrefreshtoken" * 5  # long enough that no other text holds it


def answer_with(upstream: HTTPServer, body: str) -> None:
    upstream.clear()
    upstream.expect_request("/api/token").respond_with_data(body)


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


def test_a_plain_copy_of_the_refresh_token_goes_no_further(
    scripted_service: Running, upstream: HTTPServer, sealed: str
) -> None:
    answer_with(upstream, f'{{"access_token":"a","x":["\\u0041{REFRESH_TOKEN[1:]}"]}}')

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
