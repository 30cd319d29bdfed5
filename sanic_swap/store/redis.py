"""The connection to Redis or Valkey, which all machines share.

A lost store is no error for an app: a store that does not answer in time, or not as it should,
counts as lost (`StoreLost`), and then each process works without the others.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_bytes
from time import monotonic
from typing import Generic, NamedTuple, Self, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from sanic_swap.errors import StoreLost
from sanic_swap.logs import log
from sanic_swap.secret import Secret
from sanic_swap.store.reasons import reason_of

T = TypeVar("T")
Word = str | bytes | int

ANSWER_SECONDS = 0.5  # longest wait for the store; an answer usually takes less than 0.001
SLOW_SECONDS = 0.15  # a store that takes longer is noticed by whoever refreshes
_SLOW_ANSWERS = 3  # in a row; a single one says nothing
_PAUSE_SECONDS = 1.0
_CONNECTIONS = 64
# A store that answers, but runs no script or refuses to write, is as good as lost.
_PROBE = "redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000) return redis.call('GET', KEYS[1])"


class Script(NamedTuple, Generic[T]):
    """One in Lua; *read* makes a value of its answer, or raises ValueError if it cannot be one."""

    call: AsyncScript
    read: Callable[[object], T]


class RedisStore:
    """The store at *url*.

    Used as `async with`; entering does not wait for it to be there.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        pause_seconds: Between two tries of a store that is lost or slow.

    Attributes:
        is_lost: Whether this process shares nothing with the others now.
        losses: How often the store was lost.
    """

    def __init__(self, url: Secret, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._connections = BlockingConnectionPool.from_url(
            url.reveal(),
            max_connections=_CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        where = self._connections.connection_kwargs
        self._address = where.get("path") or f"{where.get('host')}:{where.get('port', 6379)}"
        self._scheme = url.reveal().partition(":")[0]  # forgotten once it has answered
        self._client = Redis(connection_pool=self._connections)
        self._probe = self.script(_PROBE, lambda answer: answer)
        self._pause_seconds = pause_seconds
        self._watch: asyncio.Task[None] | None = None
        self._slow_answers = 0
        self.is_lost = False
        self.losses = 0

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._try_until_it_answers(0))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        with suppress(RedisError, OSError, TimeoutError):
            await self._client.aclose()
            await self._connections.disconnect()

    @property
    def word(self) -> str:
        """`ok`, `lost`, or `slow` while answers come late, though in time."""
        is_slow = self._slow_answers >= _SLOW_ANSWERS
        return "lost" if self.is_lost else "slow" if is_slow else "ok"

    def script(self, text: str, read: Callable[[object], T]) -> Script[T]:
        """Return a script for `run`."""
        return Script(self._client.register_script(text), read)

    async def run(self, script: Script[T], keys: Sequence[str], arguments: Sequence[Word]) -> T:
        """Return what *script* returns.

        Raises:
            StoreLost: If that does not come within half a second, or the store is lost already.
        """
        if self.is_lost:
            raise StoreLost("the store is lost")
        try:
            return await self._call(script, keys, arguments)
        except StoreLost as loss:
            self._note_loss(loss)
            raise

    async def failure(self) -> StoreLost | None:
        """Ask the store once; return why it is of no use, or None if it is of use."""
        token = token_bytes(16)
        try:
            answer = await self._call(self._probe, ["sanic-swap:probe"], [token])
        except StoreLost as loss:
            return loss
        return None if answer == token else StoreLost(f"unexpected answer from {self._address}")

    async def _call(self, script: Script[T], keys: Sequence[str], arguments: Sequence[Word]) -> T:
        began = monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                value = script.read(await script.call(keys=keys, args=arguments))
        except Exception as error:  # noqa: BLE001 - the client library has many for what is not Redis
            reason = reason_of(error, self._address, ANSWER_SECONDS, self._scheme)
            raise StoreLost(reason) from None
        self._scheme = ""
        self._note_speed(monotonic() - began)
        return value

    def _note_loss(self, loss: StoreLost) -> None:
        if self.is_lost:
            return
        self.is_lost = True
        self.losses += 1
        log.warning(
            "Store unreachable (%s); sharing between machines is off until it answers", loss
        )
        self._keep_watch()

    def _note_speed(self, seconds: float) -> None:
        before = self.word
        self._slow_answers = self._slow_answers + 1 if seconds > SLOW_SECONDS else 0
        if (before, self.word) == ("ok", "slow"):
            log.warning("Store slow (%.2f s for an answer); refreshes wait for it", seconds)
            self._keep_watch()
        elif (before, self.word) == ("slow", "ok"):
            log.info("Store answers quickly again")

    def _keep_watch(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._try_until_it_answers(self._pause_seconds))

    async def _try_until_it_answers(self, pause_seconds: float) -> None:
        while True:
            await asyncio.sleep(pause_seconds)
            pause_seconds = self._pause_seconds
            if (loss := await self.failure()) is not None:
                self._note_loss(loss)
                continue
            if self._slow_answers:  # with new connections to make it would be lost at once
                continue
            if self.is_lost:
                self.is_lost = False
                log.info("Store answers again; sharing between machines is on")
            break
