"""Parse the head of a request strictly by RFC 9112.

What a proxy in front could read differently is refused: a repeated length, a space before a
colon, a bare CR or LF.
"""

import re
from typing import NamedTuple

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.6.2
FIELD = TOKEN + rb":[\t\x20-\x7e\x80-\xff]*"  # RFC 9112 section 5

# RFC 9112 section 3: origin-form, asterisk-form or absolute-form, without a fragment.
_REQUEST_LINE = (
    rb"(%b) (?:(/[\x21\x22\x24-\x7e]*|\*)"
    rb"|(?i:https?)://([\x21\x22\x24-\x2e\x30-\x3e\x40-\x7e]+)([/?][\x21\x22\x24-\x7e]*)?)"
    rb" HTTP/1\.([0-9])" % TOKEN
)
REQUEST_LINE = re.compile(_REQUEST_LINE + rb"\r\n")
_HEAD = re.compile(_REQUEST_LINE + rb"((?:\r\n%b)*)\Z" % FIELD)
_LENGTH = re.compile(r"[0-9]{1,15}\Z")
_CHUNKED = re.compile(r"chunked\Z", re.IGNORECASE | re.ASCII)
# RFC 3986 section 3.2.2, and a port.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]{0,5})?\Z")
_CONTINUE = "100-continue"


class Malformed(ValueError):
    """The request breaks the grammar of HTTP, or has more than one meaning."""


class Head(NamedTuple):
    """The head of a request.

    Attributes:
        target: Path and query, also of an absolute-form target; or `*`.
        version: 1.0 or 1.1; a later HTTP/1 counts as 1.1 (RFC 9110 section 2.5).
        fields: In order; names in lower case, values without surrounding spaces and tabs.
        length: Of the body, in bytes; None if it comes in chunks.
        keep_alive: Whether the client wants to use the connection again.
        expectation: In lower case; the first unknown one, if there are several.
    """

    method: str
    target: bytes
    version: str
    fields: list[tuple[str, str]]
    length: int | None
    keep_alive: bool
    expectation: str | None


def read_head(head: bytes) -> Head:
    """Parse a head, given without its last empty line, by RFC 9112 sections 3.2, 5.1, 6.1 to 6.3.

    Raises:
        Malformed: If it breaks the grammar, or its length, coding or host are ambiguous.
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
        if length is not None or version == "1.0" or not _CHUNKED.match(coding):
            raise Malformed
        return None
    if length is None:
        return 0
    if not _LENGTH.match(length):
        raise Malformed
    return int(length)
