"""Parse a request strictly by RFC 9112: its head, and a body in chunks.

What a proxy in front could read differently is refused: a repeated length, a space before a
colon, a bare CR or LF; chunk sizes that Sanic takes, as `0x5`, ` 5 ` or digits of other scripts.
"""

import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from sanic_swap.errors import BodyTooLarge

LARGEST_BODY = 16 * 1024  # bytes
_MOST_DIGITS = 15  # of a length
_LONGEST_LINE = 256  # bytes of a chunk's size with its extensions, which nobody uses
_LONGEST_TRAILERS = 4096  # bytes
_CONTINUE = "100-continue"

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.6.2
_FIELD = _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*"  # RFC 9112 section 5
_QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
# RFC 9112 section 3: origin-form, asterisk-form or absolute-form, without a fragment.
_REQUEST_LINE = (
    rb"(%b) (?:(/[\x21\x22\x24-\x7e]*|\*)"
    rb"|(?i:https?)://([\x21\x22\x24-\x2e\x30-\x3e\x40-\x7e]+)([/?][\x21\x22\x24-\x7e]*)?)"
    rb" HTTP/1\.([0-9])" % _TOKEN
)
_HEAD = re.compile(_REQUEST_LINE + rb"((?:\r\n%b)*)\Z" % _FIELD)
# RFC 3986 section 3.2.2, and a port.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]{0,5})?\Z")
# These are rarely needed, so they are compiled at their first use.
_FIRST_LINE = _REQUEST_LINE + rb"\r\n"
_EXTENSION = rb"[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?" % (_TOKEN, _TOKEN, _QUOTED)
_SIZE = rb"([0-9A-Fa-f]+)(?:%b)*\r\n" % _EXTENSION
# A trailer, or the empty line at the end. RFC 9110 section 6.5.1: a field that frames or routes
# a message must not be a trailer.
_TRAILER = rb"(?:(?!(?i:content-length|transfer-encoding|host|trailer):)%b)?\r\n" % _FIELD


class Malformed(ValueError):
    """The request breaks the grammar of HTTP, or has more than one meaning."""


class Head(NamedTuple):
    """The head of a request."""

    method: str
    target: bytes  # path and query, also of an absolute-form target; or `*`
    version: str  # 1.0 or 1.1; a later HTTP/1 counts as 1.1 (RFC 9110 section 2.5)
    fields: list[tuple[str, str]]  # in order; lower-case names, values without blanks around them
    length: int | None  # of the body, in bytes; None if it comes in chunks
    keep_alive: bool  # whether the client wants to use the connection again
    expectation: str | None  # in lower case; the first unknown one, if there are several


def read_head(head: bytes) -> Head:
    """Parse a head, given without its last empty line, by RFC 9112 sections 3.2, 5.1, 6.1 to 6.3.

    Raises Malformed if it breaks the grammar, or its length, coding or host are ambiguous.
    """
    match = _HEAD.match(head)
    if match is None:
        raise Malformed
    method, target, authority, query, minor, lines = match.groups()
    if target is None:
        target = query if query and query.startswith(b"/") else b"/" + (query or b"")
    elif target == b"*" and method != b"OPTIONS":
        raise Malformed
    version = "1.0" if minor == b"0" else "1.1"
    keep_alive = version == "1.1"
    expectation = None
    once: dict[str, str | None] = {"host": None, "content-length": None, "transfer-encoding": None}
    fields = []
    for line in lines.decode(errors="surrogateescape").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        fields.append((name, value))
        if name in once:
            if once[name] is not None:
                raise Malformed
            once[name] = value
        elif name == "connection":
            keep_alive = value.lower() == "keep-alive"
        elif name == "expect" and expectation in (None, _CONTINUE):
            expectation = value.lower()
    host, length, coding = once.values()
    if host is None:
        if version != "1.0":
            raise Malformed
    elif not _HOST.match(host) or (authority and authority.decode().lower() != host.lower()):
        raise Malformed
    size = _body_length(length, coding, version)
    return Head(method.decode(), target, version, fields, size, keep_alive, expectation)


def _body_length(length: str | None, coding: str | None, version: str) -> int | None:
    if coding is not None:
        # `isascii`: the lower case of the Kelvin sign is a k.
        is_chunked = coding.isascii() and coding.lower() == "chunked"
        if length is not None or version == "1.0" or not is_chunked:
            raise Malformed
        return None
    if length is None:
        return 0
    if not (length.isascii() and length.isdigit() and len(length) <= _MOST_DIGITS):
        raise Malformed
    return int(length)


def check_first_line(received: bytearray) -> None:
    """Raise Malformed unless what was *received* begins with a whole request line."""
    if not re.match(_FIRST_LINE, received):
        raise Malformed


def check_size(size: int) -> None:
    """Raise BodyTooLarge if a body may not have so many bytes."""
    if size > LARGEST_BODY:
        raise BodyTooLarge(f"the body must not exceed {LARGEST_BODY} bytes")


class BodyReader:
    """Takes one body off *buffer*; *receive_more* waits until the buffer has more."""

    def __init__(self, buffer: bytearray, receive_more: Callable[[], Awaitable[None]]) -> None:
        self._buffer = buffer
        self._receive_more = receive_more

    async def read_chunks(self) -> bytes:
        """Return the decoded body, once it and its trailers are there (RFC 9112 section 7.1).

        Raises Malformed as soon as a whole line, or the end of a chunk's data, is wrong, and
        BodyTooLarge as soon as a size is known with which it is over 16 KiB.
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

    async def _take_line(self, pattern: bytes, longest: int) -> re.Match[bytes]:
        while (end := self._buffer.find(b"\n", 0, longest)) < 0:
            if len(self._buffer) >= longest:
                raise Malformed
            await self._receive_more()
        match = re.fullmatch(pattern, await self.take(end + 1))
        if match is None:
            raise Malformed
        return match
