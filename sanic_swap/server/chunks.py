"""Decode a chunked body, strictly by RFC 9112 section 7.1.

Sanic's decoder accepts `0x5`, ` 5 `, digits of other scripts, and any two bytes behind a chunk;
a proxy in front may read these differently.
"""

import re
from collections.abc import Awaitable, Callable

from sanic_swap.errors import BodyTooLarge
from sanic_swap.server.head import FIELD, TOKEN, Malformed

LARGEST_BODY = 16 * 1024  # bytes
_LONGEST_LINE = 256  # bytes of a size with its extensions, which nobody uses
_LONGEST_TRAILERS = 4096  # bytes

_QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_SIZE = re.compile(
    rb"([0-9A-Fa-f]+)"
    rb"(?:[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?)*\r\n\Z" % (TOKEN, TOKEN, _QUOTED)
)
# A trailer, or the empty line at the end. RFC 9110 section 6.5.1: a field that frames or routes
# a message must not be a trailer.
_TRAILER = re.compile(
    rb"(?:(?!(?i:content-length|transfer-encoding|host|trailer):)%b)?\r\n\Z" % FIELD
)


class BodyReader:
    """Takes one body off *buffer*; *receive_more* waits until the buffer has more."""

    def __init__(self, buffer: bytearray, receive_more: Callable[[], Awaitable[None]]) -> None:
        self._buffer = buffer
        self._receive_more = receive_more

    async def read_chunks(self) -> bytes:
        """Return the decoded body, once it and its trailers are there.

        Raises:
            Malformed: As soon as a whole line, or the end of a chunk's data, is wrong.
            BodyTooLarge: As soon as a size is known with which it is over 16 KiB.
        """
        body = bytearray()
        while size := int((await self._take_line(_SIZE, _LONGEST_LINE))[1], 16):
            check_size(len(body) + size)
            body += await self.take(size)
            if await self.take(2) != b"\r\n":
                raise Malformed
        left = _LONGEST_TRAILERS
        while (line := (await self._take_line(_TRAILER, left))[0]) != b"\r\n":
            left -= len(line)
        return bytes(body)

    async def take(self, size: int) -> bytes:
        """Return the next *size* bytes."""
        while len(self._buffer) < size:
            await self._receive_more()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def _take_line(self, pattern: re.Pattern[bytes], longest: int) -> re.Match[bytes]:
        while (end := self._buffer.find(b"\n", 0, longest)) < 0:
            if len(self._buffer) >= longest:
                raise Malformed
            await self._receive_more()
        match = pattern.match(await self.take(end + 1))
        if match is None:
            raise Malformed
        return match


def check_size(size: int) -> None:
    """Raise BodyTooLarge if a body may not have so many bytes."""
    if size > LARGEST_BODY:
        raise BodyTooLarge(f"the body must not exceed {LARGEST_BODY} bytes")
