"""The revocation guard's rule: laws, an outage and a normal day."""

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.swap.revocations import (
    AUTHORIZATION_SECONDS,
    ENDS_AT,
    LEAST_GRANTS,
    LONGEST_SECONDS,
    PEER_WAIT_SECONDS,
    SUCCESS_MARGIN,
    WINDOW_SECONDS,
    RefusedGrant,
    Verdict,
    judge,
)

NOW = 1_000_000.0
BELIEVE, WAIT, HOLD = get_args(Verdict)
waits = st.floats(0, PEER_WAIT_SECONDS)
some_grants, any_between, any_apart = st.integers(1, 30), st.integers(0, 50), st.floats(0, 300)


@st.composite
def seen(draw, *, grants=some_grants, between=any_between, apart=any_apart):
    """Refusals of different young grants, the last of them now."""
    successes, moment, refusals = 0, 0.0, []
    for _ in range(draw(grants)):
        successes += draw(between)
        moment += draw(apart)
        refusals.append(RefusedGrant(moment, successes))
    late = NOW - moment
    refusals = [RefusedGrant(one.moment + late, one.successes) for one in refusals]
    return tuple(refusals), successes + draw(between)


def verdict(seen, waited=0.0, **more):
    refusals, successes = seen
    return judge(refusals, successes, refusals[-1], now=NOW + waited, **more)[0]


@given(seen(grants=st.integers(1, LEAST_GRANTS - 1), between=st.just(0)), waits)
def test_fewer_grants_than_the_least_number_are_never_held(seen, waited):
    assert verdict(seen, waited) is not HOLD


@given(
    seen(grants=st.integers(LEAST_GRANTS, 30), between=st.just(0), apart=st.floats(0, 100)), waits
)
def test_many_grants_and_no_success_are_held_whatever_they_waited(seen, waited):
    assert verdict(seen, waited) is HOLD


@given(seen(), st.floats(0, LONGEST_SECONDS * 2) | st.none())
def test_after_its_wait_a_refusal_is_decided(seen, ago):
    spike_began_at = None if ago is None else NOW - ago

    assert verdict(seen, PEER_WAIT_SECONDS, spike_began_at=spike_began_at) is not WAIT


@given(seen(), st.floats(LONGEST_SECONDS, LONGEST_SECONDS * 9), waits)
def test_nobody_is_held_longer_than_the_greatest_duration(seen, ago, waited):
    assert verdict(seen, waited, spike_began_at=NOW - ago) is not HOLD


@given(seen(), st.integers(0, 10_000), waits)
def test_more_successes_never_turn_belief_into_doubt(seen, more, waited):
    if verdict(seen, waited) is BELIEVE:
        refusals, successes = seen
        happier = refusals, successes + more

        assert verdict(happier, waited) is BELIEVE


@given(seen(), st.integers(2, 9))
def test_who_fares_better_than_the_others_is_believed_at_once(seen, others):
    refusals, successes = seen
    later = [RefusedGrant(NOW + number / 100, successes) for number in range(1, others)]
    refusals = (*refusals, *later)

    assert judge(refusals, 10**6, refusals[-others], now=NOW + 0.5)[0] is BELIEVE


@given(seen(apart=st.floats(WINDOW_SECONDS, 9 * WINDOW_SECONDS)))
def test_refusals_that_are_far_apart_are_single_cases(seen):
    assert verdict(seen) is not HOLD


@given(seen())
def test_a_spike_does_not_end_sooner_than_it_would_begin(seen):
    if verdict(seen) is HOLD:
        assert verdict(seen, spike_began_at=NOW - 1) is HOLD


@given(seen(grants=st.integers(LEAST_GRANTS, 30)))
def test_a_spike_ends_when_four_in_five_succeed(seen):
    refusals, _ = seen
    enough = refusals[-LEAST_GRANTS].successes + ENDS_AT * LEAST_GRANTS + 1

    assert judge(refusals, enough, refusals[-1], now=NOW, spike_began_at=NOW - 1)[1] is None


class Day:
    """Many users of one service: what each refresh comes to, in the order of time."""

    def __init__(self, *, seconds_apart, seed):
        self.random = random.Random(seed)
        self.seconds_apart = seconds_apart
        self.now, self.successes = 0.0, 0
        self.refusals, self.waiting = {}, []
        self.spike_began_at = None
        self.verdicts = {BELIEVE: 0, HOLD: 0}

    def refresh(self, *, refused):
        """Let the next user come; what waits is judged whenever something happened."""
        self.now += self.random.expovariate(1 / self.seconds_apart)
        self.settle()
        if refused:
            user = self.random.randrange(100_000)
            self.refusals.pop(user, None)
            self.refusals[user] = RefusedGrant(self.now, self.successes)
            self.waiting.append(self.refusals[user])
        else:
            self.successes += 1
        self.settle()

    def settle(self):
        for refusal in tuple(self.waiting):
            now = min(self.now, refusal.moment + PEER_WAIT_SECONDS)
            latest, began = tuple(self.refusals.values())[-100:], self.spike_began_at
            verdict, self.spike_began_at = judge(
                latest, self.successes, refusal, now=now, spike_began_at=began
            )
            if verdict is not WAIT:
                self.verdicts[verdict] += 1
                self.waiting.remove(refusal)


@pytest.mark.parametrize("seed", range(5))
def test_in_a_replayed_outage_of_five_minutes_nobody_is_told_to_log_in_again(seed):
    day = Day(seconds_apart=1 / 20, seed=seed)
    for _ in range(5000):
        day.refresh(refused=False)
    began = day.now
    while day.now < began + 300:
        day.refresh(refused=True)
    for _ in range(5000):
        day.refresh(refused=False)

    assert day.verdicts[BELIEVE] == 0
    assert day.verdicts[HOLD] > 5000


@pytest.mark.parametrize("share", [0.001, 0.01, 0.03])
@pytest.mark.parametrize("seconds_apart", [0.01, 36.0], ids=["a large service", "a small one"])
def test_on_a_replayed_normal_day_nobody_is_held_back(share, seconds_apart):
    day = Day(seconds_apart=seconds_apart, seed=7)
    for _ in range(20_000):
        day.refresh(refused=day.random.random() < share)

    assert day.verdicts[HOLD] == 0
    assert day.verdicts[BELIEVE] > 5


def test_the_numbers_are_those_that_the_document_gives():
    assert (LEAST_GRANTS, SUCCESS_MARGIN, PEER_WAIT_SECONDS) == (5, 3, 1.0)
    assert (WINDOW_SECONDS, LONGEST_SECONDS, AUTHORIZATION_SECONDS) == (600, 7200, 180 * 86_400)
    assert (LEAST_GRANTS, ENDS_AT) == (5, 4)
