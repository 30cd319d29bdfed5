"""Limit one client's connection: how many there are, how long each may take, when it ends.

Sanic's own timeouts are idle timers, which a byte now and then keeps from firing; those here
count from the beginning of a head, a body or an answer.
"""

import asyncio
import socket
import struct
from typing import Any

from sanic.exceptions import ServiceUnavailable
from sanic.http import Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from sanic_swap.server.http1 import StrictHttp
from sanic_swap.server.listener import is_readable
from sanic_swap.web.ops import Readiness

_DROP_WHAT_IS_LEFT = struct.pack("ii", 1, 0)
_QUIET_SECONDS = 1.0  # a connection without a request for so long counts as idle


class Connection(HttpProtocol):
    """
    A client's connection, within limits.

    Args:
        readiness: Whether the process drains: then each answer is its connection's last.
        client_seconds: For a head, again for a body, and again to take the answer.
        connection_limit: How many may be open; further ones are closed at once.
        sanic: What Sanic gives to its protocols.
    """

    HTTP_CLASS = StrictHttp
    __slots__ = ("__dict__",)  # which classes of Sanic's have only if they ask for it
    opened_at = 0.0
    quiet_since = 0.0  # the last answer, or the opening
    has_ended = False  # the client will send nothing more
    _silence: asyncio.TimerHandle | None = None

    def __init__(
        self,
        readiness: Readiness,
        client_seconds: float,
        connection_limit: int,
        **sanic: Any,  # noqa: ANN401 - as Sanic has it
    ) -> None:
        super().__init__(**sanic)
        self.readiness = readiness
        self.client_seconds = client_seconds
        self.connection_limit = connection_limit

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as Sanic has it
        if len(self.connections) >= self.connection_limit:
            transport.abort()
            return
        self.opened_at = self.quiet_since = self.loop.time()
        self._silence = self.loop.call_later(self.client_seconds, self._close_if_silent)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._task is not None:  # or it was never let in
            super().data_received(data)

    async def receive_more(self) -> None:
        if self.has_ended:
            # Nothing will come. Closing sends what has been answered, then cancels this task.
            self.close()
            await self.loop.create_future()
        await super().receive_more()

    def eof_received(self) -> bool | None:
        """Stay open for the answer if the whole request is here, and its answer is not yet."""
        self.has_ended = True
        http = self.http
        return http is not None and http.stage is Stage.HANDLER and not http.request_body

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the request under way: nobody can take its answer any more."""
        if self._silence is not None:  # or it was one too many, and never let in
            self._silence.cancel()
            super().connection_lost(exc)

    def abort_unless_taken(self) -> None:
        """Give the client its time to take what was sent; then drop it."""
        self.loop.call_later(self.client_seconds, self._abort_if_full)

    def give_up(self) -> None:
        """Answer the request under way with 503, now; for a process that has to end."""
        if self.http is not None and self._task is not None:
            self.http.exception = ServiceUnavailable("The service is stopping")
            self._task.cancel()

    def close_if_idle(self) -> bool:
        """Close unless a request is here or may well be on its way; say whether it was closed."""
        http = self.http
        if http is not None and (http.stage is not Stage.IDLE or self.recv_buffer):
            return False
        if self.loop.time() - self.quiet_since < _QUIET_SECONDS:
            return False
        # What the kernel has for us, the event loop may not have seen yet.
        if self.transport is not None and is_readable(self.transport.get_extra_info("socket")):
            return False
        self.close()
        return True

    def _close_if_silent(self) -> None:
        http = self.http
        if not self.state["requests_count"] and http is not None and http.stage is Stage.IDLE:
            self.close()

    def _abort_if_full(self) -> None:
        if self.transport is not None and self.transport.get_write_buffer_size():
            # The kernel drops its part too, instead of offering it to the client any longer.
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_WHAT_IS_LEFT)
            # Not Sanic's `abort`: it sets the transport to None, on which a waiting send fails.
            self.transport.abort()
