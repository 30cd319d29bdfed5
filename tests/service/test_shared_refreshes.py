"""Equal refreshes, clients that hang up, and what comes after a rotation."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import Rotate, SlowHead
from tests.contract import patience
from tests.contract.processes import wait_until
from tests.contract.profiles import REGISTRATION
from tests.service.refreshing import (
    REFRESHES,
    begin_refresh,
    log_in,
    refresh,
    refresh_at_once,
)
from tests.service.running import KEY, Running, running_service
from tests.service.seals import seal

MANY = 300
OLD_KEY, NEW_KEY = KEY, "1" * 64


@pytest.fixture(scope="module")
def service(spotify: FakeSpotify) -> Iterator[Running]:
    """The service, in front of it; it opens an older key's tokens too."""
    keys = {"ENCRYPTION_SECRET": NEW_KEY, "PREVIOUS_ENCRYPTION_SECRETS": OLD_KEY}
    with running_service(spotify.accounts_url, **keys) as service:
        yield service


@pytest.fixture
def sealed(spotify: FakeSpotify, service: Running) -> str:
    """A sealed token of somebody who has just logged in."""
    return log_in(service, spotify)


def test_equal_refreshes_are_one_call_and_equal_answers(
    spotify: FakeSpotify, service: Running, sealed: str
) -> None:
    spotify.fault(SlowHead(patience.seconds(2)))

    answers = refresh_at_once([service], sealed, MANY)

    assert [answer.status for answer in answers] == [200] * MANY
    assert len({answer.body for answer in answers}) == 1
    assert spotify.count(REFRESHES) == 1


def test_two_seals_of_one_token_share_the_answer_and_keep_their_own_seals(
    spotify: FakeSpotify, service: Running
) -> None:
    old = seal(spotify.grant().refresh_token, 0, spotify.accounts_url, OLD_KEY)
    new = refresh(service, old).json()["refresh_token"]
    spotify.clear_requests()
    spotify.fault(SlowHead(patience.seconds(1)))
    with ThreadPoolExecutor(2) as pool:
        answers = [
            answer.json() for answer in pool.map(lambda one: refresh(service, one), (old, new))
        ]
    spotify.clear_faults()

    assert spotify.count(REFRESHES) == 1
    assert answers[0]["access_token"] == answers[1]["access_token"]
    assert answers[1]["refresh_token"] == new
    assert answers[0]["refresh_token"] not in (old, new)
    assert refresh(service, answers[0]["refresh_token"]).status == 200


def test_a_rotation_whose_client_hung_up_is_there_for_the_next_one() -> None:
    with (
        FakeSpotify(**REGISTRATION, rotation="all") as spotify,
        running_service(spotify.accounts_url) as service,
    ):
        sealed = log_in(service, spotify)
        spotify.fault(SlowHead(0.5))
        gone = begin_refresh(service, sealed)
        wait_until(lambda: spotify.count(REFRESHES) == 1)
        gone.close()

        answers = [refresh(service, sealed) for _ in range(2)]

        assert [answer.status for answer in answers] == [200, 200]
        assert spotify.count(REFRESHES) == 1


def test_after_a_rotation_the_old_token_keeps_getting_the_same_answer(
    spotify: FakeSpotify, service: Running, sealed: str
) -> None:
    spotify.fault(Rotate())
    rotated = refresh(service, sealed)
    late = refresh_at_once([service], sealed, 10)

    assert {answer.body for answer in late} == {rotated.body}
    assert spotify.count(REFRESHES) == 1
    assert refresh(service, rotated.json()["refresh_token"]).status == 200
