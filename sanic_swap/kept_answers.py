"""Keeps a few answers for a few seconds, in the memory of this process."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sanic_swap.refreshed import Refreshed

LARGEST = 32 * 1024 * 1024  # characters of all answers together; the oldest go first


@dataclass(frozen=True, slots=True)
class _Kept:
    refreshed: Refreshed
    until: float
    is_for_one: bool


class KeptAnswers:
    """
    Answers by the digest of the refresh token that they belong to.

    Args:
        now: Seconds of a clock that never jumps.
    """

    def __init__(
        self, *, largest: int = LARGEST, now: Callable[[], float] = time.monotonic
    ) -> None:
        # A plain dict finds its oldest key ever more slowly.
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._size = 0
        self._largest = largest
        self._now = now

    def keep_for_all(self, key: bytes, refreshed: Refreshed, seconds: float) -> None:
        """Give *refreshed* to everybody who asks within *seconds*."""
        self._keep(key, _Kept(refreshed, self._now() + seconds, is_for_one=False))

    def keep_for_one(self, key: bytes, refreshed: Refreshed, seconds: float) -> None:
        """Give *refreshed* to the next who asks within *seconds*, if it is not kept for all."""
        kept = self._kept.get(key)
        if kept is None or kept.is_for_one or kept.until <= self._now():
            self._keep(key, _Kept(refreshed, self._now() + seconds, is_for_one=True))

    def take(self, key: bytes) -> Refreshed | None:
        """Return the answer that is kept for *key*, if there is one."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        is_over = kept.until <= self._now()
        if kept.is_for_one or is_over:
            self._drop(key)
        return None if is_over else kept.refreshed

    def drop_for_one(self, key: bytes, refreshed: Refreshed) -> bool:
        """Forget *refreshed* if it is kept for the next one to ask; say whether it was."""
        kept = self._kept.get(key)
        if kept is None or not kept.is_for_one or kept.refreshed is not refreshed:
            return False
        self._drop(key)
        return True

    def _keep(self, key: bytes, kept: _Kept) -> None:
        if key in self._kept:
            self._drop(key)
        self._kept[key] = kept
        self._size += kept.refreshed.size
        while self._kept:
            oldest = next(iter(self._kept))
            if self._size <= self._largest and self._now() < self._kept[oldest].until:
                break
            self._drop(oldest)

    def _drop(self, key: bytes) -> None:
        self._size -= self._kept.pop(key).refreshed.size
