"""What one Retry-After of Spotify's means for everybody's calls."""

from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.hold_back import LONGEST_SECONDS, HoldBack

seconds = st.integers(1, 86_400)


def test_at_first_nobody_is_held_back() -> None:
    assert HoldBack().until < 0


@given(asked=seconds, now=st.floats(0, 1e6))
def test_everybody_waits_as_long_as_spotify_asks_but_never_beyond_the_cap(
    asked: int, now: float
) -> None:
    hold_back = HoldBack()

    hold_back.begin(429, asked, now)

    assert hold_back.until == now + min(asked, LONGEST_SECONDS)
    assert hold_back.status == 429


@given(asked=seconds, share=st.floats(0, 1))
def test_apps_are_told_what_is_left_of_all_that_spotify_asked_for(asked: int, share: float) -> None:
    hold_back = HoldBack()
    hold_back.begin(503, asked, now=0.0)
    now = share * hold_back.until

    left = hold_back.retry_after(now)

    assert max(1, asked - now) <= left < asked - now + 1.001


@given(first=seconds, second=seconds, later=st.floats(0, 200))
def test_a_shorter_wait_does_not_end_a_longer_one(first: int, second: int, later: float) -> None:
    hold_back = HoldBack()
    hold_back.begin(429, first, now=0.0)
    until = hold_back.until

    hold_back.begin(503, second, now=later)

    assert hold_back.until >= until
