"""An HTTP answer as a value, its common forms, and the steps in which it can be sent."""

import gzip
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer: status, headers in order, body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def with_header(self, name: str, value: str) -> "Reply":
        others = (header for header in self.headers if header[0].lower() != name.lower())
        return Reply(self.status, (*others, (name, value)), self.body)

    def plain_body(self) -> bytes:
        return gzip.decompress(self.body) if self._is_gzipped else self.body

    def with_plain_body(self, body: bytes) -> "Reply":
        """Return this reply with another body, encoded as this one's is."""
        encoded = gzip.compress(body, compresslevel=1, mtime=0) if self._is_gzipped else body
        return Reply(self.status, self.headers, encoded)

    @property
    def _is_gzipped(self) -> bool:
        return ("content-encoding", "gzip") in self.headers


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait; infinity is until the client hangs up."""

    seconds: float


class Ending(Enum):
    """How a connection ends."""

    CLOSE = "close"
    RESET = "reset"


Step = bytes | Pause | Ending | Reply
"""
One thing that happens on the connection: raw bytes, a pause, an end, or an ordinary answer.

Without an ordinary answer the connection is closed after the last step.
"""


def edge(status: int, content_type: str, body: str) -> Reply:
    """Make an answer like those of Envoy and the front end before Spotify's services."""
    return Reply(status, (("content-type", content_type), ("server", "envoy")), body.encode())


def page(status: int, markup: str) -> Reply:
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("server", "envoy"),
    )
    return Reply(status, headers, markup.encode())


def redirect(location: str) -> Reply:
    headers = (("location", location), ("cache-control", "no-store"), ("server", "envoy"))
    return Reply(302, headers)
