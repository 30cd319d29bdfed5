"""Speaks HTTP/1 byte by byte: sends what no client library would, and reads what comes back."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from tests.contract import patience

_LENGTH = re.compile(rb"\r\nContent-Length: ([0-9]+)\r\n", re.IGNORECASE)
# What stands in the head of every answer, each field on a line of its own.
_ON_ALL = (
    rb"Cache-Control: no-store",
    rb"Pragma: no-cache",
    rb"X-Content-Type-Options: nosniff",
    rb"X-Request-ID: [A-Za-z0-9._-]{1,64}",
    rb"Date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT",
)
_PRINTABLE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+\Z")
_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]{5,}")
# What our own words are made of; anything else that an error has in common with its request
# was copied from there.
_OWN_WORDS = frozenset(
    b"error invalid_request invalid_grant error_description invalid_client Invalid refresh token"
    b" refresh_token client_id grant_type redirect_uri code_verifier authorization_code undefined"
    b" application urlencoded Content Encoding identity CALLBACK_URL method Method Request"
    b" Entity healthz readyz openapi json swap api token".split()
)


@dataclass(frozen=True)
class RawAnswer:
    """One answer as it stood on the wire."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    @property
    def error(self) -> str | None:
        told = json.loads(self.body) if self.status >= 400 and self.body else {}
        return str(told["error"]) if told else None

    def _has(self, field: bytes) -> bool:
        return re.search(b"\r\n" + field + b"\r\n", self.head) is not None

    def problems(self, sent: bytes) -> Iterator[str]:
        """Say what is wrong with it as an answer to *sent*, whatever that was."""
        if self.status == 100:
            return
        fields = [*_ON_ALL]
        fields += [rb"Content-Type: application/json"] * bool(self.body)
        fields += [rb"Allow: [A-Z, ]+"] * (self.status == 405)
        yield from (f"lacks {one!r}" for one in fields if not self._has(one))
        if self.status >= 500:
            yield f"is {self.status}"
        if self.status < 400 or not self.body:
            return
        if len(self.body) >= 300:
            yield f"is {len(self.body)} bytes long"
        told: dict[str, Any] = json.loads(self.body)
        if set(told) != {"error", "error_description"}:
            yield f"has the members {set(told)}"
        yield from (f"says {text!r}" for text in told.values() if not _PRINTABLE.match(text))
        if echo := set(_WORD.findall(self.body)) & set(_WORD.findall(sent)) - _OWN_WORDS:
            yield f"repeats {echo}"


class RawConnection:
    """A client's connection, with a buffer for what has not been read yet."""

    def __init__(self, address: tuple[str, int], seconds: float) -> None:
        self._socket = socket.create_connection(address, seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, sent: bytes) -> None:
        """Send all, or as much as the other side takes before it closes."""
        with suppress(ConnectionError):
            self._socket.sendall(sent)

    def send_drop_by_drop(self, sent: bytes) -> None:
        """Send byte by byte, each in a segment of its own."""
        for at in range(len(sent)):
            self.send(sent[at : at + 1])

    def say_no_more(self) -> None:
        """Close our half."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def read(self, *, to_head: bool = False) -> RawAnswer | None:
        """
        Return the next answer, None if the connection was closed instead.

        Args:
            to_head: Whether it answers a HEAD.

        Raises:
            TimeoutError: If neither came.
            ValueError: If something else came.
        """
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                if self._buffer:
                    raise ValueError(f"half an answer: {self._buffer[:200]!r}")
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if not re.match(rb"HTTP/1\.1 [1-5][0-9][0-9] ", head):
            raise ValueError(f"no answer: {head[:200]!r}")
        head += b"\r\n"
        length = _LENGTH.search(head)
        left = int(length[1]) if length and not to_head else 0
        while len(self._buffer) < left:
            if not self._receive():
                raise ValueError("half a body")
        body, self._buffer = self._buffer[:left], self._buffer[left:]
        return RawAnswer(head, body)

    def _receive(self) -> bool:
        try:
            received = self._socket.recv(65_536)
        except ConnectionError:
            received = b""
        self._buffer += received
        return bool(received)


@contextmanager
def raw_connection(url: str, seconds: float | None = None) -> Iterator[RawConnection]:
    """Connect to the service at *url*, until the block ends."""
    host, port = url.removeprefix("http://").split(":")
    limit = patience.seconds(10) if seconds is None else seconds
    with RawConnection((host, int(port)), limit) as connection:
        yield connection
