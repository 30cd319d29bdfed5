"""The main job: a code becomes tokens, tokens are refreshed, and dead ones are refused."""

import re
import time

from fake_spotify import FakeSpotify
from tests.contract.http_client import post_form, send
from tests.service.refreshing import log_in, refresh
from tests.service.running import KEY, Running, running_service
from tests.service.seals import key_id, new_secret, seal

SEALED = re.compile(r"s1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{139,4000}\Z")


def is_alive(spotify: FakeSpotify, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    return send("GET", f"{spotify.api_url}/v1/me", headers=headers).status == 200


def test_a_code_becomes_tokens_and_only_the_refresh_token_is_sealed(
    service: Running, spotify: FakeSpotify
) -> None:
    answer = post_form(f"{service.url}/swap", {"code": spotify.code()}).json()

    assert list(answer) == ["access_token", "token_type", "expires_in", "refresh_token", "scope"]
    assert SEALED.match(answer["refresh_token"])
    assert is_alive(spotify, answer["access_token"])


def test_a_sealed_token_brings_a_new_access_token_and_itself(
    service: Running, spotify: FakeSpotify
) -> None:
    sealed = log_in(service, spotify)

    answer = refresh(service, sealed).json()

    assert is_alive(spotify, answer["access_token"])
    assert list(answer.items())[-1] == ("refresh_token", sealed)


def test_tokens_that_are_dead_here_are_refused_in_one_wording_and_spotify_is_not_asked(
    spotify: FakeSpotify,
) -> None:
    origin, now, retired = spotify.accounts_url, int(time.time()), new_secret()
    given_up = {
        "UNKNOWN_KEY": "reject",
        "RETIRED_KEY_IDS": key_id(retired, origin),
        "REVOKE_BEFORE": "2026-01-01T00:00:00Z",
    }
    token = spotify.grant().refresh_token
    tokens = {
        "of an unknown key": seal(token, now, origin, new_secret()),
        "of a retired key": seal(token, now, origin, retired),
        "authorized too early": seal(token, 1_700_000_000, origin, KEY),
        "of another service": "AQ" + "x" * 129,
    }
    with running_service(origin, **given_up) as service:
        answers = {name: refresh(service, sealed) for name, sealed in tokens.items()}
        assert spotify.count() == 1  # the question at start
        assert refresh(service, seal(token, now, origin)).status == 200
        [keys] = [line for line in service.lines() if line["message"] == "keys"]

    assert keys["revoke_before"] == given_up["REVOKE_BEFORE"]

    words = {"error": "invalid_grant", "error_description": "Invalid refresh token"}
    told = {name: (answer.status, answer.json()) for name, answer in answers.items()}
    assert told == dict.fromkeys(tokens, (400, words))
