"""When Spotify fails for everyone or asks to wait: quick answers, few calls, quick recovery."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_spotify import FakeSpotify, Match
from fake_spotify.faults import NoHealthyUpstream, TooManyRequests
from tests.contract.http_client import Answer, post_form, send
from tests.contract.processes import wait_until
from tests.service.refreshing import log_in, refresh
from tests.service.running import Running, running_service

CALLS = Match(path="/api/token")


@pytest.fixture
def sparing(spotify: FakeSpotify) -> Iterator[Running]:
    with running_service(spotify.accounts_url) as service:
        yield service


def swap(service: Running, spotify: FakeSpotify) -> Answer:
    return post_form(f"{service.url}/swap", {"code": spotify.code()})


def readiness(service: Running) -> tuple[str, str]:
    answer = send("GET", f"{service.url}/readyz")
    assert answer.status == 200
    return answer.json()["status"], answer.json()["spotify"]


def test_in_an_outage_spotify_hears_from_us_once_a_second_until_it_is_over(
    sparing: Running, spotify: FakeSpotify
) -> None:
    sealed = log_in(sparing, spotify)
    spotify.fault(NoHealthyUpstream(), times=None)
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: swap(sparing, spotify), range(30)))
    spotify.clear_requests()
    began = time.monotonic()
    answers = [swap(sparing, spotify) for _ in range(50)]

    assert spotify.count(CALLS) <= time.monotonic() - began + 1
    assert {(answer.status, answer.error) for answer in answers} == {
        (503, "temporarily_unavailable")
    }
    assert answers[-1].headers["Retry-After"] == "5"
    assert readiness(sparing) == ("degraded", "failing")

    spotify.clear_faults()
    wait_until(lambda: swap(sparing, spotify).status == 200)

    assert refresh(sparing, sealed).status == 200
    assert readiness(sparing) == ("ready", "ok")
    assert sparing.log().count("Circuit breaker open") == 1
    assert sparing.log().count("Spotify recovered after") == 1


def test_a_wait_that_spotify_asks_for_is_everybodys(sparing: Running, spotify: FakeSpotify) -> None:
    spotify.clear_requests()
    spotify.fault(TooManyRequests(19_056))
    first, *others = [swap(sparing, spotify) for _ in range(4)]

    assert first.headers["Retry-After"] == "19056"
    assert [(answer.status, answer.error) for answer in others] == [
        (429, "temporarily_unavailable")
    ] * 3
    assert all(19_000 <= int(answer.headers["Retry-After"]) <= 19_056 for answer in others)
    assert spotify.count(CALLS) == 1
    assert readiness(sparing) == ("degraded", "paused")
    assert sparing.log().count("Spotify sent Retry-After 19056 s; all calls paused") == 1
