"""The time by which an app's codes and tokens expire: it runs, is frozen, or is set."""

import time
from collections.abc import Callable


class Clock:
    """
    A clock in Unix seconds that can be set, advanced and frozen.

    Args:
        source: Returns the real time, in Unix seconds.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead_seconds = 0.0
        self._frozen_at: float | None = None

    @property
    def is_frozen(self) -> bool:
        """True while the clock is frozen."""
        return self._frozen_at is not None

    def now(self) -> float:
        """Return the time, in Unix seconds."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._source() + self._ahead_seconds

    def set(self, moment: float) -> None:
        """Set the time to *moment* (Unix seconds); a frozen clock stays frozen."""
        if self._frozen_at is not None:
            self._frozen_at = moment
        else:
            self._ahead_seconds = moment - self._source()

    def advance(self, seconds: float = 0.0, *, days: float = 0.0) -> None:
        """Advance by *seconds* and *days*."""
        self.set(self.now() + seconds + days * 86400)

    def freeze(self) -> None:
        """Freeze the time."""
        self._frozen_at = self.now()

    def run(self) -> None:
        """Let the time run on from where it was frozen."""
        moment = self.now()
        self._frozen_at = None
        self.set(moment)

    def reset(self) -> None:
        """Return to the real time."""
        self._frozen_at = None
        self._ahead_seconds = 0.0
