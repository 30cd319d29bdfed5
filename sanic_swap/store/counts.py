"""Counts requests for all machines; for this process alone while the store is lost."""

from hashlib import blake2b

from sanic_swap.errors import StoreLost
from sanic_swap.store.redis import RedisStore
from sanic_swap.swap.limits import MemoryCounts

# KEYS: the counter. ARGV: 1 or -1, milliseconds of its window.
_COUNT = """
if ARGV[1] == '-1' and redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0} end
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
return {count, left}
"""


class StoreCounts:
    """Counters in the store; *key*, equal on all machines, hides whose they are from it."""

    def __init__(self, store: RedisStore, key: bytes) -> None:
        self._store = store
        self._key = key
        self._count = store.script(_COUNT, _read)
        self._here = MemoryCounts()

    async def count(self, name: str, seconds: int, change: int = 1) -> tuple[int, float]:
        """Do what `swap.limits.Counts` says."""
        window = f"{name}/{seconds}".encode()
        digest = blake2b(window, digest_size=16, key=self._key, person=b"sanic_swap.rate1")
        keys = [f"sanic-swap:rate:{digest.hexdigest()}"]
        try:
            return await self._store.run(self._count, keys, [change, seconds * 1000])
        except StoreLost:
            return await self._here.count(name, seconds, change)


def _read(answer: object) -> tuple[int, float]:
    match answer:
        case [int(count), int(milliseconds)]:
            return count, milliseconds / 1000
    raise ValueError
