"""Counts in a store that all machines share, and alone while that store is lost."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from limits.aio.storage import RedisStorage, Storage

from sanic_swap.logs import log

_T = TypeVar("_T")
_PATIENCE_SECONDS = 0.5
_PAUSE_SECONDS = 5.0


def redis_counts(pool: Any, prefix: str) -> Storage:  # noqa: ANN401 - of a library that is optional
    """Return counters in the Redis that *pool*, of `redis.asyncio`, leads to; keys begin so."""
    # A pool rather than a URL: the library demands a port there, and repeats the password
    # when it complains.
    return RedisStorage(
        "async+redis://",
        implementation="redispy",
        key_prefix=prefix,
        connection_pool=pool,
    )


class SharedCounts(Storage):
    """
    Counters that never fail: those of a store, or of this process while that is lost.

    Args:
        shared: The store; opened and closed by whoever made it.
        alone: The memory of this process.
        now: Seconds that only go forward, for tests.
    """

    def __init__(
        self, shared: Storage, alone: Storage, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._shared = shared
        self._alone = alone
        self._now = now
        self._is_lost = False
        self._ask_again_at = now()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count."""
        return await self._ask(lambda counts: counts.incr(key, expiry, amount))

    async def get(self, key: str) -> int:
        """Return how often it was counted in its window."""
        return await self._ask(lambda counts: counts.get(key))

    async def get_expiry(self, key: str) -> float:
        """Return the end of its window in Unix seconds."""
        return await self._ask(lambda counts: counts.get_expiry(key))

    async def clear(self, key: str) -> None:
        """Forget it."""
        await self._ask(lambda counts: counts.clear(key))

    async def reset(self) -> int | None:
        """Forget everything."""
        return await self._ask(lambda counts: counts.reset())

    async def check(self) -> bool:
        """Say whether the store is there."""
        return not self._is_lost

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return ValueError

    async def _ask(self, question: Callable[[Storage], Awaitable[_T]]) -> _T:
        if self._now() < self._ask_again_at:
            return await question(self._alone)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await question(self._shared)
        except (OSError, TimeoutError) as error:
            self._lose(error)
        except self._shared.base_exceptions as error:
            self._lose(error)
        else:
            if self._is_lost:
                self._is_lost = False
                log.info("RATE_LIMIT: the store is back, so all count together again")
            return answer
        return await question(self._alone)

    def _lose(self, error: Exception) -> None:
        # A while without asking: not every request shall wait to find out again.
        self._ask_again_at = self._now() + _PAUSE_SECONDS
        if not self._is_lost:
            self._is_lost = True
            kind = type(error).__name__
            log.warning("RATE_LIMIT: the store is lost (%s), so each process counts alone", kind)
