"""Puts the endpoints together into one Sanic application."""

import asyncio
from typing import Any

from sanic import Request, Sanic
from sanic.exceptions import SanicException

from sanic_swap.errors import SwapError
from sanic_swap.parts import Parts
from sanic_swap.web.cors import Cors
from sanic_swap.web.edge import Edge, Handler
from sanic_swap.web.endpoints import GRANT_TYPES, operator_handlers, token_handler

_IDLE_SECONDS = 95  # above what proxies keep idle connections for; Heroku's router: 90


class App(Sanic[Any, Any]):
    """Sanic without signals and middleware, of which this service has none.

    Sanic itself would find that out, and write its methods anew without them: at each start that
    takes longer than all that is ours.
    """

    async def handle_request(self, request: Request) -> None:
        """Send what the endpoint answers to *request*; `make_app` says what answers the others."""
        stream: Any = request.stream
        try:
            # No endpoint depends on the Host.
            _, handler, _ = self.router.get(request.path, request.method, None)
            if request.method != "POST":  # the others judge the type of a body before they read it
                await stream.read()
        except (SanicException, SwapError) as error:
            await self.handle_exception(request, error)
        else:
            await stream.respond(await handler(request)).send(end_stream=True)

    async def dispatch(self, *_: object, **__: object) -> None:  # type: ignore[override]  # no signal has an answer
        """Do nothing: nobody listens."""


def make_app(parts: Parts) -> App:
    """Return the application; its server runs inside `parts.opened()`."""
    settings, new_relic = parts.settings, parts.new_relic
    app = App("sanic_swap", env_prefix="_NO_VARIABLE_OF_OURS_", configure_logging=False)
    app.config.update(
        ACCESS_LOG=False,
        AUTO_EXTEND=False,
        FALLBACK_ERROR_FORMAT="json",
        KEEP_ALIVE_TIMEOUT=_IDLE_SECONDS,
        MOTD=False,
        # Our own deadlines come first.
        REQUEST_TIMEOUT=settings.client_timeout + 5,
        RESPONSE_TIMEOUT=settings.client_timeout + settings.spotify_timeout + 5,
        TOUCHUP=False,
    )
    observers = []
    if parts.access_log is not None:
        observers.append(parts.access_log.write)
    if parts.metrics is not None:
        observers.append(parts.metrics.count)
    edge = Edge(Cors(settings.cors_origins), settings.address_header, observers)
    on_error: Any = edge.on_error

    def add(path: str, handler: Handler, *methods: str) -> None:
        answer: Any = edge.around(handler, path)
        if new_relic is not None:
            answer = new_relic.watch(answer, path)
        app.add_route(answer, path, methods, name=path.replace("/", "_"))

    for path, grant_type in GRANT_TYPES.items():
        handler = token_handler(parts.swap, parts.rules, parts.in_flight, grant_type)
        add(path, handler, "POST")
    for path, handler in operator_handlers(parts.readiness).items():
        add(path, handler, "GET", "HEAD")
    if new_relic is not None:
        on_error = new_relic.watch(on_error, "other")
    for kind in (SanicException, Exception, asyncio.CancelledError):
        app.error_handler.add(kind, on_error)
    return app
