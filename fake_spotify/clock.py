"""
The time by which an app's codes and tokens expire: it runs, is frozen, or is set.

It follows `time.time()` of this process, so also what freezegun and time-machine make of that.
What the fake waits for (faults with a delay, outages) passes in real time all the same.
"""

import asyncio
import time
from collections.abc import Callable


class RealTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers run while a test has frozen `time.monotonic`."""

    def time(self) -> float:
        """Return seconds from a clock that freezegun and time-machine leave alone."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)


class Clock:
    """A clock in Unix seconds, as *source* is, that can be set, advanced and frozen."""

    # time.time is looked up at each call: freezegun puts another function in its place.
    def __init__(self, source: Callable[[], float] = lambda: time.time()) -> None:
        self._source = source
        self.ahead_seconds = 0.0
        self._frozen_at: float | None = None

    @property
    def is_frozen(self) -> bool:
        return self._frozen_at is not None

    def now(self) -> float:
        if self._frozen_at is not None:
            return self._frozen_at
        return self._source() + self.ahead_seconds

    def set(self, moment: float) -> None:
        """Set the time to *moment* (Unix seconds); a frozen clock stays frozen."""
        if self._frozen_at is not None:
            self._frozen_at = moment
        else:
            self.ahead_seconds = moment - self._source()

    def advance(
        self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0
    ) -> None:
        self.set(self.now() + seconds + minutes * 60 + hours * 3600 + days * 86400)

    def freeze(self) -> None:
        self._frozen_at = self.now()

    def run(self) -> None:
        """Let the time run on from where it was frozen."""
        if self._frozen_at is not None:
            moment, self._frozen_at = self._frozen_at, None
            self.set(moment)

    def reset(self) -> None:
        self._frozen_at = None
        self.ahead_seconds = 0.0
