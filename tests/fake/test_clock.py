"""Time stands still, jumps, and goes on."""

from hypothesis import given
from hypothesis import strategies as st

from fake_spotify.clock import Clock

MOMENTS = st.floats(0, 1e10)


def test_it_tells_the_real_time_at_first():
    assert Clock(lambda: 5.0).now() == 5.0


def test_six_months_pass_in_no_time():
    clock = Clock(lambda: 0.0)
    clock.advance(days=180)

    assert clock.now() == 180 * 86400


def test_it_goes_on_from_where_it_was_set():
    real = [100.0]
    clock = Clock(lambda: real[0])
    clock.set(5000.0)
    real[0] += 7

    assert clock.now() == 5007.0


def test_it_stands_still_while_it_is_frozen():
    real = [100.0]
    clock = Clock(lambda: real[0])
    clock.freeze()
    real[0] += 7

    assert (clock.now(), clock.is_frozen) == (100.0, True)


def test_it_goes_on_from_the_moment_it_was_frozen_at():
    real = [100.0]
    clock = Clock(lambda: real[0])
    clock.freeze()
    real[0] += 50
    clock.run()
    real[0] += 1

    assert (clock.now(), clock.is_frozen) == (101.0, False)


@given(MOMENTS)
def test_it_can_be_set_while_it_is_frozen(moment):
    clock = Clock()
    clock.freeze()
    clock.set(moment)

    assert clock.now() == moment


def test_a_reset_brings_back_the_real_time():
    clock = Clock(lambda: 3.0)
    clock.freeze()
    clock.advance(9)
    clock.reset()

    assert (clock.now(), clock.is_frozen) == (3.0, False)
