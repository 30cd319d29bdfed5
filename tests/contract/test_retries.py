"""What is sent to Spotify again, and what never: counted where it arrives."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from fake_spotify import FakeSpotify, Match
from fake_spotify.fault_answers import BadGateway, NoHealthyUpstream, Status, UpstreamTimeout
from fake_spotify.fault_wires import (
    CloseBeforeHead,
    ResetBeforeHead,
    ResetInBody,
    ResetInHead,
    ShortBody,
    Silence,
    SlowBody,
)
from fake_spotify.faults import Fault
from sanic_swap.errors import (
    CallSuppressed,
    ConnectionLoss,
    SpotifyError,
    SpotifyFails,
    SpotifyThrottles,
    SpotifyTooSlow,
    SpotifyUnreachable,
)
from sanic_swap.secret import Secret
from sanic_swap.spotify import SpotifyAccounts
from sanic_swap.token_answer import TokenAnswer
from sanic_swap.trace import RequestTrace
from tests.contract.broken_upstream import BrokenUpstream, Script, resets, says
from tests.contract.http_client import post_form
from tests.contract.processes import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, running_service

DEADLINE_SECONDS = 2.0
SOON_SECONDS = 0.6  # a deadline for those who wait for it
GOOD = b'{"access_token":"a","refresh_token":"AQplain"}'
KEPT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n" + GOOD
EARLY = [
    pytest.param(ResetBeforeHead(), id="reset before the head"),
    pytest.param(CloseBeforeHead(), id="closed before the head"),
    pytest.param(ResetInHead(), id="reset inside the head"),
]
PASSING = [
    pytest.param(BadGateway(), id="502"),
    pytest.param(NoHealthyUpstream(), id="503"),
    pytest.param(UpstreamTimeout(), id="504"),
]
LATE = [
    pytest.param(Status(500), id="500"),
    pytest.param(ResetInBody(), id="reset inside the body"),
    pytest.param(ShortBody(), id="a short body"),
    pytest.param(Silence(), id="silence"),
    pytest.param(SlowBody(60), id="a body that comes too late"),
]


@pytest.fixture
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=[REDIRECT_URI]
    ) as spotify:
        yield spotify


@pytest.fixture
async def accounts(fake: FakeSpotify) -> AsyncIterator[SpotifyAccounts]:
    async with accounts_at(fake.accounts_url) as spotify:
        yield spotify


@pytest.fixture
def broken() -> Iterator[BrokenUpstream]:
    with BrokenUpstream() as upstream:
        yield upstream


def accounts_at(url: str, seconds: float = DEADLINE_SECONDS) -> SpotifyAccounts:
    return SpotifyAccounts(url, CLIENT_ID, Secret(CLIENT_SECRET), timeout_seconds=seconds)


async def swap(accounts: SpotifyAccounts, code: str) -> TokenAnswer:
    return await accounts.exchange(Secret(code), REDIRECT_URI, None, RequestTrace())


async def refresh(
    accounts: SpotifyAccounts, fake: FakeSpotify, trace: RequestTrace | None = None
) -> TokenAnswer:
    return await accounts.refresh(Secret(fake.grant().refresh_token), trace or RequestTrace())


@pytest.mark.parametrize("fault", [*EARLY, *PASSING])
async def test_two_short_troubles_of_a_refresh_are_healed(
    accounts: SpotifyAccounts, fake: FakeSpotify, fault: Fault
) -> None:
    fake.fault(fault, times=2)
    trace = RequestTrace()

    answer = await refresh(accounts, fake, trace)

    assert isinstance(answer, TokenAnswer)
    assert (trace.retries, accounts.calls, accounts.retries) == (2, 3, 2)


@pytest.mark.parametrize("fault", [*EARLY, *PASSING])
async def test_a_third_one_is_told(
    accounts: SpotifyAccounts, fake: FakeSpotify, fault: Fault
) -> None:
    fake.fault(fault, times=3)

    with pytest.raises((SpotifyFails, SpotifyUnreachable)):
        await refresh(accounts, fake)

    assert accounts.calls == 3


@pytest.mark.parametrize("fault", LATE)
async def test_what_no_retry_heals_is_asked_once(fake: FakeSpotify, fault: Fault) -> None:
    fake.fault(fault, times=None)

    async with accounts_at(fake.accounts_url, SOON_SECONDS) as accounts:
        with pytest.raises(SpotifyError):
            await refresh(accounts, fake)

    assert fake.count(Match(grant_type="refresh_token")) == 1


@pytest.mark.parametrize("fault", [*EARLY, *PASSING, *LATE])
async def test_a_code_that_may_have_been_used_is_not_sent_again(
    fake: FakeSpotify, fault: Fault
) -> None:
    code = fake.code()
    fake.fault(fault, times=None, is_processed=True)

    async with accounts_at(fake.accounts_url, SOON_SECONDS) as accounts:
        with pytest.raises(SpotifyError):
            await swap(accounts, code)

    assert fake.count(Match(token=code)) == 1


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda _: None, id="closed"),
        pytest.param(resets(), id="reset"),
    ],
)
async def test_a_kept_connection_that_was_about_to_close_costs_nobody_a_login(
    broken: BrokenUpstream, end: Script
) -> None:
    broken.script = broken.serves_once_then(KEPT, end)
    async with accounts_at(broken.url) as accounts:
        await swap(accounts, "first")
        broken.requests.clear()

        await swap(accounts, "second")
        sent = list(broken.requests)

        await accounts.refresh(Secret("third"), RequestTrace())

    assert [b"second" in request for request in sent] == [True, True]
    assert accounts.retries == 2


async def test_the_race_is_forgiven_once(broken: BrokenUpstream) -> None:
    broken.script = broken.serves_once_then(KEPT, lambda _: None)
    async with accounts_at(broken.url) as accounts:
        await swap(accounts, "first")
        broken.script = says(b"")

        with pytest.raises(SpotifyUnreachable) as error:
            await swap(accounts, "second")

    assert error.value.loss is ConnectionLoss.EARLY
    assert sum(b"second" in request for request in broken.requests) == 2


async def test_one_byte_of_an_answer_is_no_race(broken: BrokenUpstream) -> None:
    broken.script = broken.serves_once_then(KEPT, resets(b"H"))
    async with accounts_at(broken.url) as accounts:
        await swap(accounts, "first")

        with pytest.raises(SpotifyUnreachable) as error:
            await swap(accounts, "second")

    assert error.value.loss is ConnectionLoss.EARLY
    assert sum(b"second" in request for request in broken.requests) == 1


async def test_after_the_race_no_other_kept_connection_is_trusted(broken: BrokenUpstream) -> None:
    broken.script = broken.serves_once_then(KEPT, lambda _: None)
    async with accounts_at(broken.url) as accounts:
        # As many connections as logins at once; then each is closed as the next one uses it.
        await asyncio.gather(*(swap(accounts, f"first-{number}") for number in range(5)))

        for number in range(5):
            await swap(accounts, f"second-{number}")

    assert accounts.retries <= 5


async def test_a_code_that_was_never_sent_is_tried_again() -> None:
    # A port that is ours, and where nobody listens.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        async with accounts_at(f"http://127.0.0.1:{nobody.getsockname()[1]}") as accounts:
            with pytest.raises(SpotifyUnreachable) as error:
                await swap(accounts, "code")

    assert error.value.loss is ConnectionLoss.UNSENT
    assert accounts.calls == 3


async def test_a_code_is_exchanged_as_soon_as_spotify_takes_connections(fake: FakeSpotify) -> None:
    code = fake.code()
    async with accounts_at(fake.accounts_url) as accounts:
        fake.refuse_connections(60)

        async def end_the_trouble() -> None:
            while not accounts.calls:
                await asyncio.sleep(0)
            await asyncio.sleep(0.005)
            fake.refuse_connections(0)

        _, answer = await asyncio.gather(end_the_trouble(), swap(accounts, code))

    assert answer.refresh_token is not None
    assert fake.count(Match(token=code)) == 1


async def test_without_trust_in_its_certificate_spotify_gets_nothing() -> None:
    with FakeSpotify(https=True) as fake:
        async with accounts_at(fake.accounts_url) as accounts:
            with pytest.raises(SpotifyUnreachable) as error:
                await swap(accounts, "code")

        assert fake.count(Match(method="POST")) == 0
    assert error.value.loss is ConnectionLoss.UNSENT
    assert "certificate of 127.0.0.1:" in str(error.value)


def test_over_tls_a_certificate_that_is_trusted_is_enough() -> None:
    with (
        FakeSpotify(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            redirect_uris=[REDIRECT_URI],
            https=True,
        ) as fake,
        running_service(fake.accounts_url, SSL_CERT_FILE=str(fake.ca_file)) as service,
    ):
        answers = [post_form(f"{service.url}/swap", {"code": fake.code()}).status for _ in range(3)]

    assert answers == [200] * 3


async def test_connections_that_do_not_come_about_count_as_unsent(fake: FakeSpotify) -> None:
    async with accounts_at(fake.accounts_url) as accounts:
        fake.ignore_connections(60)
        began = time.monotonic()
        with pytest.raises((SpotifyUnreachable, SpotifyTooSlow)):
            await swap(accounts, "code")
        seconds = time.monotonic() - began
        fake.ignore_connections(0)

    assert accounts.calls > 1
    assert seconds < DEADLINE_SECONDS + 1


async def test_a_refresh_waits_as_long_as_spotify_asks_if_there_is_time(
    accounts: SpotifyAccounts, fake: FakeSpotify
) -> None:
    fake.fault(Status(503, "", {"Retry-After": "1"}))
    began = time.monotonic()

    await refresh(accounts, fake)

    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("status", [429, 503])
async def test_what_spotify_asks_of_one_holds_for_all_until_it_is_over(
    accounts: SpotifyAccounts, fake: FakeSpotify, status: int
) -> None:
    fake.fault(Status(status, "", {"Retry-After": "1"}))
    with pytest.raises((SpotifyThrottles, SpotifyFails)):
        await swap(accounts, fake.code())
    asked_at = time.monotonic()
    assert accounts.troubled

    with pytest.raises(CallSuppressed) as suppressed:
        await refresh(accounts, fake)
    assert (suppressed.value.status, suppressed.value.retry_after) == (status, 1)
    assert (accounts.calls, accounts.suppressed) == (1, 1)

    while accounts.troubled:
        await asyncio.sleep(0.01)
    await refresh(accounts, fake)
    assert time.monotonic() - asked_at >= 0.99


async def test_hours_are_told_to_apps_and_minutes_kept(
    accounts: SpotifyAccounts, fake: FakeSpotify
) -> None:
    fake.fault(Status(429, "", {"Retry-After": "19056"}))
    with pytest.raises(SpotifyThrottles) as throttled:
        await swap(accounts, fake.code())

    with pytest.raises(CallSuppressed) as suppressed:
        await swap(accounts, fake.code())

    assert throttled.value.retry_after == 19_056
    assert suppressed.value.retry_after in (19_055, 19_056)


async def test_in_an_outage_retries_die_down_and_then_nobody_asks(
    accounts: SpotifyAccounts, fake: FakeSpotify
) -> None:
    fake.fault(BadGateway(), times=None)
    for _ in range(60):
        with suppress(SpotifyFails, CallSuppressed):
            await refresh(accounts, fake)

    assert accounts.troubled
    assert accounts.retries <= 10
    # Twenty until it opened; a call a second for as long as the machine took over it.
    assert fake.count(Match(grant_type="refresh_token")) <= 30
