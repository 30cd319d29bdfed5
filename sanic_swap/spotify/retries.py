"""When a call to Spotify that failed is made again: one pure function.

- RFC 6749 section 4.1.2: a code that comes twice is refused, and the tokens of its first use
  should be revoked. So a code goes out again only where it cannot have been used, or where
  its answer is lost to everybody.
- RFC 9112 section 9.3.1: a kept connection may be closed at any time, also just as a request
  goes out on it.
- RFC 9110 section 10.2.3: `Retry-After`.
- Marc Brooker, "Timeouts, retries, and backoff with jitter" (Amazon Builders' Library): few
  tries, full jitter, retries from a bucket that lets them die down in an outage.
"""

import random
from collections.abc import Callable
from enum import Enum

from sanic_swap.errors import ConnectionLoss, SpotifyError, SpotifyFails, SpotifyUnreachable

MOST_TRIES = 3
BUCKET_SIZE = 10.0
REFILL = 0.1  # by every request of an app, so that retries are a tenth of them in the long run
LEAST_SECONDS = 0.5  # in which an answer may be hoped for
_FIRST_BACKOFF_SECONDS = 0.2  # doubled each time
_TIMER_SECONDS = 0.02  # by which a timer may fire too early
_PASSING = frozenset({502, 503, 504})


class Grant(Enum):
    """What is traded for tokens; the value is its `grant_type`."""

    CODE = "authorization_code"
    REFRESH = "refresh_token"


def seconds_to_retry(
    error: SpotifyError,
    grant: Grant,
    *,
    tries: int,  # that there have been, this one included
    left_seconds: float,  # until the deadline of the whole request
    bucket: float,  # how many retries of refreshes the process has left
    jitter: Callable[[], float] = random.random,  # a number from 0 up to 1
) -> float | None:
    """Say how long to wait before Spotify is asked again, or None to give up."""
    asked_seconds = 0.0
    match error:
        case SpotifyUnreachable(loss=ConnectionLoss.UNSENT):
            may_retry = True
        case SpotifyUnreachable(loss=ConnectionLoss.STALE):
            may_retry = grant is Grant.REFRESH or tries == 1
        case SpotifyUnreachable(loss=ConnectionLoss.EARLY):
            may_retry = grant is Grant.REFRESH
        case SpotifyFails(upstream_status=status, retry_after=retry_after):
            may_retry = grant is Grant.REFRESH and status in _PASSING
            asked_seconds = retry_after + _TIMER_SECONDS if retry_after else 0.0
        case _:
            may_retry = False
    if not may_retry or tries >= MOST_TRIES or (grant is Grant.REFRESH and bucket < 1):
        return None
    wait = asked_seconds + jitter() * _FIRST_BACKOFF_SECONDS * 2 ** (tries - 1)
    return wait if left_seconds - wait >= LEAST_SECONDS else None
