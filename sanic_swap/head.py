"""Says whether the head of a request has one meaning only, and spells it so that Sanic sees it.

Sanic's own parser takes much that RFC 9112 calls malformed or ambiguous, and that a proxy
in front may read differently; and it misreads some of what is well-formed.
"""

import re

# RFC 9110 section 5.6.2 (token), RFC 9112 sections 3 and 5: one request line, then
# `name:value` lines without a blank before the colon, a bare CR, LF or NUL in them.
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = _TOKEN + rb" [\x21-\x7e]+ HTTP/1\.[01]"
_HEAD = re.compile(_LINE + rb"(?:\r\n" + _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*)*\Z")
_LINE_AND_MORE = re.compile(_LINE + rb"\r\n")
# Control characters but HTAB, and CR and LF where they do not end a line.
_HOPELESS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n|\Z)")
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|host):([^\r]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,15}\Z")
# RFC 9112 section 3.2: origin-form or absolute-form, without a fragment.
_TARGET = re.compile(rb"(?:/[^#]*|https?://[^/?#]+(?:[/?][^#]*)?)\Z", re.IGNORECASE)
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


def is_hopeless(start: bytes) -> bool:
    """Say whether *start*, the head so far, can be seen not to become a well-formed one."""
    if _HOPELESS.search(start):
        return True
    return b"\r\n" in start and not _LINE_AND_MORE.match(start)


def as_sanic_reads_it(head: bytes) -> bytes:
    """
    Return a well-formed head with the same meaning, in the one spelling that Sanic understands.

    That is: a target of absolute-form as its path (RFC 9112 section 3.2.2), and no blanks behind
    values (section 5), which Sanic would take for a part of them.
    """
    if b" \r\n" in head or b"\t\r\n" in head or head.endswith((b" ", b"\t")):
        head = b"\r\n".join(line.rstrip(b" \t") for line in head.split(b"\r\n"))
    method, target, _ = head.split(b" ", 2)
    if target.startswith((b"/", b"*")):
        return head
    path = _ABSOLUTE.sub(b"", target, count=1)
    if not path.startswith(b"/"):
        path = b"/" + path
    rest = head[len(method) + 1 + len(target) :]
    return b"%b %b%b" % (method, path, rest)


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
