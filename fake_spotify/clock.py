"""The time that an app's codes and tokens live by: it runs, stands still, or jumps."""

import time
from collections.abc import Callable


class Clock:
    """
    Tells the time in Unix seconds; six months may pass in no time.

    Args:
        source: Where the real time comes from, in Unix seconds.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead_seconds = 0.0
        self._frozen_at: float | None = None

    @property
    def is_frozen(self) -> bool:
        """True while time stands still."""
        return self._frozen_at is not None

    def now(self) -> float:
        """Tell the time, in Unix seconds."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._source() + self._ahead_seconds

    def set(self, moment: float) -> None:
        """Jump to *moment* (Unix seconds), forwards or back; frozen stays frozen."""
        if self._frozen_at is not None:
            self._frozen_at = moment
        else:
            self._ahead_seconds = moment - self._source()

    def advance(self, seconds: float = 0.0, *, days: float = 0.0) -> None:
        """Let *seconds* and *days* pass at once."""
        self.set(self.now() + seconds + days * 86400)

    def freeze(self) -> None:
        """Stand still at the present moment."""
        self._frozen_at = self.now()

    def run(self) -> None:
        """Go on from the present moment."""
        moment = self.now()
        self._frozen_at = None
        self.set(moment)

    def reset(self) -> None:
        """Tell the real time again."""
        self._frozen_at = None
        self._ahead_seconds = 0.0
