"""Limit the number of connections, and how long each may take.

Sanic's timeouts are idle timers: one byte now and then keeps them from firing. The deadlines
here count from the beginning of a head, a body or an answer.
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
from sanic_swap.server.places import Places
from sanic_swap.web.ops import Readiness

_NO_LINGER = struct.pack("ii", 1, 0)  # the kernel drops what it has not sent
_QUIET_SECONDS = 1.0  # without a request for so long, a connection is idle


class Connection(HttpProtocol):
    """
    A client's connection.

    Args:
        readiness: While the process drains, each answer is its connection's last.
        client_seconds: For a head, again for a body, and again to take the answer.
        places: Of this and all other connections.
        sanic: The arguments of Sanic's protocols.
    """

    HTTP_CLASS = StrictHttp
    __slots__ = ("__dict__",)  # Sanic's metaclass defaults to none
    opened_at = 0.0
    quiet_since = 0.0  # the last answer, or the opening
    has_ended = False  # the client will send nothing more
    _silence: asyncio.TimerHandle | None = None

    def __init__(
        self,
        readiness: Readiness,
        client_seconds: float,
        places: "Places[Connection]",
        **sanic: Any,  # noqa: ANN401 - as Sanic has it
    ) -> None:
        super().__init__(connections=places.occupants, **sanic)
        self.readiness = readiness
        self.client_seconds = client_seconds
        self.places = places

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as Sanic has it
        if not self.places.make_room():
            transport.abort()
            return
        self.opened_at = self.quiet_since = self.loop.time()
        self._silence = self.loop.call_later(self.client_seconds, self._close_if_silent)
        super().connection_made(transport)
        self.places.wait(self)

    def data_received(self, data: bytes) -> None:
        if self._task is not None:  # else it was one too many
            super().data_received(data)

    async def receive_more(self) -> None:
        if self.has_ended:
            self.close()  # this sends what has been answered, then cancels this task
            await self.loop.create_future()
        await super().receive_more()

    def eof_received(self) -> bool | None:
        """Stay open if a whole request waits for its answer."""
        self.has_ended = True
        http = self.http
        return http is not None and http.stage is Stage.HANDLER and not http.request_body

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the request under way."""
        if self._silence is not None:  # else it was one too many
            self._silence.cancel()
            self.places.leave(self)
            super().connection_lost(exc)

    def abort_unless_taken(self) -> None:
        """Abort if the client has not taken what was sent within its time."""
        self.loop.call_later(self.client_seconds, self._abort_if_full)

    def give_up(self) -> None:
        """Answer the request under way with 503, because the process has to end."""
        if self.http is not None and self._task is not None:
            self.http.exception = ServiceUnavailable("The service is stopping")
            self._task.cancel()

    def close_if_idle(self) -> bool:
        """Close unless a request is here or on its way; return whether it was closed."""
        http = self.http
        if http is not None and (http.stage is not Stage.IDLE or self.recv_buffer):
            return False
        if self.loop.time() - self.quiet_since < _QUIET_SECONDS or self._has_unread():
            return False
        self.close()
        return True

    @property
    def client_address(self) -> str:
        """The address of whoever connected."""
        return "" if self.conn_info is None else self.conn_info.client_ip

    @property
    def waits_with(self) -> str:
        """What the client has sent, while its request is not complete: one of `WAITING`."""
        http = self.http
        if http is None or http.stage is Stage.IDLE:
            return "idle" if self.state["requests_count"] else "silent"
        return "head" if http.stage is Stage.REQUEST else "body"

    def abort_unless_unread(self) -> bool:
        """Abort, unless bytes wait to be read or sent; return whether it was aborted."""
        transport = self.transport
        if transport is None or transport.get_write_buffer_size() or self._has_unread():
            return False
        transport.abort()
        return True

    def _has_unread(self) -> bool:
        """Return whether bytes have come that the task has not looked at."""
        if self._data_received.is_set():
            return True
        # The event loop may not have seen yet what the kernel has received.
        return self.transport is not None and is_readable(self.transport.get_extra_info("socket"))

    def _close_if_silent(self) -> None:
        http = self.http
        if not self.state["requests_count"] and http is not None and http.stage is Stage.IDLE:
            self.close()

    def _abort_if_full(self) -> None:
        if self.transport is not None and self.transport.get_write_buffer_size():
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            # Not Sanic's `abort`: it sets the transport to None, and a waiting send fails.
            self.transport.abort()
