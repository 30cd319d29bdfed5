"""Everybody has as many requests as was promised, and memory has its bounds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanic_swap.errors import RateLimited
from sanic_swap.rate_counts import MOST_COUNTERS, BoundedCounts
from sanic_swap.rate_limit import RateLimit
from sanic_swap.rates import Rate

ONE, OTHER = "203.0.113.7", "198.51.100.2"
MINUTE = 60


class Clock:
    """Goes forward when it is told to."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


async def swaps_let_through(limit, address, asked):
    let_through = 0
    for _ in range(asked):
        try:
            await limit.count_swap(address)
            let_through += 1
        except RateLimited:
            pass
    return let_through


async def test_an_address_has_its_swaps_and_not_one_more():
    limit = RateLimit([Rate(MINUTE, 5)])

    assert await swaps_let_through(limit, ONE, 50) == 5
    assert await swaps_let_through(limit, OTHER, 50) == 5


async def test_a_refusal_tells_the_limit_and_when_to_come_again():
    limit = RateLimit([Rate(MINUTE, 1)])
    await limit.count_swap(ONE)

    with pytest.raises(RateLimited) as refused:
        await limit.count_swap(ONE)

    assert refused.value.limit == 1
    assert 1 <= refused.value.retry_after <= MINUTE


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


@pytest.mark.parametrize("order", [1, -1])
async def test_of_several_rates_each_one_holds(order):
    limit = RateLimit([Rate(1, 100), Rate(MINUTE, 5)][::order])

    assert await swaps_let_through(limit, ONE, 50) == 5


async def test_what_a_short_window_refuses_is_not_counted_in_the_long_one():
    limit = RateLimit([Rate(86_400, 6), Rate(MINUTE, 5)])
    await swaps_let_through(limit, ONE, 50)

    with pytest.raises(RateLimited) as refused:
        await limit.count_swap(ONE)

    assert refused.value.limit == 5


async def test_a_window_lasts_as_long_as_it_says_whatever_is_asked_in_it(clock):
    counts = BoundedCounts(now=clock)
    assert await counts.incr("a", MINUTE) == 1
    clock.seconds += 59
    assert await counts.incr("a", MINUTE) == await counts.get("a") == 2
    clock.seconds += 1

    assert await counts.get("a") == 0
    assert await counts.incr("a", MINUTE) == 1


async def test_the_end_of_a_window_is_told_in_unix_time(clock):
    counts = BoundedCounts(now=clock)
    await counts.incr("a", MINUTE)
    end, nothing = await counts.get_expiry("a"), await counts.get_expiry("b")

    assert 59 < end - nothing <= MINUTE + 1


async def test_counters_whose_window_is_over_go_as_new_ones_come(clock):
    counts = BoundedCounts(now=clock)
    for number in range(20_000):
        clock.seconds += 0.1  # 600 in a minute
        await counts.incr(str(number), MINUTE)

    assert len(counts) <= 601


async def test_a_sweep_of_addresses_stays_within_bounds(clock):
    counts = BoundedCounts(now=clock)
    for number in range(MOST_COUNTERS + 50_000):
        await counts.incr(str(number), 86_400)

    assert len(counts) == MOST_COUNTERS
    assert [await counts.get(key) for key in ("49999", "50000", "149999")] == [0, 1, 1]


async def test_one_who_keeps_asking_is_not_pushed_out_by_few_others(clock):
    counts = BoundedCounts(most=10, now=clock)
    await counts.incr("other", MINUTE)
    for _ in range(1000):
        await counts.incr("a", MINUTE)

    assert await counts.get("a") == 1000
    assert len(counts) == 2


async def test_it_forgets_when_told_to(clock):
    counts = BoundedCounts(now=clock)
    for key in "abc":
        await counts.incr(key, MINUTE)
    await counts.clear("a")

    assert await counts.get("a") == 0
    assert await counts.reset() == 2
    assert len(counts) == 0
    assert await counts.check()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100)), max_size=60))
async def test_nobody_has_more_in_a_window_than_the_limit(steps):
    clock = Clock()
    counts = BoundedCounts(now=clock)
    windows = {}
    for who, passed in steps:
        clock.seconds += passed
        begin, count = windows.get(who, (-MINUTE, 0))
        windows[who] = (clock.seconds, 1) if clock.seconds >= begin + MINUTE else (begin, count + 1)

        assert await counts.incr(str(who), MINUTE) == windows[who][1]
