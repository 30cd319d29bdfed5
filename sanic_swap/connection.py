"""One client's connection: stricter than Sanic's about HTTP/1, and with deadlines that hold.

Endpoints stay ordinary Sanic handlers. Sanic's own timeouts are idle timers, which a byte
now and then keeps from firing; those here count from where something began.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sanic.exceptions import BadRequest, RequestTimeout, ServiceUnavailable
from sanic.http import Http, Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from sanic_swap.answers import Answer
from sanic_swap.ops import Readiness
from sanic_swap.request_head import is_well_formed

_LINGER_SECONDS = 1.0
_LINGER_BYTES = 4 * 1024 * 1024


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


class _StrictHttp(Http):
    """Sanic's HTTP/1, behind a check of the head and with its own word on keep-alive."""

    protocol: "Connection"
    readiness: Readiness
    limits: Limits
    _body_deadline: float | None = None

    async def http1_request_header(self) -> None:
        buffer = self.recv_buffer
        if b"\r\n\r\n" not in buffer:
            is_first = not self.protocol.state["requests_count"]
            began = self.protocol.opened_at if is_first else self.protocol.loop.time()
            with _too_slow("head"):
                async with asyncio.timeout_at(began + self.limits.client_seconds):
                    while b"\r\n\r\n" not in buffer and len(buffer) < self.HEADER_MAX_SIZE:
                        await self._receive_more()
        end = buffer.find(b"\r\n\r\n")
        if end >= 0 and not is_well_formed(bytes(buffer[:end])):
            # Never put what cannot be trusted into a Request, not even its URL.
            raise BadRequest("Bad Request")
        self._body_deadline = None
        await super().http1_request_header()

    async def read(self) -> bytes | None:
        buffer, left = self.recv_buffer, self.request_bytes_left or 0
        # Nearly always body and head come together. (Sanic declares `request_body` as bytes,
        # and sets it to True or "chunked".)
        if (
            self.request_body is True  # type: ignore[comparison-overlap]
            and 0 < left <= min(len(buffer), self.request_max_size)
            and not self.expecting_continue
        ):
            body = bytes(buffer[:left])
            del buffer[:left]
            self.request_bytes_left, self.request_body = 0, None
            return body
        if self._body_deadline is None:
            self._body_deadline = self.protocol.loop.time() + self.limits.client_seconds
        with _too_slow("body"):
            async with asyncio.timeout_at(self._body_deadline):
                return await super().read()

    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
        ended = self.protocol.has_ended and not self.recv_buffer
        ending = self.readiness.draining or ended
        if ending or self._is_out_of_step():
            self.keep_alive = False
        if isinstance(self.response, Answer):
            await self._send_whole(self.response)
        else:
            await super().http1_response_header(data, end_stream)
        transport = self.protocol.transport
        if transport is not None and transport.get_write_buffer_size():
            self.protocol.abort_unless_taken()
        if self.request_body and not self.keep_alive:
            await self._discard_rest()

    async def _send_whole(self, answer: Answer) -> None:
        """Send head and body at once: what Sanic does for any answer, done for ours alone."""
        head = answer.head(keep_alive=self.keep_alive)
        self.response_func = None  # type: ignore[assignment]  # as Sanic itself does
        self.expecting_continue = False
        await self._send(head if self.head_only else head + (answer.body or b""))
        self.stage = Stage.IDLE

    def create_empty_request(self) -> None:
        self.url = None  # a bad one would make Sanic's second try fail as the first did
        super().create_empty_request()

    async def _discard_rest(self) -> None:
        """Read on for a moment: closing on unread bytes resets the connection, answer and all."""
        self.request_body = None
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                left = self.request_bytes_left or _LINGER_BYTES
                left = min(left, _LINGER_BYTES) - len(self.recv_buffer)
                while left > 0:
                    self.recv_buffer.clear()
                    await self._receive_more()
                    left -= len(self.recv_buffer)

    def _is_out_of_step(self) -> bool:
        """Say whether what is still to come could be taken for another request."""
        if "transfer-encoding" in self.request.headers:
            return True
        if self.request_body and not self.request_bytes_left:
            self.request_body = None  # announced, and empty: there is nothing to come
        if self.request_body:
            self.expecting_continue = False
        return bool(self.request_body)


class Connection(HttpProtocol):
    """A client's connection, within limits."""

    limits: Limits
    opened_at = 0.0
    has_ended = False
    _silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as Sanic has it
        if len(self.connections) >= self.limits.connections:
            transport.abort()
            return
        self.opened_at = self.loop.time()
        self._silence = self.loop.call_later(self.limits.client_seconds, self._close_if_silent)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._task is not None:
            super().data_received(data)

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
            self.abort()


@contextmanager
def _too_slow(what: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise RequestTimeout(f"The {what} took too long") from None


def connection_class(readiness: Readiness, limits: Limits) -> type[Connection]:
    """Return the protocol for a server that *readiness* knows about."""
    http = type("Http", (_StrictHttp,), {"readiness": readiness, "limits": limits})
    return type("Connection", (Connection,), {"HTTP_CLASS": http, "limits": limits})
