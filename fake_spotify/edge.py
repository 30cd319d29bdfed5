"""
What stands in front of Spotify says when it does not let a request through, or nobody is behind.

Sources and certainty: tests/vectors/spotify-cases.json, group `infrastructure`. The words were
captured; where the note there says so, the markup around them is ours.
"""

import json

from fake_spotify.replies import Reply


def text(status: int, words: str) -> Reply:
    """Give a plain text answer, as Envoy does."""
    return Reply(status, (("content-type", "text/plain"), ("server", "envoy")), words.encode())


def html(status: int, markup: str) -> Reply:
    """Give a page, as a front end does."""
    return Reply(status, (("content-type", "text/html"), ("server", "envoy")), markup.encode())


UPSTREAM_RESET = text(
    503,
    "upstream connect error or disconnect/reset before headers. "
    "reset reason: connection termination",
)
NO_HEALTHY_UPSTREAM = text(503, "no healthy upstream")
UPSTREAM_TIMEOUT = text(504, "upstream request timeout")
BAD_GATEWAY = html(
    502,
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
)
FORBIDDEN = html(
    403,
    "<html><title>Error 403 (Forbidden)</title><body>Your client does not have permission to get "
    "URL <code>/api/token</code> from this server.</body></html>",
)
BAD_REQUEST = html(
    400,
    "<html><title>Error 400 (Bad Request)</title><body>Your client has issued a malformed or "
    "illegal request.</body></html>",
)
EMPTY = html(200, "")
CAPTIVE_PORTAL = html(200, "<html><body>captive portal</body></html>")


def too_many_requests(retry_after: str) -> Reply:
    """Give the short form of 429."""
    return text(429, "Too many requests").with_header("retry-after", retry_after)


def rate_limit_exceeded(retry_after: str) -> Reply:
    """Give the long form of 429, whose `error` is an object."""
    body = json.dumps({"error": {"status": 429, "message": "API rate limit exceeded"}})
    headers = (
        ("content-type", "application/json"),
        ("retry-after", retry_after),
        ("server", "envoy"),
    )
    return Reply(429, headers, body.encode())
