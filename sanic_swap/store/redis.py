"""The connection to Redis or Valkey, which all machines share.

A lost store is no error for an app: a store that does not answer in time counts as lost
(`StoreLost`), and then each process works without the others.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import AuthenticationError, InvalidResponse, NoPermissionError, RedisError

from sanic_swap.errors import StoreLost
from sanic_swap.logs import log
from sanic_swap.secret import Secret

_ANSWER_SECONDS = 0.5  # longest wait for the store; an answer usually takes less than 0.001
_PAUSE_SECONDS = 1.0  # between two tries of a store that is lost
_CONNECTIONS = 64
# A store that answers, but runs no script or refuses to write, is as good as lost.
_PROBE_KEY = "sanic-swap:probe"
_PROBE = "return redis.call('SET', KEYS[1], '', 'PX', 1000)"
_SILENT = f"no answer within {_ANSWER_SECONDS} s"
# The first kind that fits an error, or what caused it.
_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((AuthenticationError, NoPermissionError), "it refuses the user name or password"),
    (InvalidResponse, "it does not speak Redis' protocol; if it expects TLS, use rediss://"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted; ssl_ca_certs=FILE trusts a CA"),
    (ssl.SSLError, "TLS failed; if it does not speak TLS, use redis://"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "connection reset; if it expects TLS, use rediss://"),
    (socket.gaierror, "its host name cannot be resolved"),
    (TimeoutError, _SILENT),
)


class RedisStore:
    """
    The store at *url*.

    Used as `async with`; entering does not wait for it to be there.

    Args:
        url: `redis://`, `rediss://` or `unix://`.

    Attributes:
        is_lost: Whether this process shares nothing with the others now.
        losses: How often the store was lost.
    """

    def __init__(self, url: Secret) -> None:
        self._connections = BlockingConnectionPool.from_url(
            url.reveal(),
            max_connections=_CONNECTIONS,
            timeout=_ANSWER_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._has_tls = url.reveal().startswith("rediss:")
        self._client = Redis(connection_pool=self._connections)
        self._probe = self.script(_PROBE)
        self._watch: asyncio.Task[None] | None = None
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

    def script(self, text: str) -> AsyncScript:
        """Return a script in Lua, for `run`."""
        return self._client.register_script(text)

    async def run(
        self, script: AsyncScript, keys: Sequence[str], arguments: Sequence[str | bytes | int]
    ) -> Any:  # noqa: ANN401 - whatever the script returns
        """
        Return what *script* returns.

        Raises:
            StoreLost: If there is no answer within half a second, or the store is known
                to be lost.
        """
        if self.is_lost:
            raise StoreLost
        return await self._call(script, keys, arguments)

    def _reason(self, error: BaseException) -> str:
        reason = _reason_of(error)
        hint = "; if it does not speak TLS, use redis://"
        return reason + hint if reason == _SILENT and self._has_tls else reason

    async def failure(self) -> str | None:
        """Ask the store once, and return why it does not answer; None if it does."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._probe(keys=[_PROBE_KEY], args=[])
        except (RedisError, OSError, TimeoutError) as error:
            return self._reason(error)
        return None

    async def _call(
        self, script: AsyncScript, keys: Sequence[str], arguments: Sequence[str | bytes | int]
    ) -> Any:  # noqa: ANN401 - whatever the script returns
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await script(keys=keys, args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._note_loss(error)
            raise StoreLost from None

    def _note_loss(self, error: BaseException) -> None:
        if self.is_lost:
            return
        self.is_lost = True
        self.losses += 1
        log.warning(
            "Store unreachable (%s); sharing between machines is off until it answers",
            self._reason(error),
        )
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._try_until_it_answers(_PAUSE_SECONDS))

    async def _try_until_it_answers(self, pause_seconds: float) -> None:
        while True:
            await asyncio.sleep(pause_seconds)
            try:
                await self._call(self._probe, [_PROBE_KEY], [])
                break
            except StoreLost:
                pause_seconds = _PAUSE_SECONDS
        if self.is_lost:
            self.is_lost = False
            log.info("Store answers again; sharing between machines is on")


def _reason_of(error: BaseException) -> str:
    """Return why the store does not answer, with the remedy; without its URL or password."""
    link: BaseException | None = error
    while link is not None:
        for kinds, reason in _REASONS:
            if isinstance(link, kinds):
                return reason
        link = link.__cause__ or link.__context__
    return type(error).__name__
