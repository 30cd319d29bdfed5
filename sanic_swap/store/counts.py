"""Counts requests for all machines; for this process alone while the store is lost."""

from hashlib import blake2b

from sanic_swap.errors import StoreLost
from sanic_swap.store.redis import RedisStore
from sanic_swap.swap.limits import MemoryCounts

# KEYS: the counter. ARGV: milliseconds of its window.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""


class StoreCounts:
    """
    Counters in the store, which learns neither addresses nor grants.

    Args:
        key: Hashes the names of counters; equal on all machines.
    """

    def __init__(self, store: RedisStore, key: bytes) -> None:
        self._store = store
        self._key = key
        self._script = store.script(_COUNT)
        self._here = MemoryCounts()

    async def count(self, name: str, seconds: int) -> tuple[int, float]:
        """Count one request in *name*'s window; return the count and the seconds it has left."""
        window = f"{name}/{seconds}".encode()
        digest = blake2b(window, digest_size=16, key=self._key, person=b"sanic_swap.rate1")
        keys = [f"sanic-swap:rate:{digest.hexdigest()}"]
        try:
            count, milliseconds = await self._store.run(self._script, keys, [seconds * 1000])
        except StoreLost:
            return await self._here.count(name, seconds)
        return count, milliseconds / 1000
