"""The endpoints for people and machines that look after the service."""

import json
from collections.abc import Callable
from enum import Enum

from sanic import Request

from sanic_swap import openapi
from sanic_swap.answers import Answer, json_answer, object_answer, page_answer
from sanic_swap.edge import Handler
from sanic_swap.trace import RequestTrace
from sanic_swap.version import __version__

_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sanic-swap</title>
<style>
  body {{ font: 1rem/1.5 system-ui, sans-serif }}
  body {{ max-width: 36rem; margin: 4rem auto; padding: 0 1rem }}
  code {{ background: #8882; padding: .1em .3em; border-radius: .2em }}
  :root {{ color-scheme: light dark }}
</style>
<h1>sanic-swap</h1>
<p>Token swap and refresh for apps that use Spotify's SDKs, version {__version__}.
   There is nothing to click here: apps talk to it.</p>
<ul>
  <li><code>POST /swap</code> trades an authorization code for tokens.</li>
  <li><code>POST /refresh</code> trades the sealed refresh token for a new access token.</li>
  <li><code>POST /api/token</code> does both, for OAuth 2.0 libraries.</li>
  <li><a href="/openapi.json">/openapi.json</a> describes all of it to machines.</li>
  <li><a href="/healthz">/healthz</a> and <a href="/readyz">/readyz</a> tell how it is.</li>
</ul>
</html>
"""


class Phase(Enum):
    """Where in its life the process is; the value is what `/readyz` says."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Readiness:
    """Whether traffic is welcome; the server says so, `/readyz` tells it."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.deadline: float | None = None  # of the drain, in the event loop's time
        self.troubles: list[Callable[[], bool]] = []  # each asked whether it is there now

    @property
    def draining(self) -> bool:
        """Whether the process is about to end."""
        return self.phase is Phase.DRAINING


PATHS = ("/", "/healthz", "/readyz", "/openapi.json")


def handlers(readiness: Readiness) -> dict[str, Handler]:
    """Return what answers GET and HEAD at each of `PATHS`."""
    description = json.dumps(openapi.description()).encode()

    async def who_answers(request: Request, _: RequestTrace) -> Answer:
        if "text/html" in request.headers.get("accept", "").lower():
            return page_answer(_PAGE)
        links = {"openapi": "/openapi.json", "health": "/healthz", "ready": "/readyz"}
        return object_answer({"service": "sanic-swap", "version": __version__, "links": links})

    async def alive(_: Request, __: RequestTrace) -> Answer:
        return object_answer({"status": "ok"})

    async def ready(_: Request, __: RequestTrace) -> Answer:
        if readiness.phase is not Phase.READY:
            return object_answer({"status": readiness.phase.value}, 503)
        is_degraded = any(is_there() for is_there in readiness.troubles)
        return object_answer({"status": "degraded" if is_degraded else readiness.phase.value})

    async def describe(_: Request, __: RequestTrace) -> Answer:
        return json_answer(description)

    return dict(zip(PATHS, (who_answers, alive, ready, describe), strict=True))
