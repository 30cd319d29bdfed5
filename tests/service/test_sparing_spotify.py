"""When Spotify fails for everyone or asks to wait: quick answers, few calls, quick recovery."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_spotify import FakeSpotify, Match
from fake_spotify.faults import Fault, NoHealthyUpstream, Status
from tests.contract import patience
from tests.contract.http_client import Answer, post_form, send
from tests.contract.processes import wait_until
from tests.service.refreshing import REFRESHES, log_in, refresh
from tests.service.running import Running, running_service

RECOVERY_SECONDS = 2.0
AT_ONCE_SECONDS = 0.5  # milliseconds, on a machine that has nothing else to do


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


def messages(service: Running) -> list[str]:
    return [line["message"] for line in service.lines()]


def outage(service: Running, spotify: FakeSpotify, fault: Fault) -> None:
    """Let thirty logins fail, so that everybody's calls do."""
    spotify.fault(fault, times=None)
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: swap(service, spotify), range(30)))


@pytest.mark.parametrize("path", ["/swap", "/refresh"])
def test_an_outage_is_told_at_once_and_its_end_is_noticed(
    sparing: Running, spotify: FakeSpotify, path: str
) -> None:
    sealed = swap(sparing, spotify).json()["refresh_token"]

    def ask() -> Answer:
        if path == "/swap":
            return swap(sparing, spotify)
        return post_form(f"{sparing.url}{path}", {"refresh_token": sealed})

    outage(sparing, spotify, NoHealthyUpstream())
    began, told = time.monotonic(), ask()
    seconds = time.monotonic() - began

    assert (told.status, told.error) == (503, "temporarily_unavailable")
    assert told.headers["Retry-After"] == "5"
    assert seconds < patience.seconds(AT_ONCE_SECONDS)
    assert readiness(sparing) == ("degraded", "failing")

    spotify.clear_faults()
    ended = time.monotonic()
    wait_until(lambda: ask().status == 200)

    assert time.monotonic() - ended < RECOVERY_SECONDS + patience.seconds(1)
    assert readiness(sparing) == ("ready", "ok")
    assert sum("Circuit breaker open" in message for message in messages(sparing)) == 1
    assert sum("Spotify recovered after" in message for message in messages(sparing)) == 1


def test_in_an_outage_spotify_hears_from_us_about_once_a_second(
    sparing: Running, spotify: FakeSpotify
) -> None:
    outage(sparing, spotify, NoHealthyUpstream())
    spotify.clear_requests()
    began = time.monotonic()
    for _ in range(100):
        swap(sparing, spotify)

    assert spotify.count(Match(path="/api/token")) <= time.monotonic() - began + 1


def test_retries_die_down_before_nobody_asks_any_more(
    sparing: Running, spotify: FakeSpotify
) -> None:
    sealed = log_in(sparing, spotify)
    spotify.fault(NoHealthyUpstream(), times=None)
    began = time.monotonic()
    for _ in range(60):
        refresh(sparing, sealed)

    # Some twenty until the breaker opens; then one a second.
    assert spotify.count(REFRESHES) <= 25 + time.monotonic() - began


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_spotify_asks_for_is_everybodys(
    sparing: Running, spotify: FakeSpotify, status: int
) -> None:
    spotify.clear_requests()
    spotify.fault(Status(status, "", {"Retry-After": "19056"}))
    first = swap(sparing, spotify)

    others = [swap(sparing, spotify) for _ in range(3)]

    assert [answer.status for answer in (first, *others)] == [status] * 4
    assert {answer.error for answer in others} == {"temporarily_unavailable"}
    assert first.headers["Retry-After"] == "19056"
    assert all(19_050 <= int(answer.headers["Retry-After"]) <= 19_056 for answer in others)
    assert spotify.count(Match(path="/api/token")) == 1
    assert readiness(sparing) == ("degraded", "paused")
    paused = "Spotify sent Retry-After 19056 s; all calls paused"
    assert messages(sparing).count(paused) == 1


def test_retries_are_in_the_access_log(sparing: Running, spotify: FakeSpotify) -> None:
    sealed = swap(sparing, spotify).json()["refresh_token"]
    spotify.fault(NoHealthyUpstream(), times=2)

    answer = post_form(f"{sparing.url}/refresh", {"refresh_token": sealed})

    def retries() -> list[int]:
        return [line["retries"] for line in sparing.lines() if "retries" in line]

    assert answer.status == 200
    wait_until(lambda: retries() == [2])
