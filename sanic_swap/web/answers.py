"""Makes the answers of every endpoint: JSON, with the headers that belong on all."""

import json
import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from sanic import HTTPResponse

# On every answer. Tokens must not be kept by anybody on the way (RFC 6749 section 5.1).
_ON_ALL = b"Cache-Control: no-store\r\nPragma: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
_STATUSES = frozenset(HTTPStatus)


class Answer(HTTPResponse):
    """An answer with our headers and a Date, without the empty Alt-Svc that Sanic adds."""

    def head(self, *, keep_alive: bool) -> bytes:
        """Return status line and headers, ready to be sent before the body."""
        own = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        if self.status != 204:
            own += (
                f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body or b'')}\r\n"
            )
        own += f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
        return b"%b%b%bDate: %b\r\n\r\n" % (
            _status_line(self.status),
            _ON_ALL,
            own.encode("ascii"),
            _http_date(),
        )


def json_answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Return *body*, which is JSON already, as an answer."""
    return Answer(body, status=status, headers=headers, content_type="application/json")


def object_answer(members: Mapping[str, object], status: int = 200) -> Answer:
    """Return *members* as an answer."""
    return json_answer(json.dumps(members).encode(), status)


def page_answer(page: str) -> Answer:
    """Return a page that loads nothing and cannot be framed."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy}
    return Answer(page, headers=headers, content_type="text/html; charset=utf-8")


def options_answer(allow: str) -> Answer:
    """Return the answer to OPTIONS: which methods there are."""
    return Answer(status=204, headers={"Allow": allow})


def _http_date() -> bytes:
    """Return the time as RFC 9110 section 6.6.1 wants it."""
    return _http_date_of(int(time.time()))


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    phrase = HTTPStatus(status).phrase if status in _STATUSES else ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


@lru_cache(maxsize=2)
def _http_date_of(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()
