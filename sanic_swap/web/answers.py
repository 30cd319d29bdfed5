"""What every endpoint answers with: JSON, with the headers that belong on all."""

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from sanic import HTTPResponse

# On every answer. Tokens must not be kept by anybody on the way (RFC 6749 section 5.1).
_ON_ALL = "Cache-Control: no-store\r\nPragma: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
_STATUSES = frozenset(HTTPStatus)


class Answer(HTTPResponse):
    """An answer with our headers and a Date, without the empty Alt-Svc that Sanic adds."""

    __slots__ = ()
    # Sanic's multidict takes longer to make than all the rest.
    headers: dict[str, str]  # type: ignore[assignment]  # Sanic has a multidict

    def __init__(
        self,
        body: bytes = b"",
        status: int = 200,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> None:
        # All that Sanic's constructor sets, but for its headers.
        self.asgi = False
        self.stream = self._cookies = None
        self.body, self.status, self.content_type = body, status, content_type
        self.headers = {} if headers is None else headers

    def head(self, *, keep_alive: bool) -> bytes:
        """Return status line and headers, ready to be sent before the body."""
        head = _beginning(self.status)
        for name, value in self.headers.items():
            head += f"{name}: {value}\r\n"
        if self.status != 204:
            length = len(self.body or b"")
            head += f"Content-Type: {self.content_type}\r\nContent-Length: {length}\r\n"
        connection = "keep-alive" if keep_alive else "close"
        date = _http_date(int(time.time()))
        return f"{head}Connection: {connection}\r\nDate: {date}\r\n\r\n".encode("ascii")


@lru_cache(maxsize=64)
def _beginning(status: int) -> str:
    phrase = HTTPStatus(status).phrase if status in _STATUSES else ""
    return f"HTTP/1.1 {status} {phrase}\r\n{_ON_ALL}"


@lru_cache(maxsize=2)
def _http_date(seconds: int) -> str:
    """Return the time as RFC 9110 section 6.6.1 wants it."""
    return formatdate(seconds, usegmt=True)
