"""Turns what the rules answer into HTTP replies with the headers of Spotify's edge."""

import gzip
import json

from aiohttp import web

from fake_spotify.facts.shapes import TokenShapes
from fake_spotify.replies import Reply
from fake_spotify.rules import profile
from fake_spotify.rules.token_endpoint import Answer

# As in a capture of October 2025, where Cache-Control was absent: do not "fix" that.
_EDGE = (
    ("x-content-type-options", "nosniff"),
    ("vary", "Accept-Encoding"),
    ("server", "envoy"),
    ("via", "HTTP/2 edgeproxy, 1.1 google"),
)
# Over HTTPS a browser would obey these two, and refuse plain HTTP on localhost for a year.
_PLAIN_HTTP_ONLY = (
    ("strict-transport-security", "max-age=31536000"),
    ("alt-svc", 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'),
)
_TRACKING = "sp_tr=false;Version=1;Domain=accounts.spotify.com;Path=/;Secure;SameSite=Lax"
_DEVICE = "__Host-device_id={};Version=1;Path=/;Max-Age=2147483647;Secure;HttpOnly;SameSite=Lax"

# Browser apps exchange their codes themselves (PKCE), so their pages must be able to read this.
_CROSS_ORIGIN = (("access-control-allow-origin", "*"),)
PREFLIGHT_HEADERS = (
    *_CROSS_ORIGIN,
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-allow-headers", "Authorization, Content-Type, Accept"),
    ("access-control-max-age", "604800"),
)


def of_accounts(answer: Answer, shapes: TokenShapes, http: web.Request) -> Reply:
    device = ("set-cookie", _DEVICE.format(shapes.device_id()))
    return _json(answer, shapes, http, device, ("set-cookie", _TRACKING))


def of_api(answer: Answer, shapes: TokenShapes, http: web.Request) -> Reply:
    if answer.status != 401:
        return _json(answer, shapes, http, *answer.headers)
    words = profile.message_of(answer)
    challenge = f'Bearer realm="spotify", error="invalid_token", error_description="{words}"'
    return _json(answer, shapes, http, ("www-authenticate", challenge))


def _json(answer: Answer, shapes: TokenShapes, http: web.Request, *more: tuple[str, str]) -> Reply:
    body = answer.text.encode() or json.dumps(answer.members, separators=(",", ":")).encode()
    headers = (
        ("content-type", "text/plain" if answer.text else "application/json"),
        ("request-id", shapes.request_id()),
        ("x-envoy-upstream-service-time", "24"),
        *more,
        *_EDGE,
    )
    if not http.secure:
        headers = (*headers, *_PLAIN_HTTP_ONLY)
    if "origin" in http.headers:
        headers = (*headers, *_CROSS_ORIGIN)
    if "gzip" in http.headers.get("accept-encoding", "").lower():
        headers = (*headers, ("content-encoding", "gzip"))
        body = gzip.compress(body, compresslevel=1, mtime=0)
    return Reply(answer.status, headers, body)
