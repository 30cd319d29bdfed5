"""The main job: a code becomes tokens, and tokens are refreshed."""

import json
import re

import pytest

from tests.contract.http_client import Answer, post_form, send
from tests.contract.processes import CLIENT_ID, REDIRECT_URI, Running, new_code, running_service

SEALED = re.compile(r"s1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{139,4000}\Z")


def swap(service: Running, spotify: Running, path: str = "/swap", **form: str) -> Answer:
    return post_form(service.url + path, {"code": new_code(spotify), **form})


def is_alive(spotify: Running, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    return send("GET", f"{spotify.url}/v1/me", headers=headers).status == 200


def test_a_code_becomes_tokens_and_only_the_refresh_token_is_sealed(
    service: Running, spotify: Running
) -> None:
    answer = swap(service, spotify)

    assert answer.status == 200
    assert list(answer.json()) == [
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "scope",
    ]
    assert answer.json()["expires_in"] == 3600
    assert SEALED.match(answer.json()["refresh_token"])
    assert is_alive(spotify, answer.json()["access_token"])


def test_a_sealed_token_brings_a_new_access_token_and_itself(
    service: Running, spotify: Running
) -> None:
    first = swap(service, spotify).json()

    answer = post_form(f"{service.url}/refresh", {"refresh_token": first["refresh_token"]})

    assert answer.status == 200
    assert answer.json()["access_token"] != first["access_token"]
    assert is_alive(spotify, answer.json()["access_token"])
    assert list(answer.json())[-1] == "refresh_token"
    assert answer.json()["refresh_token"] == first["refresh_token"]


def test_fifty_refreshes_in_a_row_always_bring_a_refresh_token(
    service: Running, spotify: Running
) -> None:
    token = swap(service, spotify).json()["refresh_token"]
    for _ in range(50):
        token = post_form(f"{service.url}/refresh", {"refresh_token": token}).json()[
            "refresh_token"
        ]

        assert SEALED.match(token)


def test_a_code_is_good_once(service: Running, spotify: Running) -> None:
    code = new_code(spotify)
    post_form(f"{service.url}/swap", {"code": code})

    again = post_form(f"{service.url}/swap", {"code": code})

    assert (again.status, again.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "Invalid authorization code"},
    )


@pytest.mark.parametrize(
    ("path", "form"),
    [
        pytest.param("/swap/", {}, id="a trailing slash"),
        pytest.param("/swap?code=ignored", {}, id="a query that is never read"),
        pytest.param("/swap", {"grant_type": "authorization_code"}, id="a grant type"),
        pytest.param("/swap", {"client_id": CLIENT_ID}, id="our client id"),
        pytest.param("/swap", {"redirect_uri": REDIRECT_URI}, id="our redirect URI"),
        pytest.param("/api/token", {}, id="the Ruby service's swap"),
        pytest.param("/api/token", {"grant_type": "authorization_code"}, id="standard OAuth"),
        pytest.param("/swap", {"code_verifier": "v" * 43}, id="a verifier nobody asked for"),
        pytest.param("/swap", {"redirect_uri": "", "client_id": ""}, id="empty optional ones"),
        pytest.param("/swap", {"client_secret": "whatever"}, id="what libraries send besides"),
    ],
)
def test_a_swap_may_be_spelled_in_many_ways(
    service: Running, spotify: Running, path: str, form: dict[str, str]
) -> None:
    assert swap(service, spotify, path, **form).status == 200


@pytest.mark.parametrize(
    ("path", "form"),
    [
        pytest.param("/refresh/", {}, id="a trailing slash"),
        pytest.param("/refresh", {"grant_type": "refresh_token"}, id="a grant type"),
        pytest.param(
            "/refresh", {"client_id": CLIENT_ID, "grant_type": "refresh_token"}, id="the iOS SDK"
        ),
        pytest.param("/refresh", {"method": "PKCE"}, id="a Swift package"),
        pytest.param("/api/refresh_token", {}, id="the Ruby service's name"),
        pytest.param("/api/token", {"grant_type": "refresh_token"}, id="standard OAuth"),
    ],
)
def test_a_refresh_may_be_spelled_in_many_ways(
    service: Running, spotify: Running, path: str, form: dict[str, str]
) -> None:
    token = swap(service, spotify).json()["refresh_token"]

    assert post_form(service.url + path, {"refresh_token": token, **form}).status == 200


