"""Counts how often somebody asked, in memory that does not grow without end.

The library's own memory looks through all its counters whenever one changes: an attack
from many addresses would make every request slow. Here each step costs the same, and the
oldest counters go when there are too many.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from limits.aio.storage import Storage

MOST_COUNTERS = 100_000  # less than 50 MB


class BoundedCounts(Storage):
    """
    Counters for windows of one length, so that the oldest one is the first to end.

    Args:
        most: How many counters are kept; further ones push out the oldest.
        now: Seconds that only go forward, for tests.
    """

    def __init__(
        self, most: int = MOST_COUNTERS, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._most = most
        self._now = now
        # How often, and until when. A plain dict finds its oldest key ever more slowly.
        self._counters: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counters)

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; a window begins with the first request in it and lasts *expiry* seconds."""
        count, ends_at = self._counters.get(key, (0, 0.0))
        now = self._now()
        if ends_at <= now:
            self._counters.pop(key, None)
            self._make_room(now)
            count, ends_at = 0, now + expiry
        self._counters[key] = count + amount, ends_at
        return count + amount

    async def get(self, key: str) -> int:
        """Return how often it was counted in its window."""
        count, ends_at = self._counters.get(key, (0, 0.0))
        return count if ends_at > self._now() else 0

    async def get_expiry(self, key: str) -> float:
        """Return the end of its window in Unix seconds."""
        now = self._now()
        _, ends_at = self._counters.get(key, (0, now))
        return time.time() + ends_at - now

    async def clear(self, key: str) -> None:
        """Forget it."""
        self._counters.pop(key, None)

    async def reset(self) -> int:
        """Forget everything; return how much that was."""
        known = len(self._counters)
        self._counters.clear()
        return known

    async def check(self) -> bool:
        """Say that memory is there."""
        return True

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return ValueError

    def _make_room(self, now: float) -> None:
        """Drop what is over: two for each new one, so that nobody waits while many go."""
        for _ in range(2):
            oldest = next(iter(self._counters), None)
            if oldest is None:
                return
            if self._counters[oldest][1] > now and len(self._counters) < self._most:
                return
            del self._counters[oldest]
