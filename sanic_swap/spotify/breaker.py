"""When Spotify may be called at all: a circuit breaker, and the pause that Spotify asked for.

Pure state machines: the clock is passed in, in seconds of one monotonic clock.

Circuit breaker (Michael Nygard, "Release It!"): closed, every call goes through. It opens when
of the latest 20 calls at least half failed within 10 seconds, or all of them in whatever time:
20 make an outage of everybody's, not one user's trouble, and with little traffic 10 seconds
would never see 20. Open, one call each second may probe; the first that is answered closes it
again. A probe that hangs keeps no other from starting.
"""

from collections import deque
from math import ceil

from sanic_swap.spotify.retries import Grant

CALLS = 20
WINDOW_SECONDS = 10.0
PROBE_SECONDS = 1.0
# A code is good once: it is risked only where no refresh has come to take its turn.
CODE_PROBE_SECONDS = 1.5
LONGEST_COOLDOWN_SECONDS = 120  # one mistaken header must not end the service for a day


class Breaker:
    """Judges calls to one server; while it is open, they are turned away."""

    def __init__(self) -> None:
        self.is_open = False
        self.changed_at = float("-inf")  # when it opened or closed last
        self._latest: deque[tuple[float, bool]] = deque(maxlen=CALLS)  # when, and did it fail
        self._probed_at = 0.0

    def lets_through(self, grant: Grant, now: float) -> bool:
        """Say whether a call may be made; while it is open, that call is the probe."""
        if not self.is_open:
            return True
        patience = CODE_PROBE_SECONDS if grant is Grant.CODE else PROBE_SECONDS
        if now < self._probed_at + patience:
            return False
        self._probed_at = now
        return True

    def succeeded(self, began: float, now: float) -> bool:
        """Note a call that was answered; True if that closed the breaker."""
        if began < self.changed_at:  # it tells of the time before
            return False
        if self.is_open:
            self._change(now)
            return True
        self._latest.append((now, False))
        return False

    def failed(self, began: float, now: float) -> bool:
        """Note a call that failed; True if that opened the breaker."""
        if began < self.changed_at or self.is_open:
            return False
        self._latest.append((now, True))
        failures = sum(failed for _, failed in self._latest)
        is_recent = now - self._latest[0][0] <= WINDOW_SECONDS
        is_full = len(self._latest) == CALLS
        if not is_full or failures < (CALLS / 2 if is_recent else CALLS):
            return False
        self._change(now)
        self._probed_at = now
        return True

    def _change(self, now: float) -> None:
        self.is_open = not self.is_open
        self.changed_at = now
        self._latest.clear()


class Cooldown:
    """What the latest Retry-After of Spotify's means for all calls (RFC 9110 section 10.2.3)."""

    def __init__(self) -> None:
        self.until = -1.0  # no call goes to Spotify before
        self.status = 503  # or 429, whichever came with it
        self._requested_until = -1.0

    def begin(self, status: int, seconds: int, now: float) -> None:
        """Pause all calls for *seconds* from now, though not beyond the cap."""
        until = now + min(seconds, LONGEST_COOLDOWN_SECONDS)
        if until > self.until:
            self.until, self.status, self._requested_until = until, status, now + seconds

    def retry_after(self, now: float) -> int:
        """Return what is left of the time that Spotify asked for, in whole seconds."""
        return max(1, ceil(self._requested_until - now))
