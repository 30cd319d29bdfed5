"""What the service knows of the store without knowing which it is."""

import time
from collections.abc import Callable
from enum import Enum

from sanic_swap.logs import log

PAUSE_SECONDS = 1.0  # between two tries of a store that is lost


class Turn(Enum):
    """What somebody finds who wants to ask Spotify."""

    DONE = b"done"
    MINE = b"mine"
    THEIRS = b"theirs"


class StoreHealth:
    """
    Remembers whether the store answered, and says so once when that changes.

    Attributes:
        is_lost: Whether every process works as if alone now.
        losses: How often the store was lost.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_try = 0.0
        self.is_lost = False
        self.losses = 0

    def may_try(self) -> bool:
        """Say whether to ask the store; while it is lost, one asker a second tries."""
        if not self.is_lost:
            return True
        now = self._clock()
        if now < self._next_try:
            return False
        self._next_try = now + PAUSE_SECONDS
        return True

    def worked(self) -> None:
        """Hear that the store answered."""
        if self.is_lost:
            self.is_lost = False
            log.info("the store is back")

    def failed(self, why: BaseException) -> None:
        """Hear that the store did not answer."""
        self._next_try = self._clock() + PAUSE_SECONDS
        if not self.is_lost:
            self.is_lost = True
            self.losses += 1
            log.warning(
                "the store is lost; this process works as if alone until it is back",
                extra={"fields": {"why": type(why).__name__}},
            )
