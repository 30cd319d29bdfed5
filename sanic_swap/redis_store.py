"""What all machines share, in Redis or Valkey; the one door to them.

Losing it is no error: a store that does not answer at once counts as lost (`StoreLost`), and
then each process works as if alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from sanic_swap.errors import StoreLost
from sanic_swap.revocation_guard import Refusal, Seen
from sanic_swap.secret import Secret
from sanic_swap.store import StoreHealth, Turn

_ANSWER_SECONDS = 0.5  # longest wait for the store; an answer usually takes less than 0.001
_CONNECTIONS = 64
_LOCK_MS = 2000
_PULSE_SECONDS = 0.25
_MOST_REFUSALS = 100
T = TypeVar("T")

# KEYS: lock, kept for all, kept for one, result of the flight that was awaited, "somebody waits".
# ARGV: the asker's token, milliseconds of the lock.
_BEGIN = """
local done = redis.call('GET', KEYS[4]) or redis.call('GET', KEYS[2])
if done then return {'done', done} end
done = redis.call('GET', KEYS[3])
if done then redis.call('DEL', KEYS[3]) return {'done', done} end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'mine', ''} end
redis.call('SET', KEYS[5], '', 'PX', ARGV[2])
return {'theirs', redis.call('GET', KEYS[1])}
"""
# KEYS: lock, result, kept for all, "somebody waits".
# ARGV: token, outcome, and for how long each is kept.
_FINISH = """
if ARGV[2] ~= '' then
  if redis.call('DEL', KEYS[4]) == 1 then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
  if ARGV[4] ~= '0' then redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[4]) end
end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
# KEYS: count of successes, moments of refusals, successes before each.
# ARGV: successes to add, the grant that was refused or '', how many refusals are kept.
_GUARD = """
local successes = redis.call('INCRBY', KEYS[1], ARGV[1])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
if ARGV[2] ~= '' then
  redis.call('ZADD', KEYS[2], now, ARGV[2])
  redis.call('HSET', KEYS[3], ARGV[2], successes)
  while redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[3]) do
    redis.call('HDEL', KEYS[3], redis.call('ZPOPMIN', KEYS[2])[1])
  end
  redis.call('EXPIRE', KEYS[2], 3600)
  redis.call('EXPIRE', KEYS[3], 3600)
end
redis.call('EXPIRE', KEYS[1], 3600)
local seen = {}
for _, grant in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  table.insert(seen, redis.call('ZSCORE', KEYS[2], grant))
  table.insert(seen, redis.call('HGET', KEYS[3], grant) or '0')
end
return {tostring(successes), string.format('%.6f', now), seen}
"""


class RedisStore:
    """
    The store at *url*.

    Used as `async with`; entering does not wait for it to be there.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        app: Names the app among others that use the same store.

    Attributes:
        connections: For whoever speaks to the same store.

    Raises:
        StoreLost: By each method, if there is no answer in time.
    """

    def __init__(self, url: Secret, app: str, health: StoreHealth) -> None:
        self.health = health
        self._app = app
        self.connections = BlockingConnectionPool.from_url(
            url.reveal(),
            max_connections=_CONNECTIONS,
            timeout=_ANSWER_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._client = Redis(connection_pool=self.connections)
        scripts = (_BEGIN, _FINISH, _RENEW, _GUARD)
        self._begin, self._finish, self._renew, self._guard = (
            self._client.register_script(script) for script in scripts
        )
        self._pulse: asyncio.Task[None] | None = None
        self._new_successes = 0

    async def __aenter__(self) -> Self:
        self._pulse = asyncio.create_task(self._beat())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pulse is not None:
            self._pulse.cancel()
            await asyncio.wait([self._pulse])
        with suppress(RedisError, OSError, TimeoutError):
            await self._client.aclose()
            await self.connections.disconnect()

    async def begin(self, name: str, token: str, awaited: str) -> tuple[Turn, bytes]:
        """
        Ask whose turn it is to ask Spotify about *name*.

        Args:
            token: The asker's own, which a lock that it gets is marked with.
            awaited: The token of the one whose result is awaited, or nothing.

        Returns:
            DONE and the outcome, MINE, or THEIRS and the token of the other one.
        """
        keys = [
            self._key(name, part)
            for part in ("lock", "all", "one", f"result:{awaited or '-'}", "waits")
        ]
        turn, value = await self.ask(lambda: self._begin(keys=keys, args=[token, _LOCK_MS]))
        return Turn(turn), value

    async def finish(
        self, name: str, token: str, outcome: bytes, *, result_ms: int, replay_ms: int
    ) -> None:
        """Hand *outcome* (empty: none) to those who wait for it, and give up the turn."""
        keys = [self._key(name, part) for part in ("lock", f"result:{token}", "all", "waits")]
        arguments: list[str | bytes | int] = [token, outcome, result_ms, replay_ms]
        await self.ask(lambda: self._finish(keys=keys, args=arguments))

    async def renew(self, name: str, token: str) -> None:
        """Keep the turn for some more seconds, if it still is this token's."""
        keys = [self._key(name, "lock")]
        await self.ask(lambda: self._renew(keys=keys, args=[token, _LOCK_MS]))

    async def keep_for_one(self, name: str, outcome: bytes, milliseconds: int) -> None:
        """Keep *outcome* for the next who asks."""
        key = self._key(name, "one")
        await self.ask(lambda: self._client.set(key, outcome, px=milliseconds))

    def succeeded(self) -> None:
        """Count a refresh that succeeded; the others hear of it with the next beat."""
        self._new_successes += 1

    async def seen(self, refused: str = "") -> tuple[Seen, float]:
        """Return what all machines have seen, and the store's time; tell of a grant *refused*."""
        added, self._new_successes = self._new_successes, 0
        keys = [self._key(self._app, part) for part in ("successes", "refusals", "before")]
        # Those of a lost store are not told later: they would pass for successes of that time.
        successes, now, refusals = await self.ask(
            lambda: self._guard(keys=keys, args=[added, refused, _MOST_REFUSALS])
        )
        moments, before = map(float, refusals[::2]), map(int, refusals[1::2])
        found = tuple(map(Refusal, moments, before))
        return Seen(found, int(successes)), float(now)

    async def _beat(self) -> None:
        while True:
            with suppress(StoreLost):
                await self.seen()
            await asyncio.sleep(_PULSE_SECONDS)

    async def ask(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what *ask*, which uses these connections, brings."""
        if not self.health.may_try():
            raise StoreLost
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await ask()
        except (RedisError, OSError, TimeoutError) as error:
            self.health.failed(error)
            raise StoreLost from None
        self.health.worked()
        return answer

    @staticmethod
    def _key(name: str, part: str) -> str:
        # The braces keep the keys of one script on one node of a cluster.
        return f"sanic-swap:{{{name}}}:{part}"
