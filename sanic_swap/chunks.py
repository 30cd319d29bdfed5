"""Takes the chunked coding off a body, exactly as RFC 9112 section 7.1 spells it.

Sanic's own reader takes `0x5`, ` 5 `, digits of other scripts and anything where a chunk has to
end: what another program on the way may read as something else.
"""

import re
from enum import Enum

_LONGEST_LINE = 256  # bytes of a size with its extensions, which nobody uses
_LONGEST_TRAILERS = 4096  # bytes
_CRLF = b"\r\n"

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_SIZE = re.compile(
    rb"([0-9A-Fa-f]+)"
    rb"(?:[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?)*\Z" % (_TOKEN, _TOKEN, _QUOTED)
)
_SIZE_SO_FAR = re.compile(rb"(?:[0-9A-Fa-f]+(?:[ \t;][\t\x20-\x7e\x80-\xff]*)?)?\r?\Z")
_TRAILER = re.compile(rb"(%b):[\t\x20-\x7e\x80-\xff]*\Z" % _TOKEN)
_TRAILER_SO_FAR = re.compile(rb"(?:%b(?::[\t\x20-\x7e\x80-\xff]*)?)?\r?\Z" % _TOKEN)
# RFC 9110 section 6.5.1: what frames or routes a message has no business behind it.
_NO_TRAILERS = frozenset({b"content-length", b"transfer-encoding", b"host", b"trailer"})


class BrokenChunks(ValueError):
    """The body is not chunked as RFC 9112 has it."""


class TooManyBytes(ValueError):
    """The chunks announce more than was allowed."""


class _Next(Enum):
    SIZE = "size"
    DATA = "data"
    END_OF_DATA = "end of data"
    TRAILER = "trailer"


class ChunkReader:
    """
    Takes one body out of a buffer, as its bytes come in.

    Args:
        largest: How many bytes it may have.
    """

    def __init__(self, largest: int) -> None:
        self._room = largest
        self._next = _Next.SIZE
        self._left = 0
        self._trailer_bytes = 0

    def take(self, buffer: bytearray) -> bytes | None:
        """
        Remove the next piece of the body from *buffer*, and return it.

        Returns:
            The piece; b"" where the body has ended, trailers and all; None if more has to
            come in first.

        Raises:
            BrokenChunks: As soon as what is there cannot become a chunked body.
            TooManyBytes: As soon as a size says so.
        """
        while True:
            match self._next:
                case _Next.DATA:
                    if not buffer:
                        return None
                    return self._take_data(buffer)
                case _Next.END_OF_DATA:
                    if not _CRLF.startswith(buffer[:2]):
                        raise BrokenChunks
                    if len(buffer) < 2:
                        return None
                    del buffer[:2]
                    self._next = _Next.SIZE
                case _Next.SIZE:
                    line = _take_line(buffer, _SIZE_SO_FAR, _LONGEST_LINE)
                    if line is None:
                        return None
                    self._read_size(line)
                case _Next.TRAILER:
                    left = _LONGEST_TRAILERS - self._trailer_bytes
                    line = _take_line(buffer, _TRAILER_SO_FAR, left)
                    if not line:
                        return line
                    self._skip_trailer(line)

    def _take_data(self, buffer: bytearray) -> bytes:
        piece = bytes(buffer[: self._left])
        del buffer[: self._left]
        self._left -= len(piece)
        if not self._left:
            self._next = _Next.END_OF_DATA
        return piece

    def _read_size(self, line: bytes) -> None:
        size = _SIZE.match(line)
        if size is None:
            raise BrokenChunks
        self._left = int(size[1], 16)
        self._room -= self._left
        if self._room < 0:
            raise TooManyBytes
        self._next = _Next.DATA if self._left else _Next.TRAILER

    def _skip_trailer(self, line: bytes) -> None:
        name = _TRAILER.match(line)
        if name is None or name[1].lower() in _NO_TRAILERS:
            raise BrokenChunks
        self._trailer_bytes += len(line)


def _take_line(buffer: bytearray, so_far: re.Pattern[bytes], longest: int) -> bytes | None:
    """Remove a line from *buffer* and return it without its end; None if it has none yet."""
    end = buffer.find(_CRLF, 0, longest + 2)
    if end < 0:
        if len(buffer) > longest + 1 or not so_far.match(buffer):
            raise BrokenChunks
        return None
    line = bytes(buffer[:end])
    del buffer[: end + 2]
    return line
