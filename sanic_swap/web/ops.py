"""The endpoints for people and machines that look after the service."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from sanic import Request

from sanic_swap import __version__
from sanic_swap.trace import RequestTrace
from sanic_swap.web.answers import Answer
from sanic_swap.web.edge import Handler

PATHS = ("/", "/healthz", "/readyz", "/openapi.json")
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
_FINE = frozenset({"ok", "unknown"})
# The page loads nothing, and cannot be framed.
_PAGE_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none';"
    " frame-ancestors 'none'"
)


@dataclass(slots=True)
class Readiness:
    """Whether traffic is welcome; the server decides by the phase, `/readyz` says so."""

    words: Callable[[], dict[str, str]]  # what each part says of itself now
    are_credentials_good: Callable[[], bool]  # whether the process may be ready
    phase: Literal["starting", "ready", "draining"] = "starting"


def handlers(readiness: Readiness) -> dict[str, Handler]:
    """Return what answers GET and HEAD at each of `PATHS`."""
    page, description = _data("index.html"), _data("openapi.json")
    links = {"openapi": "/openapi.json", "health": "/healthz", "ready": "/readyz"}
    service = json.dumps({"service": "sanic-swap", "version": __version__, "links": links}).encode()

    async def who_answers(request: Request, _: RequestTrace) -> Answer:
        if "text/html" in request.headers.get("accept", "").lower():
            headers = {"Content-Security-Policy": _PAGE_POLICY}
            return Answer(page, headers=headers, content_type="text/html; charset=utf-8")
        return Answer(service)

    async def alive(_: Request, __: RequestTrace) -> Answer:
        return Answer(b'{"status": "ok"}')

    async def ready(_: Request, __: RequestTrace) -> Answer:
        words, status = readiness.words(), str(readiness.phase)
        if status == "ready" and not readiness.are_credentials_good():
            status = "starting"
        elif status == "ready" and not _FINE.issuperset(words.values()):
            status = "degraded"
        body = json.dumps({"status": status, **words}).encode()
        return Answer(body, 200 if status in ("ready", "degraded") else 503)

    async def describe(_: Request, __: RequestTrace) -> Answer:
        return Answer(description)

    return dict(zip(PATHS, (who_answers, alive, ready, describe), strict=True))


def _data(name: str) -> bytes:
    """Return a data file of this package with our version in it."""
    text = files(__package__ or "").joinpath(name).read_text("utf-8")
    return text.replace("{version}", __version__).encode()
