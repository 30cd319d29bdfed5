"""HTTP/1 on one connection, with a stricter parser than Sanic's, and absolute deadlines."""

import asyncio
from contextlib import suppress
from typing import Any

from sanic import Request
from sanic.exceptions import BadRequest, ExpectationFailed, PayloadTooLarge, RequestTimeout
from sanic.http import Http, Stage
from sanic.http.http1 import HTTP_CONTINUE

from sanic_swap.server import grammar
from sanic_swap.web.answers import Answer

LARGEST_HEAD = 16 * 1024  # bytes
_EMPTY_LINES = 2  # before a request; some clients send them (RFC 9112 section 2.2)
_END_OF_HEAD = b"\r\n\r\n"
_LINGER_SECONDS = 0.5
_LINGER_BYTES = 4 * 1024 * 1024


class StrictHttp(Http):
    """Sanic's HTTP/1 with our own parsing of heads and bodies, and our own rules of keep-alive."""

    protocol: Any  # the Connection
    recv_buffer: bytearray
    request: Request
    request_bytes_left: int | None
    response: Answer

    async def http1(self) -> None:
        try:
            await super().http1()
        finally:
            # Else a client that hangs up leaves kilobytes behind for the garbage collector: request
            # and stream refer to each other.
            self.init_for_request()

    async def http1_request_header(self) -> None:
        protocol = self.protocol
        if protocol.state["requests_count"]:  # it waits since the first byte of this head
            protocol.places.wait(protocol)
        try:
            head = grammar.read_head(await self._take_head())
        except grammar.Malformed:
            # Nothing of a malformed head goes into a Request, not even its URL.
            raise BadRequest("Bad Request") from None
        self.head_only = head.method == "HEAD"
        # Most request smuggling hides behind a chunked body, so no other request is read there.
        self.keep_alive = head.keep_alive and head.length is not None
        self.request = Request(
            url_bytes=head.target,
            headers=head.fields,  # type: ignore[arg-type]  # it makes a Header of them
            version=head.version,
            method=head.method,
            transport=protocol.transport,
            app=protocol.app,
        )
        self.request.stream = self
        self.request.conn_info = protocol.conn_info
        protocol.state["requests_count"] += 1
        self.request_bytes_left = head.length
        self.request_body = None if head.length == 0 else b"unread"  # Sanic tests its truth
        if self.request_body is None:
            protocol.places.leave(protocol)
        if head.expectation not in (None, "100-continue"):
            raise ExpectationFailed("Unknown expectation")
        # RFC 9110 section 10.1.1: HTTP/1.0 does not know expectations.
        if self.request_body and head.version != "1.0":
            self.expecting_continue = head.expectation is not None

    async def _take_head(self) -> bytes:
        """Remove a head from the buffer, and return it without its last empty line."""
        buffer = self.recv_buffer
        end = buffer.find(_END_OF_HEAD)
        if end < 0 or buffer.startswith(b"\r"):
            end = await self._receive_head()
        if end >= LARGEST_HEAD:
            raise PayloadTooLarge("Head too large")
        head = bytes(buffer[:end])
        del buffer[: end + len(_END_OF_HEAD)]
        return head

    async def _receive_head(self) -> int:
        """Receive a whole head, and return where its last empty line begins."""
        buffer, protocol = self.recv_buffer, self.protocol
        is_first = not protocol.state["requests_count"]
        began = protocol.opened_at if is_first else protocol.loop.time()
        try:
            async with asyncio.timeout_at(began + protocol.client_seconds):
                await self._receive_until(b"\n")
                for _ in range(_EMPTY_LINES):
                    if buffer.startswith(b"\r\n"):
                        del buffer[:2]
                        await self._receive_until(b"\n")
                grammar.check_first_line(buffer)
                return await self._receive_until(_END_OF_HEAD)
        except TimeoutError:
            raise RequestTimeout("The head took too long") from None
        except asyncio.CancelledError:
            # Sanic logs the request of a lost connection, and fails if there is none.
            self.create_empty_request()
            raise

    async def _receive_until(self, mark: bytes) -> int:
        """Return the position of *mark*, once the buffer has it."""
        while (place := self.recv_buffer.find(mark)) < 0:
            if len(self.recv_buffer) >= LARGEST_HEAD:
                raise PayloadTooLarge("Head too large")
            await self._receive_more()
        return place

    async def read(self) -> bytes:
        """Return the whole body, where Sanic's method returns pieces.

        Raises BodyTooLarge as soon as it is known to be over 16 KiB, BadRequest for malformed
        chunks, and RequestTimeout.
        """
        if not self.request_body:
            return b""
        buffer, length = self.recv_buffer, self.request_bytes_left
        grammar.check_size(length or 0)
        if self.expecting_continue:
            self.expecting_continue = False
            await self._send(HTTP_CONTINUE)
        if length is not None and length <= len(buffer):  # nearly always: it came with the head
            body = bytes(buffer[:length])
            del buffer[:length]
        else:
            body = await self._receive_body(length)
        self.request_body = None
        self.protocol.places.leave(self.protocol)
        return body

    async def _receive_body(self, length: int | None) -> bytes:
        reader = grammar.BodyReader(self.recv_buffer, self._receive_more)
        try:
            async with asyncio.timeout(self.protocol.client_seconds):
                return await (reader.read_chunks() if length is None else reader.take(length))
        except TimeoutError:
            raise RequestTimeout("The body took too long") from None
        except grammar.Malformed:
            raise BadRequest("Bad chunks") from None

    async def http1_response_header(self, *_: object, **__: object) -> None:
        """Send head and body of our answer with one write."""
        protocol, transport = self.protocol, self.protocol.transport
        self.expecting_continue = False
        self.response_func = None  # type: ignore[assignment]  # as Sanic itself does
        is_gone = transport is None or transport.is_closing()
        is_last = protocol.has_ended and not self.recv_buffer
        # An unread body could be taken for another request.
        if self.request_body or is_last or is_gone or protocol.readiness.phase == "draining":
            self.keep_alive = False
        if not is_gone:
            head = self.response.head(keep_alive=self.keep_alive)
            await self._send(head if self.head_only else head + (self.response.body or b""))
        self.stage = Stage.IDLE
        protocol.quiet_since = protocol.loop.time()
        protocol.places.wait(protocol)
        if transport is not None and transport.get_write_buffer_size():
            protocol.loop.call_later(protocol.client_seconds, protocol.abort_unless_taken)
        if self.request_body:
            await self._linger()

    def create_empty_request(self) -> None:
        super().create_empty_request()
        self.request_body = b"unread"  # whatever follows a malformed head
        self.request.conn_info = self.protocol.conn_info

    async def _linger(self) -> None:
        """Close our side, and read on for a moment.

        Closing with bytes unread resets the connection, and the client may lose the answer
        (RFC 9112 section 9.6).
        """
        left = min(self.request_bytes_left or _LINGER_BYTES, _LINGER_BYTES) - len(self.recv_buffer)
        self.request_body = None
        transport = self.protocol.transport
        if transport is not None and not transport.is_closing():
            transport.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while left > 0:
                    self.recv_buffer.clear()
                    await self._receive_more()
                    left -= len(self.recv_buffer)
