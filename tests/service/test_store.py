"""Several machines with one store: what they share, and that losing it hurts nobody."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import Rotate, SlowHead
from tests.contract import patience
from tests.contract.http_client import send
from tests.contract.processes import wait_until
from tests.contract.profiles import CLIENT_ID
from tests.service.redis_server import RedisServer
from tests.service.refreshing import (
    REFRESHES,
    answers_on,
    begin_refresh,
    log_in,
    refresh,
    refresh_at_once,
)
from tests.service.running import KEY, Running, running_service

MANY = 300
MACHINES = 3
OTHER_KEY = "1" * 64


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """A Redis of this module alone."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def started(spotify: FakeSpotify, redis_server: RedisServer) -> Iterator[list[Running]]:
    """Three machines."""
    with ExitStack() as stack:
        machines = [
            stack.enter_context(running_service(spotify.accounts_url, STORE_URL=redis_server.url))
            for _ in range(MACHINES)
        ]
        for machine in machines:  # as each has done before a crowd comes
            refresh(machine, log_in(machine, spotify))
        yield machines


@pytest.fixture
def machines(started: list[Running], redis_server: RedisServer) -> list[Running]:
    """The three machines, with a store that is there and empty."""
    redis_server.ask("FLUSHALL")
    wait_until(lambda: not any(map(is_degraded, started)))
    return started


def is_degraded(service: Running) -> bool:
    answer = send("GET", f"{service.url}/readyz")
    assert answer.status == 200
    assert (answer.json()["status"] == "degraded") == (answer.json()["store"] != "ok")
    return answer.json()["status"] == "degraded"


def test_equal_refreshes_on_three_machines_are_one_call_and_equal_answers(
    machines: list[Running], spotify: FakeSpotify
) -> None:
    sealed = log_in(machines[0], spotify)
    spotify.fault(SlowHead(patience.seconds(2)))

    answers = refresh_at_once(machines, sealed, MANY)

    assert [answer.status for answer in answers] == [200] * MANY
    assert len({answer.body for answer in answers}) == 1
    assert spotify.count(REFRESHES) == 1


def test_a_store_that_dies_in_the_middle_costs_a_call_for_each_machine_and_no_error(
    machines: list[Running], spotify: FakeSpotify, redis_server: RedisServer
) -> None:
    sealed = log_in(machines[0], spotify)
    spotify.fault(SlowHead(patience.seconds(2)), times=None)
    connections = [begin_refresh(machines[n % MACHINES], sealed) for n in range(MANY)]
    wait_until(lambda: spotify.count(REFRESHES) == 1)
    redis_server.kill()
    try:
        answers = answers_on(connections)
    finally:
        redis_server.start()

    assert [answer.status for answer in answers] == [200] * MANY
    assert spotify.count(REFRESHES) <= MACHINES


def test_a_rotation_is_replayed_by_every_machine_even_if_its_client_hung_up(
    machines: list[Running], spotify: FakeSpotify
) -> None:
    sealed = log_in(machines[0], spotify)
    spotify.fault(Rotate())
    gone = begin_refresh(machines[0], sealed)
    wait_until(lambda: spotify.count(REFRESHES) == 1)
    gone.close()  # an answer that nobody has heard is there for the next one
    answers = [refresh(machine, sealed) for machine in (*machines[1:], *machines)]

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert spotify.count(REFRESHES) == 1
    new = answers[0].json()["refresh_token"]
    assert [refresh(machine, new).status for machine in machines] == [200] * MACHINES


def test_the_lease_of_a_machine_that_dies_ends_at_its_deadline(
    machines: list[Running], spotify: FakeSpotify, redis_server: RedisServer
) -> None:
    sealed = log_in(machines[0], spotify)
    spotify.fault(SlowHead(20))
    with running_service(
        spotify.accounts_url, STORE_URL=redis_server.url, SPOTIFY_TIMEOUT="1"
    ) as mortal:
        gone = begin_refresh(mortal, sealed)
        wait_until(lambda: spotify.count(REFRESHES) == 1)
        mortal.process.kill()
        gone.close()

        assert refresh(machines[0], sealed).status == 200


def test_two_machines_share_in_the_middle_of_a_change_of_keys_too(
    spotify: FakeSpotify, redis_server: RedisServer
) -> None:
    limits = {"STORE_URL": redis_server.url, "RATE_LIMIT": "6/hour"}
    before = {"ENCRYPTION_SECRET": KEY, "PREVIOUS_ENCRYPTION_SECRETS": OTHER_KEY}
    after = {"ENCRYPTION_SECRET": OTHER_KEY, "PREVIOUS_ENCRYPTION_SECRETS": KEY}
    with (
        running_service(spotify.accounts_url, **limits, **before) as one,
        running_service(spotify.accounts_url, **limits, **after) as other,
    ):
        sealed = log_in(one, spotify)
        spotify.fault(Rotate())

        assert refresh(one, sealed).body == refresh(other, sealed).body

        sealed = log_in(one, spotify)
        statuses = [refresh(machine, sealed).status for machine in (one, other) * 4]

        assert sorted(statuses) == [200] * 6 + [429] * 2
        assert b"127.0.0.1" not in redis_server.everything()
        redis_server.pause()
        try:
            assert refresh(one, log_in(one, spotify)).status == 200
        finally:
            redis_server.go_on()


def test_a_lost_store_is_told_and_nobody_waits_for_it(
    machines: list[Running], spotify: FakeSpotify, redis_server: RedisServer
) -> None:
    sealed = [log_in(machines[0], spotify) for _ in range(4)]
    before = machines[0].log().count("Store unreachable")
    redis_server.kill()
    try:
        began = time.monotonic()
        answers = [refresh(machines[0], one) for one in sealed]
        seconds = time.monotonic() - began
        wait_until(lambda: is_degraded(machines[0]))
    finally:
        redis_server.start()

    assert [answer.status for answer in answers] == [200] * len(sealed)
    assert seconds < patience.seconds(5)
    wait_until(lambda: not is_degraded(machines[0]))
    assert machines[0].log().count("Store unreachable") == before + 1
    spotify.fault(Rotate())
    new = refresh(machines[0], sealed[0]).body
    assert refresh(machines[1], sealed[0]).body == new


def test_what_is_stored_is_sealed_and_short_lived(
    machines: list[Running], spotify: FakeSpotify, redis_server: RedisServer
) -> None:
    sealed = log_in(machines[0], spotify)
    spotify.fault(Rotate())
    answer = refresh(machines[0], sealed).json()
    stored = redis_server.everything()

    for secret in (
        sealed,
        answer["refresh_token"],
        answer["access_token"],
        spotify.grants()[-1].refresh_token,
        CLIENT_ID,
    ):
        assert secret.encode() not in stored
    for key in redis_server.names():
        assert 0 < int(redis_server.ask("PTTL", key.decode())[1:]) <= 3_600_000
