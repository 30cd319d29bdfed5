"""One client's connection: who may have one, for how long, and when it ends.

Sanic's own timeouts are idle timers, which a byte now and then keeps from firing; those here
count from where something began.
"""

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Any

from sanic.exceptions import ServiceUnavailable
from sanic.http import Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from sanic_swap.http1 import StrictHttp
from sanic_swap.listener import is_readable
from sanic_swap.ops import Readiness

_DROP_WHAT_IS_LEFT = struct.pack("ii", 1, 0)
_QUIET_SECONDS = 1.0  # after it, a connection that is kept, or was opened, counts as idle


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What a client may do to the process.

    Attributes:
        client_seconds: For a head, again for a body, and again to take the answer.
        connections: Open ones at once; further ones are closed at once.
    """

    client_seconds: float
    connections: int


class Connection(HttpProtocol):
    """A client's connection, within limits."""

    limits: Limits
    opened_at = 0.0
    quiet_since = 0.0  # the last answer, or the opening
    has_ended = False
    _silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as Sanic has it
        if len(self.connections) >= self.limits.connections:
            transport.abort()
            return
        self.opened_at = self.quiet_since = self.loop.time()
        self._silence = self.loop.call_later(self.limits.client_seconds, self._close_if_silent)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._task is not None:
            super().data_received(data)

    async def receive_more(self) -> None:
        if self.has_ended:
            # Nothing will come. What has been answered goes out, then this task is cancelled.
            self.close()
            await self.loop.create_future()
        await super().receive_more()

    def eof_received(self) -> bool | None:
        """Stay open for the answer when a client has said all that it will say."""
        self.has_ended = True
        return self._is_busy() or None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._silence is None:
            return  # it was one too many, and never let in
        self._silence.cancel()
        task = self._task
        if self._is_busy():
            # Sanic would cancel the handler. But a code is good once: dropped halfway, its
            # tokens would be lost to everybody. So the exchange goes on to its end.
            self._task = None
        super().connection_lost(exc)
        self._task = task

    def abort_unless_taken(self) -> None:
        """Give the client its time to take what was sent; then drop it."""
        self.loop.call_later(self.limits.client_seconds, self._abort_if_full)

    def give_up(self) -> None:
        """Answer the request under way with 503, now; for a process that has to end."""
        if self.http is not None and self._task is not None:
            self.http.exception = ServiceUnavailable("The service is stopping")
            self._task.cancel()

    def close_if_idle(self) -> bool:
        """
        Close, unless a request is here or may well be on its way.

        Returns:
            Whether the connection is closed.
        """
        http = self.http
        if http is not None and (http.stage is not Stage.IDLE or self.recv_buffer):
            return False
        if self.loop.time() - self.quiet_since < _QUIET_SECONDS or self._has_unread_bytes():
            return False
        self.close()
        return True

    def _has_unread_bytes(self) -> bool:
        """Say whether the kernel has something for us that the event loop has not seen."""
        if self.transport is None:
            return False
        return is_readable(self.transport.get_extra_info("socket"))

    def _is_busy(self) -> bool:
        """Say whether a request is here as a whole, and its answer not yet."""
        http = self.http if self._task is not None else None
        return http is not None and http.stage is Stage.HANDLER and not http.request_body

    def _close_if_silent(self) -> None:
        http = self.http
        if not self.state["requests_count"] and http is not None and http.stage is Stage.IDLE:
            self.close()

    def _abort_if_full(self) -> None:
        if self.transport is not None and self.transport.get_write_buffer_size():
            # With what the kernel would go on offering to a client that takes nothing.
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_WHAT_IS_LEFT)
            # Sanic's own `abort` forgets the transport, and an answer that waits to be sent
            # would fail on that.
            self.transport.abort()


def connection_class(readiness: Readiness, limits: Limits) -> type[Connection]:
    """Return the protocol for a server that *readiness* knows about."""
    known = {"readiness": readiness, "client_seconds": limits.client_seconds}
    http = type("Http", (StrictHttp,), known)
    return type("Connection", (Connection,), {"HTTP_CLASS": http, "limits": limits})
