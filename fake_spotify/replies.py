"""An HTTP answer as a value, and the plain kinds: a page, a redirect."""

import gzip
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer: status, headers in order, body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def with_header(self, name: str, value: str) -> "Reply":
        """Give this reply with header *name* set to *value* alone."""
        others = (header for header in self.headers if header[0].lower() != name.lower())
        return Reply(self.status, (*others, (name, value)), self.body)

    def plain_body(self) -> bytes:
        """Give the body as it was before it was packed."""
        return gzip.decompress(self.body) if self._is_packed else self.body

    def with_plain_body(self, body: bytes) -> "Reply":
        """Give this reply with another body, packed as this one's is."""
        packed = gzip.compress(body, compresslevel=1, mtime=0) if self._is_packed else body
        return Reply(self.status, self.headers, packed)

    @property
    def _is_packed(self) -> bool:
        return ("content-encoding", "gzip") in self.headers


def page(status: int, markup: str) -> Reply:
    """Wrap *markup* as a page."""
    return Reply(
        status,
        (
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("server", "envoy"),
        ),
        markup.encode(),
    )


def redirect(location: str) -> Reply:
    """Send a browser on."""
    headers = (("location", location), ("cache-control", "no-store"), ("server", "envoy"))
    return Reply(302, headers)
