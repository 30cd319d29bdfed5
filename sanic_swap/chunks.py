"""Take the chunked coding off a body, exactly as RFC 9112 section 7.1 spells it.

Sanic's own reader takes `0x5`, ` 5 `, digits of other scripts and anything where a chunk has to
end, which another program on the way may read differently.
"""

import re
from collections.abc import Awaitable, Callable

from sanic_swap.head import FIELD, TOKEN

_LONGEST_LINE = 256  # bytes of a size with its extensions, which nobody uses
_LONGEST_TRAILERS = 4096  # bytes

_QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_SIZE = re.compile(
    rb"([0-9A-Fa-f]+)"
    rb"(?:[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?)*\r\n\Z" % (TOKEN, TOKEN, _QUOTED)
)
# RFC 9110 section 6.5.1: a field that frames or routes a message must not be a trailer.
_TRAILER = re.compile(rb"(?!(?i:content-length|transfer-encoding|host|trailer):)%b\r\n\Z" % FIELD)
_CRLF = b"\r\n"


class BrokenChunks(ValueError):
    """The body is not chunked as RFC 9112 has it."""


class TooManyBytes(ValueError):
    """The chunks announce more than was allowed."""


class ChunkReader:
    """
    Takes one chunked body off a buffer.

    Args:
        receive_more: Waits until there is more in *buffer*.
        largest: How many bytes the body may have.
    """

    def __init__(
        self, buffer: bytearray, receive_more: Callable[[], Awaitable[None]], largest: int
    ) -> None:
        self._buffer = buffer
        self._receive_more = receive_more
        self._largest = largest

    async def read(self) -> bytes:
        """
        Return the body, once it and its trailers are there.

        Raises:
            BrokenChunks: As soon as a whole line, or the end of a chunk's data, is malformed.
            TooManyBytes: As soon as a size says so.
        """
        body = bytearray()
        while size := _size_in(await self._take_line(_LONGEST_LINE)):
            if len(body) + size > self._largest:
                raise TooManyBytes
            body += await self._take(size)
            if await self._take(len(_CRLF)) != _CRLF:
                raise BrokenChunks
        left = _LONGEST_TRAILERS
        while (line := await self._take_line(left)) != _CRLF:
            if not _TRAILER.match(line):
                raise BrokenChunks
            left -= len(line)
        return bytes(body)

    async def _take_line(self, longest: int) -> bytes:
        while (end := self._buffer.find(b"\n", 0, longest)) < 0:
            if len(self._buffer) >= longest:
                raise BrokenChunks
            await self._receive_more()
        return await self._take(end + 1)

    async def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            await self._receive_more()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def _size_in(line: bytes) -> int:
    size = _SIZE.match(line)
    if size is None:
        raise BrokenChunks
    return int(size[1], 16)
