"""HTTP/1 on one connection, stricter than Sanic's, and with deadlines that hold.

Endpoints stay ordinary Sanic handlers.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sanic.exceptions import BadRequest, ExpectationFailed, PayloadTooLarge, RequestTimeout
from sanic.http import Http, Stage
from sanic.http.http1 import HTTP_CONTINUE

from sanic_swap.answers import Answer
from sanic_swap.body import LARGEST_BODY, TOO_LARGE
from sanic_swap.chunks import BrokenChunks, ChunkReader, TooManyBytes
from sanic_swap.errors import BodyTooLarge
from sanic_swap.head import as_sanic_reads_it, is_hopeless, is_well_formed
from sanic_swap.ops import Readiness

_LINGER_SECONDS = 0.5
_LINGER_BYTES = 4 * 1024 * 1024
_EMPTY_LINES = 2  # before a request, for what some clients send behind the one before


class StrictHttp(Http):
    """
    Sanic's HTTP/1, behind a check of the head and with its own word on keep-alive.

    Attributes:
        client_seconds: For a head, and again for a body.
    """

    protocol: Any  # the Connection that has this one
    readiness: Readiness
    client_seconds: float
    _body_deadline: float | None = None
    _chunks: ChunkReader | None = None
    _is_head_refused = False  # and if it is, the connection ends with that

    async def http1(self) -> None:
        try:
            await super().http1()
        finally:
            # Where a client hung up, Sanic leaves request and stream to know each other, and
            # kilobytes wait for the garbage collector.
            self.init_for_request()

    async def http1_request_header(self) -> None:
        self._body_deadline = self._chunks = None
        buffer = self.recv_buffer
        if buffer.startswith(b"\r") or b"\r\n\r\n" not in buffer:
            await self._receive_head()
        end = buffer.find(b"\r\n\r\n")
        if not 0 <= end < self.HEADER_MAX_SIZE:
            raise PayloadTooLarge("Head too large")
        head = bytes(buffer[:end])
        if not is_well_formed(head):
            # Never put what cannot be trusted into a Request, not even its URL.
            raise BadRequest("Bad Request")
        if (same := as_sanic_reads_it(head)) is not head:
            buffer[:end] = same
        await super().http1_request_header()
        if not self.request_body:
            self._refuse_other_expectations()
        elif self.request.version == "1.0":
            self.expecting_continue = False  # RFC 9110 section 10.1.1: to be ignored

    async def _receive_head(self) -> None:
        """Receive up to the empty line behind a head, or up to what cannot become one."""
        buffer = self.recv_buffer
        is_first = not self.protocol.state["requests_count"]
        began = self.protocol.opened_at if is_first else self.protocol.loop.time()
        empty_lines = _EMPTY_LINES
        with _too_slow("head"):
            async with asyncio.timeout_at(began + self.client_seconds):
                while True:
                    while empty_lines and buffer.startswith(b"\r\n"):  # RFC 9112 section 2.2
                        del buffer[:2]
                        empty_lines -= 1
                    if b"\r\n\r\n" in buffer or len(buffer) >= self.HEADER_MAX_SIZE:
                        return
                    if buffer != b"\r" and is_hopeless(buffer):
                        raise BadRequest("Bad Request")
                    await self._receive_or_name()

    async def _receive_or_name(self) -> None:
        try:
            await self._receive_more()
        except asyncio.CancelledError:
            # Sanic logs which request a lost connection had, and fails if there is none yet.
            self.create_empty_request()
            raise

    def _refuse_other_expectations(self) -> None:
        """Do for requests without a body what Sanic does for those with one."""
        for expected in self.request.headers.getall("expect", ()):
            if expected.lower() != "100-continue":
                raise ExpectationFailed("Unknown expectation")

    async def read(self) -> bytes | None:
        buffer, left = self.recv_buffer, self.request_bytes_left or 0
        # Nearly always body and head come together. (Sanic declares `request_body` as bytes,
        # and sets it to True or "chunked".)
        if (
            self.request_body is True  # type: ignore[comparison-overlap]  # declared as bytes
            and 0 < left <= min(len(buffer), self.request_max_size)
            and not self.expecting_continue
        ):
            body = bytes(buffer[:left])
            del buffer[:left]
            self.request_bytes_left, self.request_body = 0, None
            return body
        if self.request_bytes and self.request_bytes > LARGEST_BODY:
            raise BodyTooLarge(TOO_LARGE)
        if self._body_deadline is None:
            self._body_deadline = self.protocol.loop.time() + self.client_seconds
        with _too_slow("body"):
            async with asyncio.timeout_at(self._body_deadline):
                if self.request_body == "chunked":  # type: ignore[comparison-overlap]  # declared as bytes
                    return await self._read_chunks()
                return await super().read()

    async def _read_chunks(self) -> bytes | None:
        if self.expecting_continue:
            self.expecting_continue = False
            await self._send(HTTP_CONTINUE)
        if self._chunks is None:
            self._chunks = ChunkReader(LARGEST_BODY)
            del self.recv_buffer[:2]  # Sanic leaves the end of the head there
        chunks = self._chunks
        try:
            while (piece := chunks.take(self.recv_buffer)) is None:
                await self._receive_more()
        except BrokenChunks:
            raise BadRequest("Bad chunks") from None
        except TooManyBytes:
            raise BodyTooLarge(TOO_LARGE) from None
        if not piece:
            self.request_body = None
        return piece

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
        if not self.keep_alive and (self.request_body or self._is_head_refused):
            await self._linger()

    async def _send_whole(self, answer: Answer) -> None:
        """Send head and body at once: what Sanic does for any answer, done for ours alone."""
        head = answer.head(keep_alive=self.keep_alive)
        self.response_func = None  # type: ignore[assignment]  # as Sanic itself does
        self.expecting_continue = False
        await self._send(head if self.head_only else head + (answer.body or b""))
        self.stage = Stage.IDLE
        self.protocol.quiet_since = self.protocol.loop.time()

    def create_empty_request(self) -> None:
        self._is_head_refused = True
        self.url = None  # a bad one would make Sanic's second try fail as the first did
        super().create_empty_request()
        self.request.conn_info = self.protocol.conn_info

    async def _linger(self) -> None:
        """
        Say that nothing more will come, and read on for a moment.

        Closing on unread bytes resets the connection, answer and all (RFC 9112 section 9.6).
        """
        left = self.request_bytes_left or _LINGER_BYTES
        left = min(left, _LINGER_BYTES) - len(self.recv_buffer)
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

    def _is_out_of_step(self) -> bool:
        """Say whether what is still to come could be taken for another request."""
        if "transfer-encoding" in self.request.headers:
            return True
        if self.request_body and not self.request_bytes_left:
            self.request_body = None  # announced, and empty: there is nothing to come
        if self.request_body:
            self.expecting_continue = False
        return bool(self.request_body)


@contextmanager
def _too_slow(what: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise RequestTimeout(f"The {what} took too long") from None
