"""Which refusals are held back, who notices that it is over, and that nothing is left running."""

import asyncio

import pytest

from sanic_swap.errors import GrantRefused, RevocationDoubted
from sanic_swap.swap.revocations import (
    AUTHORIZATION_SECONDS,
    ENDS_AT,
    LEAST_GRANTS,
    WINDOW_SECONDS,
    Revocations,
)
from tests.contract import patience

NOW = 1_795_040_626
REFUSED = GrantRefused("refused", error="invalid_grant")
OTHER = GrantRefused("refused", error="invalid_scope")


class Clock:
    """Goes forward when a test says so, and by itself as it is read."""

    seconds = 1000.0

    def __call__(self):
        self.seconds += 0.02  # of the second that a refusal may wait
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def revocations(clock):
    revocations = Revocations(timeout_seconds=8, clock=clock, now=lambda: NOW)
    yield revocations
    await revocations.close()


async def is_believed(revocations, clock, grant, *, authorized_at=NOW - 60, refusal=REFUSED):
    try:
        await revocations.check(b"%d" % grant, authorized_at, refusal, began=clock.seconds)
    except RevocationDoubted:
        return False
    return True


async def refuse_many(revocations, clock, count=LEAST_GRANTS):
    refusals = (is_believed(revocations, clock, grant) for grant in range(count))
    return await asyncio.gather(*refusals)


async def until_it_is_over(revocations):
    async with asyncio.timeout(patience.seconds(10)):
        while revocations.is_holding:
            await asyncio.sleep(0.05)


async def test_many_young_grants_refused_at_once_are_held_back(revocations, clock, caplog):
    assert await refuse_many(revocations, clock, 10) == [False] * 10
    assert (revocations.held, revocations.is_holding) == (10, True)
    assert caplog.text.count("Revocation guard active: Spotify rejected the last 5 grants") == 1


@pytest.mark.parametrize(
    ("authorized_at", "refusal", "believed"),
    [
        pytest.param(NOW, REFUSED, False, id="a grant of today"),
        pytest.param(NOW - AUTHORIZATION_SECONDS + 1, REFUSED, False, id="in its last second"),
        pytest.param(NOW - AUTHORIZATION_SECONDS, REFUSED, True, id="past its life"),
        pytest.param(NOW + 60, REFUSED, False, id="of a clock that is ahead"),
        pytest.param(0, REFUSED, True, id="a grant of unknown age"),
        pytest.param(NOW - 60, OTHER, True, id="another error"),
    ],
)
async def test_young_grants_alone_are_held_back_and_invalid_grant_alone(
    revocations, clock, authorized_at, refusal, believed
):
    await refuse_many(revocations, clock)
    answer = is_believed(revocations, clock, 99, authorized_at=authorized_at, refusal=refusal)

    assert await answer is believed


async def test_a_grant_that_is_known_to_be_dead_is_no_new_case(revocations, clock):
    for _ in range(3):
        revocations.succeeded()
    began = clock.seconds - 8  # nothing is left to wait
    for _ in range(2 * LEAST_GRANTS):
        await revocations.check(b"dead", NOW - 60, REFUSED, began=began)

    assert not revocations.is_holding


async def test_enough_successes_end_it_and_that_is_logged(revocations, clock, caplog):
    await refuse_many(revocations, clock)
    for _ in range(ENDS_AT * LEAST_GRANTS + 1):
        revocations.succeeded()
    await until_it_is_over(revocations)

    assert await is_believed(revocations, clock, 99, refusal=REFUSED)
    assert "Revocation guard inactive; invalid_grant is passed on again" in caplog.messages


async def test_silence_ends_it_too(revocations, clock):
    await refuse_many(revocations, clock)
    clock.seconds += WINDOW_SECONDS
    await until_it_is_over(revocations)

    assert revocations.held == LEAST_GRANTS


async def test_closing_awaits_the_task_that_watches_a_spike(revocations, clock):
    await refuse_many(revocations, clock)
    watching = asyncio.all_tasks() - {asyncio.current_task()}
    assert len(watching) == 1

    await revocations.close()

    assert all(task.done() for task in watching)
