"""What is sent to Spotify again, and what never: counted where it arrives."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_spotify import FakeSpotify, Match
from fake_spotify.faults import (
    BadGateway,
    CloseBeforeHead,
    Fault,
    ResetBeforeHead,
    ResetInBody,
    ResetInHead,
    ShortBody,
    Silence,
    SlowBody,
    Status,
)
from tests.contract import patience
from tests.contract.http_client import Answer, post_form
from tests.contract.processes import wait_until
from tests.contract.profiles import REGISTRATION
from tests.service.broken_upstream import BrokenUpstream, Script, resets, says
from tests.service.refreshing import REFRESHES, log_in, refresh
from tests.service.running import Running, running_service

DEADLINE_SECONDS = patience.seconds(1)
OTHERS = 8
TOKENS = b'{"access_token":"a","refresh_token":"AQplain"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"
CLOSE: Script = lambda _: None  # noqa: E731 (a script, as the others are)
UNANSWERED = [
    pytest.param(ResetBeforeHead(), id="reset before the head"),
    pytest.param(CloseBeforeHead(), id="closed before the head"),
]
ANSWERED = [
    pytest.param(ResetInHead(), id="reset inside the head"),
    pytest.param(BadGateway(), id="502"),
]
ONCE = [
    pytest.param(Status(500), id="500"),
    pytest.param(ResetInBody(), id="reset inside the body"),
    pytest.param(ShortBody(), id="a short body"),
    pytest.param(Silence(), id="silence"),
    pytest.param(SlowBody(60), id="a body that comes too late"),
]


@pytest.fixture(scope="module")
def retrying(spotify: FakeSpotify) -> Iterator[Running]:
    """The service, with a short deadline."""
    with running_service(
        spotify.accounts_url, SPOTIFY_TIMEOUT=str(DEADLINE_SECONDS), ROTATION_REPLAY="0"
    ) as service:
        yield service


@pytest.fixture(scope="module")
def unhurried(spotify: FakeSpotify) -> Iterator[Running]:
    """The service, with time enough for every retry."""
    with running_service(spotify.accounts_url, ROTATION_REPLAY="0") as service:
        yield service


def good_token(service: Running, spotify: FakeSpotify) -> str:
    """Return a token; most logins go well, so that Spotify does not seem to fail for everyone."""
    return [log_in(service, spotify) for _ in range(OTHERS)][-1]


@pytest.fixture
def sealed(retrying: Running, spotify: FakeSpotify) -> str:
    """A token of the service with the short deadline."""
    return good_token(retrying, spotify)


@pytest.fixture
def racing(broken: BrokenUpstream) -> Iterator[Running]:
    """The service, in front of a Spotify whose kept connections end as they are used again."""
    with running_service(broken.url) as service:
        yield service


def swap(service: Running, code: str) -> Answer:
    return post_form(f"{service.url}/swap", {"code": code})


def retries_of(service: Running, times: int) -> list[int]:
    """Return how often the last requests were sent again, once *times* lines tell."""

    def retries() -> list[int]:
        return [line["retries"] for line in service.lines() if "retries" in line]

    wait_until(lambda: len(retries()) >= times)
    return retries()[-times:]


@pytest.mark.parametrize("fault", [*UNANSWERED, *ANSWERED])
@pytest.mark.parametrize(("times", "statuses"), [(2, {200}), (3, {502, 503})])
def test_two_short_troubles_of_a_refresh_are_healed_and_a_third_one_is_told(
    unhurried: Running, spotify: FakeSpotify, fault: Fault, times: int, statuses: set[int]
) -> None:
    sealed = good_token(unhurried, spotify)
    spotify.fault(fault, times=times)

    assert refresh(unhurried, sealed).status in statuses
    assert spotify.count(REFRESHES) == 3


@pytest.mark.parametrize("fault", ONCE)
def test_what_no_retry_heals_is_asked_once(
    retrying: Running, spotify: FakeSpotify, sealed: str, fault: Fault
) -> None:
    spotify.fault(fault, times=None)

    assert refresh(retrying, sealed).status >= 502
    assert spotify.count(REFRESHES) == 1


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("fault", [*ANSWERED, *ONCE])
def test_a_code_that_may_have_been_used_is_not_sent_again(
    retrying: Running, spotify: FakeSpotify, fault: Fault
) -> None:
    code = spotify.code()
    spotify.fault(fault, times=None, is_processed=True)

    assert swap(retrying, code).status >= 502
    assert spotify.count(Match(token=code)) == 1


@pytest.mark.parametrize("fault", UNANSWERED)
def test_nor_is_one_whose_new_connection_ends_without_an_answer(
    spotify: FakeSpotify, fault: Fault
) -> None:
    code = spotify.code()
    spotify.fault(fault, times=None, is_processed=True)
    with running_service(spotify.accounts_url) as service:
        assert swap(service, code).status == 502

    assert spotify.count(Match(token=code)) == 1


@pytest.mark.parametrize("end", [CLOSE, resets()], ids=["closed", "reset"])
def test_a_kept_connection_that_was_about_to_close_costs_nobody_a_login(
    racing: Running, broken: BrokenUpstream, end: Script
) -> None:
    broken.script = broken.serves_once_then(HEAD + TOKENS, end)
    sealed = swap(racing, "first").json()["refresh_token"]
    broken.requests.clear()

    assert swap(racing, "second").status == 200
    assert [b"second" in request for request in broken.requests] == [True, True]
    assert refresh(racing, sealed).status == 200


@pytest.mark.parametrize(
    ("first", "then", "sent"),
    [
        pytest.param(CLOSE, says(b""), 2, id="a second race"),
        pytest.param(resets(b"H"), None, 1, id="one byte of an answer"),
    ],
)
def test_the_race_is_forgiven_once_and_only_if_nothing_was_answered(
    racing: Running, broken: BrokenUpstream, first: Script, then: Script | None, sent: int
) -> None:
    broken.script = broken.serves_once_then(HEAD + TOKENS, first)
    swap(racing, "first")
    broken.script = then or broken.script

    answer = swap(racing, "second")

    assert (answer.status, answer.error) == (502, "temporarily_unavailable")
    assert sum(b"second" in request for request in broken.requests) == sent


def test_after_the_race_no_other_kept_connection_is_trusted(
    racing: Running, broken: BrokenUpstream
) -> None:
    broken.script = broken.serves_once_then(HEAD + TOKENS, CLOSE)
    # As many connections as logins at once; then each is closed as the next one uses it.
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda number: swap(racing, f"first-{number}"), range(5)))

    answers = [swap(racing, f"second-{number}").status for number in range(5)]

    assert answers == [200] * 5
    assert sum(b"second" in request for request in broken.requests) <= 2 * 5


def test_a_code_that_was_never_sent_is_tried_again() -> None:
    # A port that is ours, and where nobody listens.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with running_service(f"http://127.0.0.1:{nobody.getsockname()[1]}") as service:
            answer = swap(service, "code")

            assert (answer.status, answer.error) == (502, "temporarily_unavailable")
            assert retries_of(service, 1) == [2]


def test_without_trust_in_its_certificate_spotify_gets_nothing() -> None:
    with (
        FakeSpotify(https=True) as spotify,
        running_service(spotify.accounts_url) as service,
    ):
        assert swap(service, "code").status == 502
        assert spotify.count(Match(method="POST")) == 0
        assert "certificate of 127.0.0.1:" in service.log()


def test_over_tls_a_certificate_that_is_trusted_is_enough() -> None:
    with (
        FakeSpotify(**REGISTRATION, https=True) as spotify,
        running_service(spotify.accounts_url, SSL_CERT_FILE=str(spotify.ca_file)) as service,
    ):
        assert [swap(service, spotify.code()).status for _ in range(3)] == [200] * 3


@pytest.mark.usefixtures("sealed")
def test_connections_that_do_not_come_about_count_as_unsent(
    retrying: Running, spotify: FakeSpotify
) -> None:
    spotify.begin_outage("connection_ignored", 60)
    began = time.monotonic()
    try:
        answer = swap(retrying, "code")
    finally:
        spotify.begin_outage("connection_ignored", 0)

    assert answer.status in (502, 504)
    assert time.monotonic() - began < DEADLINE_SECONDS + patience.seconds(1)
    assert retries_of(retrying, 1) != [0]


def test_a_refresh_waits_as_long_as_spotify_asks_if_there_is_time(
    service: Running, spotify: FakeSpotify
) -> None:
    sealed = log_in(service, spotify)
    spotify.fault(Status(503, "", {"Retry-After": "1"}))
    began = time.monotonic()

    assert refresh(service, sealed).status == 200
    assert time.monotonic() - began >= 1
