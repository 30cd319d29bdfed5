"""One client's connection, stricter about HTTP/1 than Sanic is by itself.

Endpoints stay ordinary Sanic handlers; only what RFC 9112 calls malformed or ambiguous
is refused here, before Sanic's lenient parser sees it.
"""

import asyncio
import re
from contextlib import suppress

from sanic.exceptions import BadRequest
from sanic.http import Http
from sanic.server.protocols.http_protocol import HttpProtocol

from sanic_swap.ops import Readiness

_LINGER_SECONDS = 1.0
_LINGER_BYTES = 4 * 1024 * 1024
# RFC 9110 section 5.6.2 (token), RFC 9112 sections 3 and 5: one request line, then
# `name:value` lines without a blank before the colon, a bare CR, LF or NUL in them.
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEAD = re.compile(
    _TOKEN + rb" [\x21-\x7e]+ HTTP/1\.[01]"
    rb"(?:\r\n" + _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*)*\Z"
)
_FRAMING = re.compile(
    rb"\r\n(content-length|transfer-encoding|host):[ \t]*([^\r]*?)[ \t]*(?=\r|\Z)", re.IGNORECASE
)
_LENGTH = re.compile(rb"[0-9]{1,15}\Z")
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)
_HOST = re.compile(rb"[^\x00-\x20/?#@\\]*\Z")


def is_well_formed(head: bytes) -> bool:
    """
    Say whether a request head, without its last empty line, has one meaning only.

    Source: RFC 9112 sections 3.2 (Host, absolute-form), 5.1 and 6.1 to 6.3.
    """
    if not _HEAD.match(head):
        return False
    line = head[: head.find(b"\r\n")] if b"\r\n" in head else head
    _, target, version = line.split(b" ")
    seen: dict[bytes, bytes] = {}
    for name, value in _FRAMING.findall(head):
        if seen.setdefault(name.lower(), value) is not value:
            return False
    return _has_one_length(seen, version) and _has_one_host(seen.get(b"host"), target, version)


def _has_one_length(seen: dict[bytes, bytes], version: bytes) -> bool:
    length, coding = seen.get(b"content-length"), seen.get(b"transfer-encoding")
    if coding is not None:
        return length is None and version == b"HTTP/1.1" and coding == b"chunked"
    return length is None or _LENGTH.match(length) is not None


def _has_one_host(host: bytes | None, target: bytes, version: bytes) -> bool:
    if host is None:
        return version == b"HTTP/1.0"
    if not _HOST.match(host):
        return False
    absolute = _ABSOLUTE.match(target)
    return absolute is None or absolute[1].lower() == host.lower()


class _StrictHttp(Http):
    """Sanic's HTTP/1, behind a check of the head and with its own word on keep-alive."""

    readiness: Readiness

    async def http1_request_header(self) -> None:
        buffer = self.recv_buffer
        while (end := buffer.find(b"\r\n\r\n")) < 0 and len(buffer) < self.HEADER_MAX_SIZE:
            await self._receive_more()
        if end >= 0 and not is_well_formed(bytes(buffer[:end])):
            # Never put what cannot be trusted into a Request, not even its URL.
            raise BadRequest("Bad Request")
        await super().http1_request_header()

    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
        if self.readiness.draining or self._is_out_of_step():
            self.keep_alive = False
        await super().http1_response_header(data, end_stream)
        if self.request_body and not self.keep_alive:
            await self._discard_rest()

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
        if self.request_body:
            self.expecting_continue = False
        chunked = "transfer-encoding" in self.request.headers
        return chunked or bool(self.request_body and self.request_bytes_left)


def connection_class(readiness: Readiness) -> type[HttpProtocol]:
    """Return the protocol for a server that *readiness* knows about."""
    http = type("Http", (_StrictHttp,), {"readiness": readiness})
    return type("Connection", (HttpProtocol,), {"HTTP_CLASS": http})
