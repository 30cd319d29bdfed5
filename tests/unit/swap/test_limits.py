"""So many requests at once and no more, so many in a while and no more, in bounded memory."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import GrantRefused, RateLimited, SpotifyFails, TokenRefused, TooBusy
from sanic_swap.swap.limits import MOST_COUNTERS, InFlight, MemoryCounts, Rate, RateLimit

ONE, OTHER = "203.0.113.7", "198.51.100.2"
MINUTE = 60


class Clock:
    """Goes forward when a test says so."""

    seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


async def swaps_let_through(limit, address, requests=50):
    swaps = (limit.count_swap(address) for _ in range(requests))
    return (await asyncio.gather(*swaps, return_exceptions=True)).count(None)


def kept(counts):
    return sum(map(len, counts._windows.values()))


async def count_of(counts, name, seconds=MINUTE):
    return (await counts.count(name, seconds))[0]


def test_it_lets_in_as_many_as_allowed():
    gate = InFlight(2)

    with gate, gate:
        assert gate.is_full
        with pytest.raises(TooBusy), gate:
            pass
    assert not gate.is_full


async def test_between_a_few_refusals_everybody_else_has_a_turn():
    gate = InFlight(1)
    had: list[str] = []

    async def outsider():
        await gate.turn()
        had.append("outside")

    async def insider():
        while had.count("outside") < 100:
            had.append("inside")
            await asyncio.sleep(0)

    await asyncio.gather(*(outsider() for _ in range(100)), insider())

    turns = "".join(who[0] for who in had).split("i")
    assert max(map(len, turns)) <= 4


async def test_who_has_gone_while_waiting_takes_no_turn():
    gate = InFlight(1)
    waiting = [asyncio.ensure_future(gate.turn()) for _ in range(20)]
    await asyncio.sleep(0)
    for one in waiting[:10]:
        one.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting[10:])

    assert [one.cancelled() for one in waiting] == [True] * 10 + [False] * 10


async def test_an_address_has_its_swaps_and_not_one_more():
    limit = RateLimit([Rate(MINUTE, 5)])

    assert await swaps_let_through(limit, ONE) == 5
    assert await swaps_let_through(limit, OTHER) == 5


async def test_a_refusal_tells_the_limit_and_when_to_come_again(clock):
    limit = RateLimit([Rate(MINUTE, 1)], MemoryCounts(clock=clock))
    await limit.count_swap(ONE)
    clock.seconds += 10.5

    with pytest.raises(RateLimited) as refused:
        await limit.count_swap(ONE)

    assert (refused.value.limit, refused.value.retry_after) == ((1, MINUTE), 50)


async def test_a_network_of_ipv6_counts_as_one_client():
    limit = RateLimit([Rate(MINUTE, 5)])

    let_through = [
        await swaps_let_through(limit, f"2001:db8:1:2::{number:x}", 1) for number in range(50)
    ]

    assert sum(let_through) == 5
    assert await swaps_let_through(limit, "2001:db8:1:3::1", 1) == 1


async def test_swaps_and_refreshes_and_grants_are_counted_apart():
    limit = RateLimit([Rate(MINUTE, 1)])

    await limit.count_swap("abcdefgh")
    await limit.count_refresh("abcdefgh")
    await limit.count_refresh("ABCDEFGH")
    with pytest.raises(RateLimited):
        await limit.count_refresh("abcdefgh")


@pytest.mark.parametrize("other", [Rate(1, 100), Rate(MINUTE, 9)], ids=["longer", "equally long"])
@pytest.mark.parametrize("order", [1, -1])
async def test_of_several_rates_each_one_holds(other, order):
    limit = RateLimit([other, Rate(MINUTE, 5)][::order])

    assert await swaps_let_through(limit, ONE) == 5


async def test_what_a_short_window_refuses_is_not_counted_in_the_long_one():
    limit = RateLimit([Rate(86_400, 6), Rate(MINUTE, 5)])
    await swaps_let_through(limit, ONE)

    with pytest.raises(RateLimited) as refused:
        await limit.count_swap(ONE)

    assert refused.value.limit == (5, MINUTE)


async def test_counters_whose_window_is_over_go_as_new_ones_come(clock):
    counts = MemoryCounts(clock=clock)
    await counts.count("of a longer window", 86_400)
    for number in range(20_000):
        clock.seconds += 0.1  # 600 in a minute
        await counts.count(str(number), MINUTE)

    assert kept(counts) <= 602


async def test_a_sweep_of_addresses_stays_within_bounds(clock):
    counts = MemoryCounts(clock=clock)
    for number in range(MOST_COUNTERS + 50_000):
        await counts.count(str(number), 86_400)

    assert kept(counts) == MOST_COUNTERS
    latest = [await count_of(counts, key, 86_400) for key in ("149999", "50000", "49999")]
    assert latest == [2, 2, 1]


async def test_one_who_keeps_coming_is_not_pushed_out_by_few_others(clock):
    counts = MemoryCounts(most=10, clock=clock)
    await counts.count("other", MINUTE)
    for _ in range(1000):
        await counts.count("a", MINUTE)

    assert await count_of(counts, "a") == 1001
    assert kept(counts) == 2


async def imports_let_through(limit, outcomes):
    """Import once for each outcome, all at the same time; return how many were not limited."""

    async def one(outcome):
        async with limit.counted_import(ONE):
            await asyncio.sleep(0)
            if outcome is not None:
                raise outcome

    ends = await asyncio.gather(*map(one, outcomes), return_exceptions=True)
    return sum(not isinstance(end, RateLimited) for end in ends)


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        pytest.param(TokenRefused("altered"), 0, id="refused here"),
        pytest.param(GrantRefused("invalid_grant"), 0, id="refused by Spotify"),
        pytest.param(asyncio.CancelledError(), 0, id="given up by the client"),
        pytest.param(SpotifyFails(503, None), 60, id="Spotify's trouble"),
        pytest.param(None, 60, id="good"),
    ],
)
async def test_sixty_imports_a_minute_may_be_refused_however_many_come_at_once(outcome, again):
    limit = RateLimit()

    assert await imports_let_through(limit, [outcome] * 200) == 60
    assert await imports_let_through(limit, [outcome] * 200) == again
    await imports_let_through(limit, [TokenRefused("altered")] * 60)
    with pytest.raises(RateLimited) as refused:
        await limit.counted_import(ONE).__aenter__()
    assert refused.value.limit == (60, MINUTE)
    async with limit.counted_import(OTHER):
        pass


async def test_with_a_rate_limit_every_import_counts_and_swaps_count_apart():
    limit = RateLimit([Rate(MINUTE, 5)])

    assert await imports_let_through(limit, [None] * 50) == 5
    assert await imports_let_through(limit, [None]) == 0
    assert await swaps_let_through(limit, ONE) == 5


async def test_what_is_taken_back_belongs_to_its_own_window(clock):
    counts = MemoryCounts(clock=clock)
    await counts.count("a", MINUTE, -1)
    assert await counts.count("a", MINUTE) == (1, MINUTE)
    await counts.count("a", MINUTE, -1)
    assert await counts.count("a", MINUTE) == (1, MINUTE)
    clock.seconds += MINUTE
    await counts.count("a", MINUTE, -1)

    assert await counts.count("a", MINUTE) == (1, MINUTE)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100)), max_size=60))
async def test_a_window_lasts_as_long_as_it_says_whatever_comes_in_it(steps):
    clock = Clock()
    counts = MemoryCounts(clock=clock)
    windows = {}
    for who, passed in steps:
        clock.seconds += passed
        begin, count = windows.get(who, (-MINUTE, 0))
        windows[who] = (clock.seconds, 1) if clock.seconds >= begin + MINUTE else (begin, count + 1)

        assert await counts.count(str(who), MINUTE) == (
            windows[who][1],
            windows[who][0] + MINUTE - clock.seconds,
        )
