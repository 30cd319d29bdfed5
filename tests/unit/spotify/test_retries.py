"""Laws of retries: a code goes out once, a refresh three times, and nothing in vain."""

from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import (
    ConnectionLoss,
    CredentialsRefused,
    GrantRefused,
    SpotifyError,
    SpotifyFails,
    SpotifyNonsense,
    SpotifyThrottles,
    SpotifyTooSlow,
    SpotifyUnreachable,
)
from sanic_swap.spotify.retries import (
    BUCKET_SIZE,
    LEAST_SECONDS,
    MOST_TRIES,
    REFILL,
    Grant,
    seconds_to_retry,
)

UNSENT, STALE, EARLY, LATE = map(SpotifyUnreachable, ConnectionLoss)
ANSWERED = [
    GrantRefused("invalid_grant", status=400),
    CredentialsRefused("no"),
    SpotifyThrottles("429"),
    SpotifyThrottles("429", retry_after=1),
    SpotifyFails(500, None),
    SpotifyFails(501, 1),
    SpotifyNonsense("a page"),
]
PASSING = [SpotifyFails(status, None) for status in (502, 503, 504)]
TOO_SLOW = SpotifyTooSlow("no answer")
EVERY = [UNSENT, STALE, EARLY, LATE, *ANSWERED, *PASSING, SpotifyFails(503, 3), TOO_SLOW]

grants = st.sampled_from(Grant)
errors = st.sampled_from(EVERY)
wait = partial(seconds_to_retry, tries=1, left_seconds=8.0, bucket=10.0, jitter=lambda: 0.5)


@pytest.mark.parametrize("error", EVERY, ids=str)
def test_a_refresh_is_tried_again_where_another_answer_may_be_hoped_for(
    error: SpotifyError,
) -> None:
    passing = error in (UNSENT, STALE, EARLY, *PASSING) or str(error) == "Spotify answered 503"

    assert (wait(error, Grant.REFRESH) is not None) == passing


@pytest.mark.parametrize("error", EVERY, ids=str)
def test_a_code_is_tried_again_only_where_it_was_not_sent_or_its_connection_was_stale(
    error: SpotifyError,
) -> None:
    assert (wait(error, Grant.CODE) is not None) == (error in (UNSENT, STALE))
    assert (wait(error, Grant.CODE, tries=2) is not None) == (error is UNSENT)


@given(error=errors, grant=grants, tries=st.integers(MOST_TRIES, 99))
def test_three_tries_are_enough(error: SpotifyError, grant: Grant, tries: int) -> None:
    assert wait(error, grant, tries=tries) is None


@given(
    error=errors,
    grant=grants,
    tries=st.integers(1, 3),
    left_seconds=st.floats(-1, 60),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_what_is_left_after_the_wait_is_enough_for_an_answer(
    error: SpotifyError, grant: Grant, tries: int, left_seconds: float, jitter: float
) -> None:
    seconds = wait(error, grant, tries=tries, left_seconds=left_seconds, jitter=lambda: jitter)

    assert seconds is None or (seconds >= 0 and left_seconds - seconds >= LEAST_SECONDS)


@given(error=errors, bucket=st.floats(0, 1, exclude_max=True))
def test_an_empty_bucket_ends_the_retries_of_refreshes(error: SpotifyError, bucket: float) -> None:
    assert wait(error, Grant.REFRESH, bucket=bucket) is None


@given(asked=st.integers(1, 7), jitter=st.floats(0, 1, exclude_max=True), tries=st.integers(1, 2))
def test_no_retry_comes_before_spotify_wants_it(asked: int, jitter: float, tries: int) -> None:
    seconds = wait(SpotifyFails(503, asked), Grant.REFRESH, tries=tries, jitter=lambda: jitter)

    assert seconds is None or seconds > asked


@given(jitter=st.floats(0, 1, exclude_max=True))
def test_the_jitter_is_full_and_its_range_doubles(jitter: float) -> None:
    first, second = (wait(EARLY, Grant.REFRESH, tries=n, jitter=lambda: jitter) for n in (1, 2))

    assert first is not None
    assert first == pytest.approx(jitter * 0.2)
    assert second == pytest.approx(2 * first)


@pytest.mark.parametrize(
    ("error", "options", "seconds"),
    [
        (EARLY, {"tries": 2}, 0.2),
        (SpotifyFails(502, None), {}, 0.1),
        (SpotifyFails(503, 3), {}, 3.12),  # the timer may fire 0.02 s too early
        (EARLY, {"bucket": 1.0}, 0.1),
        (EARLY, {"left_seconds": 0.61}, 0.1),
        (EARLY, {"left_seconds": 0.59}, None),
    ],
)
def test_so_long_is_the_wait(
    error: SpotifyError, options: dict[str, Any], seconds: float | None
) -> None:
    assert wait(error, Grant.REFRESH, **options) == pytest.approx(seconds)


def test_in_the_long_run_a_tenth_of_the_calls_are_retries() -> None:
    assert (MOST_TRIES, BUCKET_SIZE, REFILL) == (3, 10.0, 0.1)


def test_no_code_arrives_twice_but_in_the_one_race() -> None:
    for happening in product(EVERY, repeat=MOST_TRIES):
        arrived = races = 0
        for tries, error in enumerate(happening, start=1):
            arrived += error is not UNSENT
            if wait(error, Grant.CODE, tries=tries) is None:
                break
            races += error is STALE

        assert races <= 1
        assert arrived <= 1 + races
