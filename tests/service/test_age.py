"""When the user agreed is kept through every seal, and told to those who want to know."""

import json
import time
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.contract.http_client import post_form
from tests.service.running import Running, environment, run_command, running_service
from tests.service.seals import key_id, new_secret, opened, seal

DAY = 86_400
NEW, OLD = new_secret(), new_secret()
KEYS = {
    "ENCRYPTION_SECRET": NEW,
    "PREVIOUS_ENCRYPTION_SECRETS": OLD,
    "REFRESH_TOKEN_LIFETIME": "180d",
}
UNCHANGED, ROTATED = '{"access_token":"a"}', '{"access_token":"a","refresh_token":"AQrotated"}'


def days_ago(days: float) -> int:
    return int(time.time() - days * DAY)


@pytest.fixture(autouse=True)
def _forgetful(upstream: HTTPServer) -> None:
    upstream.clear()


@pytest.fixture(scope="module")
def aging(upstream_url: str) -> Iterator[Running]:
    with running_service(upstream_url, **KEYS) as service:
        yield service


@pytest.mark.parametrize("secret", [NEW, OLD], ids=["the current key", "an older key"])
@pytest.mark.parametrize("spotify_says", [UNCHANGED, ROTATED], ids=["unchanged", "rotated"])
def test_the_time_of_authorization_is_kept_through_every_seal(
    upstream: HTTPServer, upstream_url: str, aging: Running, secret: str, spotify_says: str
) -> None:
    authorized_at = days_ago(100)
    token = seal("AQtoken", authorized_at, upstream_url, secret)
    upstream.expect_request("/api/token").respond_with_data(spotify_says)

    answer = post_form(f"{aging.url}/refresh", {"refresh_token": token}).json()

    assert opened(answer["refresh_token"], upstream_url, NEW)[1] == authorized_at
    assert 0 <= 80 * DAY - answer["refresh_token_expires_in"] < 60


def test_the_lifetime_of_a_login_is_told(upstream: HTTPServer, aging: Running) -> None:
    upstream.expect_request("/api/token").respond_with_data(ROTATED)

    answer = post_form(f"{aging.url}/swap", {"code": "c"}).json()

    assert 0 <= 180 * DAY - answer["refresh_token_expires_in"] < 60


def test_a_token_that_is_older_than_tokens_live_is_still_tried(
    upstream: HTTPServer, upstream_url: str, aging: Running
) -> None:
    token = seal("AQtoken", days_ago(200), upstream_url, NEW)
    upstream.expect_request("/api/token").respond_with_data(UNCHANGED)

    answer = post_form(f"{aging.url}/refresh", {"refresh_token": token}).json()

    assert (answer["access_token"], answer["refresh_token_expires_in"]) == ("a", 0)


def test_inspect_tells_key_age_and_rest_of_life(upstream_url: str) -> None:
    env = environment(upstream_url, **KEYS)
    authorized_at = days_ago(100)
    aged = seal("AQtoken", authorized_at, upstream_url, OLD)

    told = json.loads(run_command("inspect", "--json", env=env, stdin=aged).stdout)

    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(authorized_at))
    assert (told["authorized_at"], told["age_days"], told["days_left"]) == (moment, 100.0, 80.0)
    assert told["ends_at"][:10] == time.strftime(
        "%Y-%m-%d", time.gmtime(authorized_at + 180 * 86_400)
    )
    assert (told["key_id"], told["sealed_by"]) == (key_id(OLD, upstream_url), "an older key")
