"""The connection to Redis or Valkey, which all machines share.

A lost store is no error for an app: a store that does not answer in time, or not as it should,
counts as lost (`StoreLost`), and then each process works without the others.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_bytes
from socket import gaierror
from time import monotonic
from typing import Generic, NamedTuple, Self, TypeVar

from redis import exceptions as errors
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript

from sanic_swap.errors import StoreLost
from sanic_swap.logs import log
from sanic_swap.secret import Secret

T = TypeVar("T")
Word = str | bytes | int

ANSWER_SECONDS = 0.5  # longest wait for the store; an answer usually takes less than 0.001
SLOW_SECONDS = 0.15  # a store that takes longer is noticed by whoever refreshes
_SLOW_ANSWERS = 3  # in a row; a single one says nothing
_PAUSE_SECONDS = 1.0
_CONNECTIONS = 64
# A store that answers, but runs no script or refuses to write, is as good as lost.
_PROBE = "redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000) return redis.call('GET', KEYS[1])"
# Why it does not answer, in words for operators; the same in log and `check`.
_TIMEOUTS = (TimeoutError, errors.TimeoutError)
_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (ssl.SSLCertVerificationError, "certificate of {} not trusted; ssl_ca_certs=FILE trusts a CA"),
    (ssl.SSLError, "TLS handshake with {} failed{hint}"),
    ((errors.AuthenticationError, errors.NoPermissionError), "wrong user or password for {}"),
    (errors.ResponseError, "{} refuses a command ({code})"),
    (errors.InvalidResponse, "{} does not speak the Redis protocol{hint}"),
    (ConnectionRefusedError, "connection refused by {}"),
    (gaierror, "no address found for {}"),
    (FileNotFoundError, "no socket {}"),
    (_TIMEOUTS, f"no answer from {{}} within {ANSWER_SECONDS:g} s{{hint}}"),
    ((OSError, errors.ConnectionError), "connection closed by {}{hint}"),
)


class Script(NamedTuple, Generic[T]):
    """One in Lua; *read* makes a value of its answer, or raises ValueError if it cannot be one."""

    call: AsyncScript
    read: Callable[[object], T]


class RedisStore:
    """The store at *url*: `redis://`, `rediss://` or `unix://`.

    Used as `async with`; entering does not wait for it to be there.

    Args:
        pause_seconds: Between two tries of a store that is lost or slow.
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
        self.is_lost = False  # then this process shares nothing with the others
        self.losses = 0  # how often it was lost

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._try_until_it_answers(0))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        with suppress(errors.RedisError, OSError, TimeoutError):
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
        """Return what *script* returns; raise StoreLost after half a second, or if lost at once."""
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
            raise StoreLost(self._reason(error)) from None
        self._scheme = ""
        self._note_speed(monotonic() - began)
        return value

    def _reason(self, error: BaseException) -> str:
        hint = ""  # while it has never answered: perhaps one side alone speaks TLS
        if self._scheme == "rediss":
            hint = "; if it has no TLS, use redis://"
        elif self._scheme == "redis" and not isinstance(error, _TIMEOUTS):  # a TLS server closes
            hint = "; if it expects TLS, use rediss://"
        causes = [error]
        while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
            causes.append(cause)
        for kind, text in _REASONS:
            for cause in causes:
                if isinstance(cause, kind):
                    # Of what the store says only the code: the rest may repeat what was sent.
                    first = str(cause).partition(" ")[0]
                    code = first if first.isupper() else type(cause).__name__
                    return text.format(self._address, hint=hint, code=code)
        return f"unexpected answer from {self._address}"

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
