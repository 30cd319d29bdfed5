"""When Spotify fails for everyone or asks to wait: quick answers, few calls, quick recovery."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_spotify import FakeSpotify, Match
from fake_spotify.faults import Fault, NoHealthyUpstream, Status
from tests.contract.http_client import Answer, post_form, send
from tests.contract.processes import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    Running,
    running_service,
    wait_until,
)

RECOVERY_SECONDS = 2.0
SLACK_SECONDS = 1.0
AT_ONCE_SECONDS = 0.5  # milliseconds, on a machine that has nothing else to do


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=[REDIRECT_URI]
    ) as spotify:
        yield spotify


@pytest.fixture
def sparing(fake: FakeSpotify) -> Iterator[Running]:
    with running_service(fake.accounts_url, SPOTIFY_TIMEOUT="2") as service:
        yield service
    fake.clear_faults()


def swap(service: Running, fake: FakeSpotify) -> Answer:
    return post_form(f"{service.url}/swap", {"code": fake.code()})


def readiness(service: Running) -> object:
    answer = send("GET", f"{service.url}/readyz")
    assert answer.status == 200
    return answer.json()


def messages(service: Running) -> list[str]:
    return [json.loads(line)["message"] for line in service.log().splitlines()]


def outage(service: Running, fake: FakeSpotify, fault: Fault) -> None:
    """Let thirty logins fail, so that everybody's calls do."""
    fake.fault(fault, times=None)
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: swap(service, fake), range(30)))


@pytest.mark.parametrize("path", ["/swap", "/refresh"])
def test_an_outage_is_told_at_once_and_its_end_is_noticed(
    sparing: Running, fake: FakeSpotify, path: str
) -> None:
    sealed = swap(sparing, fake).json()["refresh_token"]

    def ask() -> Answer:
        if path == "/swap":
            return swap(sparing, fake)
        return post_form(f"{sparing.url}{path}", {"refresh_token": sealed})

    outage(sparing, fake, NoHealthyUpstream())
    began, told = time.monotonic(), ask()
    seconds = time.monotonic() - began

    assert (told.status, told.error) == (503, "temporarily_unavailable")
    assert told.headers["Retry-After"] == "5"
    assert seconds < AT_ONCE_SECONDS
    assert readiness(sparing) == {"status": "degraded"}

    fake.clear_faults()
    ended = time.monotonic()
    wait_until(lambda: ask().status == 200)

    assert time.monotonic() - ended < RECOVERY_SECONDS + SLACK_SECONDS
    assert readiness(sparing) == {"status": "ready"}
    assert sum("fails for everyone" in message for message in messages(sparing)) == 1
    assert sum("Spotify answers again" in message for message in messages(sparing)) == 1


def test_in_an_outage_spotify_hears_from_us_about_once_a_second(
    sparing: Running, fake: FakeSpotify
) -> None:
    outage(sparing, fake, NoHealthyUpstream())
    fake.clear_requests()
    began = time.monotonic()
    for _ in range(100):
        swap(sparing, fake)

    assert fake.count(Match(path="/api/token")) <= time.monotonic() - began + 1


def test_a_wait_that_spotify_asks_for_is_everybodys(sparing: Running, fake: FakeSpotify) -> None:
    fake.clear_requests()
    fake.fault(Status(429, "", {"Retry-After": "19056"}))
    first = swap(sparing, fake)

    others = [swap(sparing, fake) for _ in range(3)]

    assert [answer.status for answer in (first, *others)] == [429] * 4
    assert {answer.error for answer in others} == {"temporarily_unavailable"}
    assert first.headers["Retry-After"] == "19056"
    assert all(19_050 <= int(answer.headers["Retry-After"]) <= 19_056 for answer in others)
    assert fake.count(Match(path="/api/token")) == 1
    assert readiness(sparing) == {"status": "degraded"}
    assert sum("asks us to wait 19056 s" in message for message in messages(sparing)) == 1


def test_retries_are_in_the_access_log(sparing: Running, fake: FakeSpotify) -> None:
    sealed = swap(sparing, fake).json()["refresh_token"]
    fake.fault(NoHealthyUpstream(), times=2)

    answer = post_form(f"{sparing.url}/refresh", {"refresh_token": sealed})

    def told() -> list[int]:
        lines = [json.loads(line) for line in sparing.log().splitlines() if line.endswith("}")]
        return [line["retries"] for line in lines if "retries" in line]

    assert answer.status == 200
    wait_until(lambda: told() == [2])
