"""Circuit breaker and cooldown on a clock of their own: when they begin, how soon they end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.spotify.breaker import (
    CALLS,
    LONGEST_COOLDOWN_SECONDS,
    PROBE_SECONDS,
    WINDOW_SECONDS,
    Breaker,
    Cooldown,
)
from sanic_swap.spotify.retries import Grant

CODE, REFRESH = Grant
waits = st.integers(1, 86_400)


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(CALLS):
        breaker.failed(now, now)
    assert breaker.is_open
    return breaker


def outcomes(breaker: Breaker, fails: list[bool], every_seconds: float) -> None:
    for number, has_failed in enumerate(fails):
        now = number * every_seconds
        (breaker.failed if has_failed else breaker.succeeded)(now, now)


@pytest.mark.parametrize(
    ("fails", "every_seconds", "opens"),
    [
        pytest.param([True] * 19, 0.01, False, id="too few to be everybody's"),
        pytest.param([True] * 20, 0.01, True, id="twenty at once"),
        pytest.param([True] * 20, 60.0, True, id="twenty in a row, one a minute"),
        pytest.param([False] * 1000 + [True] * 10, 0.01, True, id="half of the latest"),
        pytest.param([False] * 1000 + [True] * 9, 0.01, False, id="fewer than half of them"),
        pytest.param([False, True] * 10, 0.5, True, id="every other one, in ten seconds"),
        pytest.param([False, True] * 10, 0.6, False, id="every other one, in more"),
        pytest.param([False, False, True] * 100, 0.01, False, id="every third"),
    ],
)
def test_it_opens_when_spotify_fails_for_everyone(
    fails: list[bool], every_seconds: float, opens: bool
) -> None:
    breaker = Breaker()

    outcomes(breaker, fails, every_seconds)

    assert breaker.is_open == opens


@given(fails=st.lists(st.booleans(), max_size=60), every_seconds=st.floats(0, 2))
def test_it_never_opens_while_most_calls_succeed(fails: list[bool], every_seconds: float) -> None:
    mostly_fine = [outcome for has_failed in fails for outcome in (False, has_failed, False)]
    breaker = Breaker()

    outcomes(breaker, mostly_fine, every_seconds)

    assert not breaker.is_open


@given(times=st.lists(st.floats(0, 0.7), max_size=200), grants=st.lists(st.sampled_from(Grant)))
def test_open_it_lets_through_one_call_a_second(times: list[float], grants: list[Grant]) -> None:
    breaker, now, let_through = opened(), 0.0, [0.0]
    for step, grant in zip(times, grants * 50, strict=False):
        now += step
        if breaker.lets_through(grant, now):
            let_through.append(now)

    waits = [later - earlier for earlier, later in pairwise(let_through)]
    assert min(waits, default=PROBE_SECONDS) >= PROBE_SECONDS - 1e-9


def test_a_code_probes_only_where_no_refresh_does() -> None:
    breaker = opened()

    assert not breaker.lets_through(CODE, 1.2)
    assert breaker.lets_through(REFRESH, 1.2)
    assert not breaker.lets_through(CODE, 2.3)
    assert breaker.lets_through(CODE, 2.7)


def test_a_probe_that_hangs_or_fails_keeps_no_other_from_starting() -> None:
    breaker = opened()

    assert all(breaker.lets_through(REFRESH, float(second)) for second in range(1, 9))
    assert not breaker.failed(8.0, 8.1)
    assert not breaker.lets_through(REFRESH, 8.5)
    assert breaker.lets_through(REFRESH, 9.0)


def test_the_first_probe_that_is_answered_closes_it() -> None:
    breaker = opened()
    assert breaker.lets_through(REFRESH, 1.0)

    assert breaker.succeeded(1.0, 1.1)
    assert breaker.lets_through(CODE, 1.1)


def test_calls_from_before_it_opened_or_closed_tell_nothing() -> None:
    breaker = opened(now=5.0)
    assert not breaker.succeeded(began=4.9, now=5.2)
    assert breaker.is_open

    breaker.succeeded(began=6.0, now=6.1)
    for _ in range(CALLS):
        breaker.failed(began=5.5, now=6.2)
    assert not breaker.is_open


@pytest.mark.parametrize("grant", Grant, ids=lambda grant: grant.value)
@pytest.mark.parametrize("per_second", [0.5, 0.9, 1, 1.3, 2, 5, 10, 100, 1000])
def test_an_outage_of_a_minute_costs_spotify_at_most_eighty_calls(
    per_second: float, grant: Grant
) -> None:
    breaker, calls, recovered, begins, ends = Breaker(), 0, 0.0, 30.0, 90.0
    for now in (number / per_second for number in range(round(120 * per_second))):
        if not breaker.lets_through(grant, now):
            continue
        if begins <= now < ends:
            calls += 1
            breaker.failed(now, now)
        else:
            breaker.succeeded(now, now)
            recovered = recovered or (now if now >= ends else 0.0)

    assert calls <= 80
    assert recovered - ends <= max(2.0, 1 / per_second)


def test_the_window_is_as_documented() -> None:
    assert (CALLS, WINDOW_SECONDS, PROBE_SECONDS) == (20, 10.0, 1.0)


@given(requested=waits, begins=st.floats(0, 1e6), share=st.floats(0, 1))
def test_calls_pause_as_long_as_spotify_asks_up_to_a_cap_and_apps_get_all_that_is_left(
    requested: int, begins: float, share: float
) -> None:
    cooldown = Cooldown()
    assert cooldown.until < 0

    cooldown.begin(429, requested, begins)
    seconds = share * min(requested, LONGEST_COOLDOWN_SECONDS)

    assert cooldown.until == begins + min(requested, LONGEST_COOLDOWN_SECONDS)
    assert cooldown.status == 429
    left = cooldown.retry_after(begins + seconds)
    assert max(1, requested - seconds - 0.001) <= left < requested - seconds + 1.001


@given(first=waits, second=waits, later=st.floats(0, 200))
def test_a_shorter_wait_does_not_end_a_longer_one(first: int, second: int, later: float) -> None:
    cooldown = Cooldown()
    cooldown.begin(429, first, now=0.0)
    until = cooldown.until

    cooldown.begin(503, second, now=later)

    assert cooldown.until >= until
