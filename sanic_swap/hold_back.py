"""Remembers until when Spotify wants to be left alone (RFC 9110 section 10.2.3)."""

from math import ceil

LONGEST_SECONDS = 120  # one mistaken header shall not end the service for a day


class HoldBack:
    """
    What the latest Retry-After of Spotify's means for everybody.

    Every *now* is in seconds of one monotonic clock.

    Attributes:
        until: Nobody's call goes to Spotify before.
        status: 429 or 503, as Spotify said it.
    """

    def __init__(self) -> None:
        self.until = -1.0
        self.status = 503
        self._asked_until = -1.0

    def begin(self, status: int, seconds: int, now: float) -> None:
        """Leave Spotify alone for *seconds* from now, though not beyond the cap."""
        until = now + min(seconds, LONGEST_SECONDS)
        if until > self.until:
            self.until, self.status, self._asked_until = until, status, now + seconds

    def retry_after(self, now: float) -> int:
        """Return what is left of the time that Spotify asked for, in whole seconds."""
        return max(1, ceil(self._asked_until - now))
