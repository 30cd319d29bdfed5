"""Faults that damage an answer on its way, down to the single byte."""

import itertools
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fake_spotify.faults import Ending, Pause, Performance, Step
from fake_spotify.replies import Reply

# What is sent is made piece by piece: hundreds of megabytes never exist at once.
_PIECE_BYTES = 256 * 1024
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class SlowHead(Performance):
    """The whole answer comes late."""

    seconds: float

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Wait, then answer."""
        yield Pause(self.seconds)
        yield honest


@dataclass(frozen=True, slots=True)
class SlowBody(Performance):
    """The head comes at once, the body late."""

    seconds: float

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Wait between head and body."""
        yield head(honest)
        yield Pause(self.seconds)
        yield honest.body


@dataclass(frozen=True, slots=True)
class Dribble(Performance):
    """Head and body come byte by byte."""

    seconds_per_byte: float = 0.1

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Wait after each byte."""
        for byte in head(honest) + honest.body:
            yield bytes((byte,))
            yield Pause(self.seconds_per_byte)


@dataclass(frozen=True, slots=True)
class Silence(Performance):
    """No answer, ever; the connection stays."""

    is_processed = False

    def steps(self, honest: Reply) -> Iterator[Step]:  # noqa: ARG002 (nothing of it is sent)
        """Wait until the client gives up."""
        yield Pause(math.inf)


@dataclass(frozen=True, slots=True)
class ResetBeforeHead(Performance):
    """The connection is reset before a byte of the answer."""

    is_processed = False

    def steps(self, honest: Reply) -> Iterator[Step]:  # noqa: ARG002 (nothing of it is sent)
        """Reset."""
        yield Ending.RESET


@dataclass(frozen=True, slots=True)
class CloseBeforeHead(Performance):
    """The connection is closed, politely, before a byte of the answer."""

    is_processed = False

    def steps(self, honest: Reply) -> Iterator[Step]:  # noqa: ARG002 (nothing of it is sent)
        """Close."""
        yield Ending.CLOSE


@dataclass(frozen=True, slots=True)
class ResetInHead(Performance):
    """The connection is reset in the middle of the head."""

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Send half a head."""
        whole = head(honest)
        yield whole[: len(whole) // 2]
        yield Ending.RESET


@dataclass(frozen=True, slots=True)
class ResetInBody(Performance):
    """The connection is reset in the middle of the body."""

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Send half a body."""
        yield head(honest) + honest.body[: len(honest.body) // 2]
        yield Ending.RESET


@dataclass(frozen=True, slots=True)
class ShortBody(Performance):
    """The body ends, politely, before its announced length."""

    missing_bytes: int = 10

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Leave the end out."""
        yield head(honest) + honest.body[: max(0, len(honest.body) - self.missing_bytes)]
        yield Ending.CLOSE


@dataclass(frozen=True, slots=True)
class LongBody(Performance):
    """More bytes come than were announced."""

    extra: str = "}{"

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Add to the end."""
        yield head(honest) + honest.body + self.extra.encode()


@dataclass(frozen=True, slots=True)
class Garbage(Performance):
    """Bytes that are no HTTP."""

    size_bytes: int = 512
    is_processed = False

    def steps(self, honest: Reply) -> Iterator[Step]:  # noqa: ARG002 (nothing of it is sent)
        """Send every byte value in turn, from the one no status line begins with."""
        yield bytes(itertools.islice(itertools.cycle(range(255, -1, -1)), self.size_bytes))


@dataclass(frozen=True, slots=True)
class BrokenJson(Performance):
    """Spotify's JSON, cut off in the middle, in a message that is whole."""

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Halve the body and say so."""
        body = honest.plain_body()
        yield honest.with_plain_body(body[: len(body) // 2])


@dataclass(frozen=True, slots=True)
class ContentType(Performance):
    """The right body under another content type."""

    content_type: str

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Change the header."""
        yield honest.with_header("content-type", self.content_type)


@dataclass(frozen=True, slots=True)
class Members(Performance):
    """Other members than usual: *add* to Spotify's JSON object, or replace; *drop* from it."""

    add: Mapping[str, object] = field(default_factory=dict)
    drop: tuple[str, ...] = ()

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Change the object."""
        members = {**json.loads(honest.plain_body()), **self.add}
        for name in self.drop:
            members.pop(name, None)
        yield honest.with_plain_body(json.dumps(members).encode())


@dataclass(frozen=True, slots=True)
class InformationalFlood(Performance):
    """Many 1xx answers before the real one."""

    count: int = 1000
    status: int = 103

    def steps(self, honest: Reply) -> Iterator[Step]:
        """Say "wait" again and again."""
        for _ in range(self.count):
            yield f"HTTP/1.1 {self.status} {_reason(self.status)}\r\n\r\n".encode()
        yield honest


@dataclass(frozen=True, slots=True)
class GzipBomb(Performance):
    """A small gzip body that unpacks to many megabytes of JSON."""

    megabytes: int = 400
    is_processed = False

    def steps(self, honest: Reply) -> Iterator[Step]:  # noqa: ARG002 (nothing of it is sent)
        """Pack as it goes."""
        yield _unmeasured_head(("content-encoding", "gzip"))
        packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        for piece in _endless_string(self.megabytes):
            yield from filter(None, (packer.compress(piece),))
        yield packer.flush()


@dataclass(frozen=True, slots=True)
class Huge(Performance):
    """A body of many megabytes of JSON."""

    megabytes: int = 400
    is_processed = False

    def steps(self, honest: Reply) -> Iterator[Step]:  # noqa: ARG002 (nothing of it is sent)
        """Send as it goes."""
        yield _unmeasured_head()
        yield from _endless_string(self.megabytes)


def head(reply: Reply) -> bytes:
    """Write the head of *reply*, with its length and the announcement that nothing follows."""
    lines = [f"HTTP/1.1 {reply.status} {_reason(reply.status)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines += [f"content-length: {len(reply.body)}", "connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _unmeasured_head(*more: tuple[str, str]) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in more]
    return (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
        f"{''.join(lines)}\r\n"
    ).encode()


def _endless_string(megabytes: int) -> Iterator[bytes]:
    yield b'{"access_token":"'
    piece = b"A" * _PIECE_BYTES
    whole, rest = divmod(megabytes * _MEGABYTE, _PIECE_BYTES)
    yield from itertools.repeat(piece, whole)
    yield piece[:rest] + b'"}'


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