@pytest.mark.parametrize(
    ("content_type", "spell"),
    [
        pytest.param("application/json", json.dumps, id="JSON"),
        pytest.param("Application/JSON; charset=latin-1", json.dumps, id="JSON, oddly declared"),
        pytest.param(None, json.dumps, id="JSON, not declared"),
        pytest.param("text/plain;charset=UTF-8", json.dumps, id="JSON, as fetch() declares it"),
        pytest.param("", lambda form: f"code={form['code']}", id="a form, with an empty type"),
        pytest.param("text/plain", lambda form: f"code={form['code']}", id="a form as text"),
        pytest.param(
            "application/x-www-form-urlencoded",
            lambda form: f"code=%20{form['code']}%0D%0A&",
            id="a form with blanks around the value and a trailing &",
        ),
    ],
)
def test_a_body_may_be_a_form_or_json(
    service: Running, spotify: Running, content_type: str | None, spell: object
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = spell({"code": new_code(spotify), "extra": [1, None]})

    assert send("POST", f"{service.url}/swap", body.encode(), headers).status == 200


def test_a_sealed_token_survives_a_body_that_nobody_escaped(
    service: Running, spotify: Running
) -> None:
    token = swap(service, spotify).json()["refresh_token"]

    answer = send(
        "POST", f"{service.url}/refresh", f" refresh_token={token}\r\n".strip(" ").encode()
    )

    assert answer.status == 200


def test_two_services_with_one_key_read_each_others_tokens_and_a_third_does_not(
    service: Running, spotify: Running
) -> None:
    token = swap(service, spotify).json()["refresh_token"]
    with (
        running_service(spotify.url) as twin,
        running_service(spotify.url, ENCRYPTION_SECRET="another secret, long enough") as stranger,
    ):
        with_same_key = post_form(f"{twin.url}/refresh", {"refresh_token": token})
        with_other_key = post_form(f"{stranger.url}/refresh", {"refresh_token": token})

        assert with_same_key.status == 200
        assert (with_other_key.status, with_other_key.error) == (503, "temporarily_unavailable")
        assert with_other_key.headers["Retry-After"].isdigit()
        assert token.split(".")[1] in stranger.log()
        assert "PREVIOUS_ENCRYPTION_SECRETS" in stranger.log()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"UNKNOWN_KEY": "reject", "ENCRYPTION_SECRET": "a new key, long enough"},
            id="the operator says so",
        ),
        pytest.param({"ENCRYPTION_SECRET": None}, id="the key is a made-up one"),
        pytest.param({"RETIRED_KEY_IDS": "its own"}, id="the key was given up"),
        pytest.param({"CLIENT_ID": "0" * 32}, id="the app is another"),
        pytest.param({"REVOKE_BEFORE": "2100-01-01"}, id="it was authorized too early"),
    ],
)
def test_tokens_that_are_dead_here_are_refused_without_asking_spotify(
    service: Running, spotify: Running, changes: dict[str, str | None]
) -> None:
    token = swap(service, spotify).json()["refresh_token"]
    key_id = token.split(".")[1]
    if "RETIRED_KEY_IDS" in changes:
        changes = {"RETIRED_KEY_IDS": key_id, "ENCRYPTION_SECRET": "a new key, long enough"}
    with running_service(spotify.url, **changes) as other:
        answer = post_form(f"{other.url}/refresh", {"refresh_token": token})

        assert other.stop() == 0
        assert "POST /refresh" in other.log()
        assert "spotify_ms" not in other.log()
    assert (answer.status, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "Invalid refresh token"},
    )
