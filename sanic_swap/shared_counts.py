"""Counts how often somebody asked, for all machines; here alone while the store is lost."""

from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING

from limits.aio.storage import RedisStorage, Storage

from sanic_swap.errors import StoreLost
from sanic_swap.rate_counts import BoundedCounts

if TYPE_CHECKING:
    from sanic_swap.redis_store import RedisStore


class SharedCounts(Storage):
    """
    Counters in the store, which learns neither addresses nor grants.

    Args:
        key: Hashes the names of counters; equal on all machines.
    """

    def __init__(self, store: "RedisStore", key: bytes) -> None:
        super().__init__()
        self._store = store
        self._key = key
        # The scheme decides nothing here: the connections are the store's own.
        self._there = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix="sanic-swap-rates",
            connection_pool=store.connections,  # type: ignore[arg-type]  # as it documents
        )
        self._here = BoundedCounts()

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; a window begins with the first request in it and lasts *expiry* seconds."""
        try:
            return await self._store.ask(
                lambda: self._there.incr(self._hidden(key), int(expiry), amount)
            )
        except StoreLost:
            return await self._here.incr(key, expiry, amount)

    async def get(self, key: str) -> int:
        """Return how often it was counted in its window."""
        try:
            return await self._store.ask(lambda: self._there.get(self._hidden(key)))
        except StoreLost:
            return await self._here.get(key)

    async def get_expiry(self, key: str) -> float:
        """Return the end of its window in Unix seconds."""
        try:
            return await self._store.ask(lambda: self._there.get_expiry(self._hidden(key)))
        except StoreLost:
            return await self._here.get_expiry(key)

    async def clear(self, key: str) -> None:
        """Forget it."""
        try:
            await self._store.ask(lambda: self._there.clear(self._hidden(key)))
        except StoreLost:
            await self._here.clear(key)

    async def reset(self) -> int:
        """Forget what was counted here; what is shared ends by itself."""
        return await self._here.reset()

    async def check(self) -> bool:
        """Say that something counts, here or there."""
        return True

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return ValueError

    def _hidden(self, key: str) -> str:
        digest = blake2b(key.encode(), digest_size=16, key=self._key, person=b"sanic_swap.rate1")
        return urlsafe_b64encode(digest.digest()).decode()
