"""Makes the answers of every endpoint: JSON, with the headers that belong on all."""

import json
import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from typing import Any

from sanic import HTTPResponse, Sanic

App = Sanic[Any, Any]

# Tokens must not be kept by anybody on the way (RFC 6749 section 5.1).
_HEADERS = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


class _Answer(HTTPResponse):
    """An answer with a Date, and without the empty Alt-Svc that Sanic adds to each."""

    @property
    def processed_headers(self) -> Iterator[tuple[bytes, bytes]]:
        headers = self.headers
        headers.pop("alt-svc", None)
        headers["Date"] = _http_date()
        if self.status != 204:
            headers["Content-Type"] = str(self.content_type)
        return iter(
            [(name.encode("ascii"), str(value).encode("ascii")) for name, value in headers.items()]
        )


def json_answer(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    """Return *body*, which is JSON already, as an answer."""
    return _Answer(
        body,
        status=status,
        headers={**_HEADERS, **headers} if headers else _HEADERS,
        content_type="application/json",
    )


def object_answer(members: Mapping[str, object], status: int = 200) -> HTTPResponse:
    """Return *members* as an answer."""
    return json_answer(json.dumps(members).encode(), status)


def page_answer(page: str) -> HTTPResponse:
    """Return a page that loads nothing and can be framed by nobody."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return _Answer(page, headers=headers, content_type="text/html; charset=utf-8")


def options_answer(allow: str) -> HTTPResponse:
    """Return the answer to OPTIONS: which methods there are."""
    return _Answer(status=204, headers={**_HEADERS, "Allow": allow})


_dated: tuple[int, str] = (0, "")


def _http_date() -> str:
    """Return the time as RFC 9110 section 6.6.1 wants it; written once a second."""
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = (now, formatdate(now, usegmt=True))
    return _dated[1]
