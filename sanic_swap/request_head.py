"""Says whether the head of a request has one meaning only.

Sanic's own parser takes much that RFC 9112 calls malformed or ambiguous, and that a proxy
in front may read differently.
"""

import re

# RFC 9110 section 5.6.2 (token), RFC 9112 sections 3 and 5: one request line, then
# `name:value` lines without a blank before the colon, a bare CR, LF or NUL in them.
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEAD = re.compile(
    _TOKEN + rb" [\x21-\x7e]+ HTTP/1\.[01]"
    rb"(?:\r\n" + _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*)*\Z"
)
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|host):([^\r]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,15}\Z")
# RFC 9112 section 3.2: origin-form or absolute-form, with a path and without a fragment.
_TARGET = re.compile(rb"(?:/|https?://[^/?#]+/)[^#]*\Z", re.IGNORECASE)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)
# RFC 3986 section 3.2.2, and a port.
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]{0,5})?\Z")


def is_well_formed(head: bytes) -> bool:
    """
    Say whether a request head, without its last empty line, has one meaning only.

    Source: RFC 9112 sections 3.2 (Host, absolute-form), 5.1 and 6.1 to 6.3.
    """
    if not _HEAD.match(head):
        return False
    line = head[: head.find(b"\r\n")] if b"\r\n" in head else head
    method, target, version = line.split(b" ")
    if not _TARGET.match(target) and (method, target) != (b"OPTIONS", b"*"):
        return False
    seen: dict[bytes, bytes] = {}
    for name, value in _FRAMING.findall(head):
        if name.lower() in seen:
            return False
        seen[name.lower()] = value.strip(b" \t")
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
