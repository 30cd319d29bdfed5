"""Tokens that nothing authenticates cannot be guessed: neither by many tries nor by the clock."""

import random
import time
from collections.abc import Iterator
from statistics import median

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fake_spotify import FakeSpotify
from tests.contract import patience
from tests.contract.http_client import Answer, post_form
from tests.legacy_sealers import SEALERS
from tests.service.metrics import scraped
from tests.service.refreshing import log_in, refresh
from tests.service.running import Running, running_service

SECRET = "s3cr3t-of-another"
IMPORTS = {
    "LEGACY_TOKENS": "node,ruby,plain",
    "LEGACY_SECRETS": SECRET,
    "LEGACY_TOKENS_UNTIL": "2999-12-31",
    "PROXIES_COUNT": "1",
}
REFUSED = Response('{"error":"invalid_grant"}', 400)


def import_token(service: Running, token: str, client: str = "203.0.113.1") -> Answer:
    return post_form(
        f"{service.url}/refresh", {"refresh_token": token}, {"X-Forwarded-For": client}
    )


def made_up(number: int) -> str:
    return f"AQ{number:040d}"


def altered(number: int) -> str:
    """Return a token as an attacker makes it of their own: what comes out is no refresh token."""
    return SEALERS["node"](SECRET, f"AQ{number:038d}") + "00"


def test_made_up_tokens_cost_spotify_no_more_than_the_limit(spotify: FakeSpotify) -> None:
    with running_service(spotify.accounts_url, **IMPORTS) as service:
        ours = log_in(service, spotify)
        for _ in range(70):  # what is good does not count
            token = SEALERS["ruby"](SECRET, spotify.grant().refresh_token or "")
            assert import_token(service, token).status == 200
        spotify.clear_requests()
        # What is refused here counts as what Spotify refuses.
        tokens = [altered(number) for number in range(20)]
        tokens += [made_up(number) for number in range(60)]
        answers = [import_token(service, token) for token in tokens]

        assert [answer.status for answer in answers] == [400] * 60 + [429] * 20
        assert spotify.count() == 40
        assert answers[-1].headers["RateLimit-Policy"] == '"60-per-60s";q=60;w=60'
        # Neither another client nor a grant of ours has to suffer for it.
        granted = spotify.grant().refresh_token or ""
        assert import_token(service, granted, "203.0.113.2").status == 200
        assert refresh(service, ours).status == 200


@pytest.fixture
def unsteady(upstream: HTTPServer, upstream_url: str) -> Iterator[Running]:
    """The service in front of a Spotify that refuses after anything from 10 to 60 ms."""
    jitter = random.Random(7)

    def refuse(_: Request) -> Response:
        time.sleep(jitter.uniform(0.01, 0.06))
        return REFUSED

    upstream.clear()
    upstream.expect_request("/api/token").respond_with_handler(refuse)
    with running_service(
        upstream_url, **IMPORTS, RATE_LIMIT="10000/minute", METRICS_PORT="0"
    ) as service:
        yield service


def test_the_clock_does_not_tell_whether_spotify_was_asked(unsteady: Running) -> None:
    for number in range(20):
        import_token(unsteady, made_up(number))
    asked, not_asked = [], []
    for number in range(30):
        for token, seconds in ((made_up(99 + number), asked), (altered(number), not_asked)):
            began = time.monotonic()
            assert import_token(unsteady, token).error == "invalid_grant"
            seconds.append(time.monotonic() - began)

    assert scraped(unsteady)["sanic_swap_spotify_calls_total", "grant_refused"] == 50
    # The middle of a range of 50 ms; and they are spread over it, too.
    assert abs(median(asked) - median(not_asked)) < patience.seconds(0.025)
    assert max(not_asked) - min(not_asked) > 0.02
