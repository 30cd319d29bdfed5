"""Each grant counts once a day in a process."""

import pytest
from prometheus_client import CollectorRegistry

from sanic_swap.monitoring.metrics import Grants
from sanic_swap.trace import Answered, RequestTrace

DAY = 86_400


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def clock():
    return [200 * DAY]


@pytest.fixture
def count(registry, clock):
    grants = Grants(registry, 180 * DAY, lambda: clock[0])

    def count_one(outcome="ok", **changes):
        trace = RequestTrace()
        for name, value in {
            "grant": "a",
            "key_id": "k",
            "authorized_at": 30 * DAY,
            **changes,
        }.items():
            setattr(trace, name, value)
        grants.count(Answered(trace, "POST", 200, outcome, None, None, 0.1, ""))

    return count_one


def days(registry, bound="+Inf"):
    return registry.get_sample_value(
        "sanic_swap_authorization_remaining_days_bucket", {"le": bound}
    )


def test_a_grant_counts_again_on_the_next_day(registry, clock, count):
    for _ in range(3):
        count()
    assert (days(registry, "7.0"), days(registry, "14.0")) == (0, 1)
    clock[0] += DAY
    count()

    assert days(registry) == 2


def test_a_rotation_keeps_its_grant(registry, count):
    count(rotated_to="b")
    count(grant="b")

    assert days(registry) == 1


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param({"grant": None}, id="no grant"),
        pytest.param({"authorized_at": 0}, id="of unknown age"),
    ],
)
def test_what_has_no_age_is_left_out(registry, count, trace):
    count(**trace)

    assert days(registry) == 0


def test_an_ended_grant_counts_once_and_only_if_a_token_of_ours_held_it(registry, count):
    for key_id in ("k", "k", None):
        count("grant_refused", key_id=key_id)
    count("grant_refused", grant="import", key_id=None)

    assert registry.get_sample_value("sanic_swap_grants_refused_total") == 1
    assert days(registry) == 0
