"""Puts the endpoints together into one Sanic application."""

import asyncio
from typing import Any

from sanic import Sanic
from sanic.exceptions import SanicException

from sanic_swap.parts import Parts
from sanic_swap.web.cors import Cors
from sanic_swap.web.edge import Edge, Handler
from sanic_swap.web.endpoints import GRANT_TYPES, operator_handlers, token_handler

App = Sanic[Any, Any]
_IDLE_SECONDS = 95  # above what proxies keep idle connections for; Heroku's router: 90


def make_app(parts: Parts) -> App:
    """Return the application; its server runs inside `parts.opened()`."""
    settings, new_relic = parts.settings, parts.new_relic
    app: App = Sanic("sanic_swap", env_prefix="_NO_VARIABLE_OF_OURS_", configure_logging=False)
    app.config.update(
        ACCESS_LOG=False,
        AUTO_EXTEND=False,
        FALLBACK_ERROR_FORMAT="json",
        KEEP_ALIVE_TIMEOUT=_IDLE_SECONDS,
        MOTD=False,
        # Our own deadlines come first.
        REQUEST_TIMEOUT=settings.client_timeout + 5,
        RESPONSE_TIMEOUT=settings.client_timeout + settings.spotify_timeout + 5,
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
        # Streamed, so that the type of a body is judged before it is received.
        app.add_route(answer, path, methods, name=path.replace("/", "_"), stream="POST" in methods)

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
