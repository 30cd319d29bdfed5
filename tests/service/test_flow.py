"""The main job: a code becomes tokens, and tokens are refreshed."""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from fake_spotify import FakeSpotify
from tests.contract.http_client import FORM, Answer, post_form, send
from tests.contract.processes import wait_until
from tests.contract.profiles import CLIENT_ID, REDIRECT_URI
from tests.service.running import Running, running_service

SEALED = re.compile(r"s1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{139,4000}\Z")
OTHER_SECRET = "another secret, long enough"


def swap(service: Running, spotify: FakeSpotify, path: str = "/swap", **form: str) -> Answer:
    return post_form(service.url + path, {"code": spotify.code(), **form})


def refresh(service: Running, token: str, path: str = "/refresh", **form: str) -> Answer:
    return post_form(service.url + path, {"refresh_token": token, **form})


def is_alive(spotify: FakeSpotify, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    return send("GET", f"{spotify.api_url}/v1/me", headers=headers).status == 200


def test_a_code_becomes_tokens_and_only_the_refresh_token_is_sealed(
    service: Running, spotify: FakeSpotify
) -> None:
    answer = swap(service, spotify).json()

    assert list(answer) == ["access_token", "token_type", "expires_in", "refresh_token", "scope"]
    assert answer["expires_in"] == 3600
    assert SEALED.match(answer["refresh_token"])
    assert is_alive(spotify, answer["access_token"])


def test_a_sealed_token_brings_a_new_access_token_and_itself(
    service: Running, spotify: FakeSpotify
) -> None:
    first = swap(service, spotify).json()

    answer = refresh(service, first["refresh_token"]).json()

    assert answer["access_token"] != first["access_token"]
    assert is_alive(spotify, answer["access_token"])
    assert list(answer.items())[-1] == ("refresh_token", first["refresh_token"])


@pytest.mark.parametrize(
    ("path", "form"),
    [
        pytest.param("/swap", {"client_id": CLIENT_ID}, id="our client id"),
        pytest.param("/swap", {"redirect_uri": REDIRECT_URI}, id="our redirect URI"),
        pytest.param("/api/token", {}, id="the Ruby service's swap"),
        pytest.param("/swap", {"grant_type": "authorization_code"}, id="a grant type"),
        pytest.param("/swap", {"code_verifier": "v" * 43}, id="a verifier nobody asked for"),
        pytest.param("/swap", {"redirect_uri": "", "client_id": ""}, id="empty optional ones"),
        pytest.param("/swap", {"client_secret": "whatever"}, id="what libraries send besides"),
    ],
)
def test_a_swap_may_be_spelled_in_many_ways(
    service: Running, spotify: FakeSpotify, path: str, form: dict[str, str]
) -> None:
    assert swap(service, spotify, path, **form).status == 200


def test_a_refresh_may_be_spelled_in_many_ways(service: Running, spotify: FakeSpotify) -> None:
    token = swap(service, spotify).json()["refresh_token"]
    grant_type = {"grant_type": "refresh_token"}

    for path, form in (
        ("/refresh/?refresh_token=x", grant_type),
        ("/refresh", {**grant_type, "client_id": CLIENT_ID}),  # the iOS SDK
        ("/refresh", {"method": "PKCE"}),  # a Swift package
        ("/api/refresh_token", {}),  # the Ruby service's name
        ("/api/token", grant_type),  # standard OAuth
    ):
        assert refresh(service, token, path, **form).status == 200, (path, form)


@pytest.mark.parametrize(
    ("content_type", "spell"),
    [
        pytest.param("application/json", json.dumps, id="JSON"),
        pytest.param("Application/JSON; charset=latin-1", json.dumps, id="JSON, oddly declared"),
        pytest.param(None, json.dumps, id="JSON, not declared"),
        pytest.param("text/plain;charset=UTF-8", json.dumps, id="JSON, as fetch() declares it"),
        pytest.param("", lambda form: f"code={form['code']}", id="a form, with an empty type"),
        pytest.param("text/plain", lambda form: f"code={form['code']}", id="a form as text"),
        pytest.param(FORM, lambda form: f"code=%20{form['code']}%0D%0A&", id="blanks, and an &"),
    ],
)
def test_a_body_may_be_a_form_or_json(
    service: Running,
    spotify: FakeSpotify,
    content_type: str | None,
    spell: Callable[[dict[str, object]], str],
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = spell({"code": spotify.code(), "extra": [1, None]})

    assert send("POST", f"{service.url}/swap", body.encode(), headers).status == 200


def test_a_token_is_held_where_its_key_is_not_known(service: Running, spotify: FakeSpotify) -> None:
    token = swap(service, spotify).json()["refresh_token"]
    with running_service(spotify.accounts_url, ENCRYPTION_SECRET=OTHER_SECRET) as stranger:
        answer = refresh(stranger, token)

        assert (answer.status, answer.error) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"].isdigit()
        assert token.split(".")[1] in stranger.log()
        assert "PREVIOUS_ENCRYPTION_SECRETS" in stranger.log()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"UNKNOWN_KEY": "reject", "ENCRYPTION_SECRET": OTHER_SECRET}, id="the operator says so"
        ),
        pytest.param(
            {"RETIRED_KEY_IDS": "its own", "ENCRYPTION_SECRET": OTHER_SECRET}, id="a given-up key"
        ),
        pytest.param({"REVOKE_BEFORE": "now"}, id="it was authorized too early"),
    ],
)
def test_tokens_that_are_dead_here_are_refused_without_asking_spotify(
    service: Running, spotify: FakeSpotify, changes: dict[str, str | None]
) -> None:
    token = swap(service, spotify).json()["refresh_token"]
    after = int(time.time()) + 1
    if "RETIRED_KEY_IDS" in changes:
        changes = {**changes, "RETIRED_KEY_IDS": token.split(".")[1]}
    if "REVOKE_BEFORE" in changes:
        wait_until(lambda: time.time() >= after)
        changes = {**changes, "REVOKE_BEFORE": datetime.fromtimestamp(after, UTC).isoformat()}
    with running_service(spotify.accounts_url, **changes) as other:
        spotify.clear_requests()
        answer = refresh(other, token)

    assert spotify.count() == 0
    assert (answer.status, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "Invalid refresh token"},
    )
