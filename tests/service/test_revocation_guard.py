"""Many refusals at once are held back; single ones, old grants and unknown ages are not."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from fake_spotify import FakeSpotify
from fake_spotify.faults import FalseInvalidGrant
from tests.contract.http_client import Answer, send
from tests.contract.processes import wait_until
from tests.service.refreshing import refresh
from tests.service.running import Running, running_service
from tests.service.seals import seal

USERS = 40
DAY = 86_400
HELD = (503, "temporarily_unavailable")
BELIEVED = (400, "invalid_grant")


@contextmanager
def service_and_users(
    spotify: FakeSpotify, ages_days: list[int | None], **settings: str
) -> Iterator[tuple[Running, list[str]]]:
    """Run the service, and seal a token for a user of each age; None is an unknown one."""
    origin, now = spotify.accounts_url, int(time.time())
    sealed = [
        seal(spotify.grant().refresh_token, 0 if age is None else now - age * DAY, origin)
        for age in ages_days
    ]
    with running_service(origin, **settings) as service:
        yield service, sealed


def refresh_at_once(service: Running, sealed: list[str]) -> list[Answer]:
    with ThreadPoolExecutor(10) as pool:
        return list(pool.map(lambda one: refresh(service, one), sealed))


def outcomes(answers: list[Answer]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status, answer.error) for answer in answers)


def test_in_an_outage_nobody_is_told_to_log_in_again(spotify: FakeSpotify) -> None:
    with service_and_users(spotify, [10] * USERS) as (service, sealed):
        spotify.fault(FalseInvalidGrant(), times=None)
        for _ in range(5):
            spotify.clock.advance(seconds=60)
            answers = refresh_at_once(service, sealed)

            assert outcomes(answers) == {HELD: USERS}
            assert all(int(answer.headers["Retry-After"]) for answer in answers)
            assert not any(b"invalid_grant" in answer.body for answer in answers)
        readiness = send("GET", f"{service.url}/readyz").json()
        assert (readiness["status"], readiness["revocation_guard"]) == ("degraded", "active")
        spotify.clear_faults()

        assert outcomes(refresh_at_once(service, sealed)) == {(200, None): USERS}
        wait_until(lambda: "Revocation guard inactive" in service.log())
        assert send("GET", f"{service.url}/readyz").json()["status"] == "ready"
        assert service.log().count("Revocation guard active") == 1


def test_in_an_outage_old_grants_are_believed_dead(spotify: FakeSpotify) -> None:
    with service_and_users(spotify, [10] * 10 + [181, None] * 5) as (service, sealed):
        spotify.fault(FalseInvalidGrant(), times=None)

        assert outcomes(refresh_at_once(service, sealed[:10])) == {HELD: 10}
        assert outcomes(refresh_at_once(service, sealed[10:])) == {BELIEVED: 10}


def test_the_guard_can_be_turned_off(spotify: FakeSpotify) -> None:
    with service_and_users(spotify, [10] * USERS, REVOCATION_GUARD="off") as (service, sealed):
        spotify.fault(FalseInvalidGrant(), times=None)

        assert outcomes(refresh_at_once(service, sealed)) == {BELIEVED: USERS}
