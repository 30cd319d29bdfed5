"""Time stands still, jumps, and goes on."""

import pytest

from fake_spotify.clock import Clock

DAY = 86400.0
WAIT = ("wait 7 s",)


@pytest.mark.parametrize(
    ("steps", "now"),
    [
        pytest.param([WAIT], 107, id="the real time at first"),
        pytest.param([("set", 5000), WAIT], 5007, id="goes on from where it was set"),
        pytest.param([("freeze",), WAIT], 100, id="stands still"),
        pytest.param([("freeze",), ("set", 9), WAIT], 9, id="set while frozen"),
        pytest.param([("freeze",), WAIT, ("run",), WAIT], 107, id="goes on after it was frozen"),
        pytest.param([("freeze",), ("set", 9), ("reset",), WAIT], 107, id="the real time again"),
    ],
)
def test_it_stands_jumps_and_goes_on(steps, now):
    real = [100.0]
    clock = Clock(lambda: real[0])
    for name, *arguments in steps:
        if (name,) == WAIT:
            real[0] += 7
        else:
            getattr(clock, name)(*arguments)

    assert clock.now() == now


def test_it_is_advanced_by_any_unit():
    clock = Clock(lambda: 0.0)
    clock.freeze()
    clock.advance(1, minutes=1, hours=1, days=180)

    assert (clock.now(), clock.is_frozen) == (180 * DAY + 3600 + 60 + 1, True)
