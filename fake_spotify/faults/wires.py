"""Faults that damage an answer on its way, down to the single byte."""

import itertools
import json
import math
import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import ClassVar

from fake_spotify.faults.queue import Fault, check_wait
from fake_spotify.replies import Ending, Pause, Reply, Step

# Large bodies are made piece by piece: hundreds of megabytes never exist at once.
_PIECE_BYTES = 256 * 1024
_MEGABYTE = 1_000_000
_ENDLESS_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"


class Damage(Fault, ABC):
    """Spotify's answer, damaged on its way."""

    @abstractmethod
    def steps(self, normal: Reply, /) -> Iterator[Step]:
        """Yield what happens on the connection instead of *normal*."""


@dataclass(frozen=True, slots=True)
class _Late(Damage):
    seconds: float

    def __post_init__(self) -> None:
        check_wait("seconds", self.seconds)


class SlowHead(_Late):
    """The whole answer comes late."""

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        yield Pause(self.seconds)
        yield normal


class SlowBody(_Late):
    """The head comes at once, the body late."""

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        yield head(normal)
        yield Pause(self.seconds)
        yield normal.body


@dataclass(frozen=True, slots=True)
class Dribble(Damage):
    """Head and body come byte by byte."""

    seconds_per_byte: float = 0.1

    def __post_init__(self) -> None:
        check_wait("seconds_per_byte", self.seconds_per_byte)

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        for byte in head(normal) + normal.body:
            yield bytes((byte,))
            yield Pause(self.seconds_per_byte)


class _NoAnswer(Damage):
    is_processed = False
    only_step: ClassVar[Step]

    def steps(self, _: Reply, /) -> Iterator[Step]:
        yield self.only_step


class Silence(_NoAnswer):
    """No answer, ever; the connection stays."""

    only_step = Pause(math.inf)


class ResetBeforeHead(_NoAnswer):
    """The connection is reset before a byte of the answer."""

    only_step = Ending.RESET


class CloseBeforeHead(_NoAnswer):
    """The connection is closed, politely, before a byte of the answer."""

    only_step = Ending.CLOSE


class ResetInHead(Damage):
    """The connection is reset in the middle of the head."""

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        whole = head(normal)
        yield whole[: len(whole) // 2]
        yield Ending.RESET


class ResetInBody(Damage):
    """The connection is reset in the middle of the body."""

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        yield head(normal) + normal.body[: len(normal.body) // 2]
        yield Ending.RESET


@dataclass(frozen=True, slots=True)
class ShortBody(Damage):
    """The body ends, politely, before its announced length."""

    missing_bytes: int = 10

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        yield head(normal) + normal.body[: max(0, len(normal.body) - self.missing_bytes)]
        yield Ending.CLOSE


@dataclass(frozen=True, slots=True)
class LongBody(Damage):
    """More bytes come than were announced."""

    extra: str = "}{"

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        yield head(normal) + normal.body + self.extra.encode()


@dataclass(frozen=True, slots=True)
class Garbage(Damage):
    """Bytes that are no HTTP."""

    size_bytes: int = 512
    is_processed = False

    def steps(self, _: Reply, /) -> Iterator[Step]:
        # Every byte value in turn, from the one that no status line begins with.
        yield bytes(itertools.islice(itertools.cycle(range(255, -1, -1)), self.size_bytes))


class BrokenJson(Damage):
    """Spotify's JSON, cut off in the middle, in a message that is whole."""

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        body = normal.plain_body()
        yield normal.with_plain_body(body[: len(body) // 2])


@dataclass(frozen=True, slots=True)
class ContentType(Damage):
    """The right body under another content type."""

    content_type: str

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        yield normal.with_header("content-type", self.content_type)


@dataclass(frozen=True, slots=True)
class Members(Damage):
    """Other members than usual: *add* to Spotify's JSON object, or replace; *drop* from it."""

    add: Mapping[str, object] = field(default_factory=dict)
    drop: tuple[str, ...] = ()

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        members = {**json.loads(normal.plain_body()), **self.add}
        for name in self.drop:
            members.pop(name, None)
        yield normal.with_plain_body(json.dumps(members).encode())


@dataclass(frozen=True, slots=True)
class InformationalFlood(Damage):
    """Many 1xx answers before the real one."""

    count: int = 1000
    status: int = 103

    def steps(self, normal: Reply, /) -> Iterator[Step]:
        for _ in range(self.count):
            yield f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}\r\n\r\n".encode()
        yield normal


@dataclass(frozen=True, slots=True)
class GzipBomb(Damage):
    """A small gzip body that unpacks to many megabytes of JSON."""

    megabytes: int = 400
    is_processed = False

    def steps(self, _: Reply, /) -> Iterator[Step]:
        yield _ENDLESS_HEAD + b"content-encoding: gzip\r\n\r\n"
        yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # RFC 1952 section 2.3
        # After a full flush a piece is packed the same way again: packing each would take seconds,
        # in which the fake answers nobody.
        packer, packed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS), dict[bytes, bytes]()
        checksum = size = 0
        for piece in _endless_string(self.megabytes):
            if piece not in packed:
                packed[piece] = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
            checksum, size = zlib.crc32(piece, checksum), size + len(piece)
            yield packed[piece]
        yield packer.flush() + struct.pack("<II", checksum, size & 0xFFFF_FFFF)


@dataclass(frozen=True, slots=True)
class Huge(Damage):
    """A body of many megabytes of JSON."""

    megabytes: int = 400
    is_processed = False

    def steps(self, _: Reply, /) -> Iterator[Step]:
        yield _ENDLESS_HEAD + b"\r\n"
        yield from _endless_string(self.megabytes)


def head(reply: Reply) -> bytes:
    """Serialise the head of *reply*, with its length and `connection: close`."""
    lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines += [f"content-length: {len(reply.body)}", "connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _endless_string(megabytes: int) -> Iterator[bytes]:
    yield b'{"access_token":"'
    piece = b"A" * _PIECE_BYTES
    whole, rest = divmod(megabytes * _MEGABYTE, _PIECE_BYTES)
    yield from itertools.repeat(piece, whole)
    yield piece[:rest] + b'"}'
