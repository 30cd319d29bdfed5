"""Makes the answers of every endpoint: JSON, with the headers that belong on all."""

import json
from collections.abc import Mapping
from typing import Any

from sanic import HTTPResponse, Sanic

App = Sanic[Any, Any]

# Tokens must not be kept by anybody on the way (RFC 6749 section 5.1).
_HEADERS = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


def json_answer(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    """Return *body*, which is JSON already, as an answer."""
    return HTTPResponse(
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
    return HTTPResponse(page, headers=headers, content_type="text/html; charset=utf-8")


def options_answer(allow: str) -> HTTPResponse:
    """Return the answer to OPTIONS: which methods there are."""
    return HTTPResponse(status=204, headers={**_HEADERS, "Allow": allow})
