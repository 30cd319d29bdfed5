"""The endpoints: those that apps call, and those for people and machines that run the service."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from sanic import Request

from sanic_swap import __version__
from sanic_swap.swap.limits import InFlight
from sanic_swap.swap.token_swap import SwapRequest, TokenSwap
from sanic_swap.trace import RequestTrace
from sanic_swap.web.answers import Answer
from sanic_swap.web.edge import Handler
from sanic_swap.web.token_requests import REFRESH, SWAP, ParameterRules, media_type, read_fields

# What apps call, and the grant type that it stands for; None lets the request choose.
GRANT_TYPES: Mapping[str, str | None] = {
    "/swap": SWAP,
    "/refresh": REFRESH,
    "/api/token": None,
    "/api/refresh_token": REFRESH,
}
# What people and machines look at that run the service.
PATHS = ("/", "/healthz", "/readyz", "/openapi.json")
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
_FINE = frozenset({"ok", "unknown"})
# The page loads nothing, and cannot be framed.
_PAGE_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def token_handler(
    swap: TokenSwap, rules: ParameterRules, in_flight: InFlight, grant_type: str | None
) -> Handler:
    """Return what answers at an endpoint of `GRANT_TYPES`."""

    async def answer(request: Request, trace: RequestTrace) -> Answer:
        if in_flight.is_full:
            await in_flight.turn()
        headers = request.headers
        stream: Any = request.stream
        # Type, then size, then syntax: a body of another type is not received.
        declared = media_type(
            headers.getall("content-type", []), headers.getall("content-encoding", [])
        )
        # Not `request.receive_body`, which would ask for more after the whole of it.
        fields = read_fields(await stream.read(), declared)
        token_request = rules.read(fields, grant_type)
        # Take a slot once the body is here, or slow senders would exhaust the limit.
        with in_flight:
            if isinstance(token_request, SwapRequest):
                body = await swap.swap(token_request, trace)
            else:
                body = await swap.refresh(token_request, trace)
        return Answer(body)

    return answer


@dataclass(slots=True, eq=False, repr=False)
class Readiness:
    """Whether traffic is welcome; the server decides by the phase, `/readyz` says so."""

    words: Callable[[], dict[str, str]]  # what each part says of itself now
    are_credentials_good: Callable[[], bool]  # whether the process may be ready
    phase: Literal["starting", "ready", "draining"] = "starting"


def operator_handlers(readiness: Readiness) -> dict[str, Handler]:
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
