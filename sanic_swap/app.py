"""Puts the parts together into one Sanic application."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sanic import Sanic
from sanic.exceptions import SanicException

from sanic_swap import api, openapi, ops
from sanic_swap.access_log import AccessLog
from sanic_swap.answers import App
from sanic_swap.body import LARGEST_BODY
from sanic_swap.cors import Cors
from sanic_swap.edge import Edge
from sanic_swap.errors import SettingsError
from sanic_swap.in_flight import InFlight
from sanic_swap.key_list import key_ids_in_use
from sanic_swap.logs import configure_logging, log
from sanic_swap.parts import (
    make_metrics,
    make_new_relic,
    make_observer,
    make_rate_limit,
    make_refreshes,
    make_revocations,
    make_rules,
    make_spotify,
    make_store,
    make_swap,
)
from sanic_swap.settings import Settings
from sanic_swap.settings_reader import read_settings

if TYPE_CHECKING:
    from sanic_swap.new_relic import NewRelic

LARGEST_HEAD = 16 * 1024  # bytes


def create_app() -> App:
    """
    Return the application as Sanic's own command wants it, set up by the environment.

    Exits with code 2, and every problem told, if the environment makes no settings.
    """
    env_file = Path(".env")
    try:
        settings = read_settings(
            os.environ,
            env_file=env_file if env_file.exists() else None,
            key_required_because="Sanic may run several workers, and each would make up its own",
        )
    except SettingsError as error:
        print(f"sanic-swap: the settings do not make a service:\n{error}", file=sys.stderr)
        sys.exit(2)
    access_log = make_access_log(settings)
    readiness = ops.Readiness()
    readiness.phase = ops.Phase.READY
    return make_app(settings, readiness, access_log)


def make_access_log(settings: Settings) -> AccessLog | None:
    """Set up logging for this process; return the access log, if the operator wants one."""
    lines, line_format = configure_logging(settings.log_level, settings.log_format)
    wanted = settings.access_log and settings.log_level in ("debug", "info")
    return AccessLog(lines, line_format, settings.address_header) if wanted else None


def make_app(
    settings: Settings, readiness: ops.Readiness, access_log: AccessLog | None = None
) -> App:
    """
    Return the application; nothing is opened before its server starts.

    Args:
        access_log: Told of every answer.
        readiness: Whoever runs the server says there when it is ready, and when it drains.
    """
    metrics = make_metrics(settings)
    new_relic = make_new_relic(settings)
    spotify = make_spotify(settings, make_observer(metrics, new_relic))
    readiness.troubles.append(lambda: spotify.troubled)
    store = make_store(settings)
    if store is not None:
        readiness.troubles.append(lambda: store.health.is_lost)
    rate_limit = make_rate_limit(settings, store)
    refreshes = make_refreshes(settings, store)
    revocations = make_revocations(settings, store)
    if revocations is not None:
        readiness.troubles.append(lambda: revocations.is_holding)
    swap = make_swap(settings, spotify, rate_limit, refreshes, revocations)
    in_flight = InFlight(settings.max_in_flight)
    if metrics is not None:
        # Imported here: the library takes time to load, and most services do without.
        from sanic_swap.metrics_state import State

        health = None if store is None else store.health
        state = State(
            spotify, refreshes, revocations, health, in_flight, lambda: readiness.draining
        )
        metrics.register(state)
    log.info("keys", extra={"fields": key_ids_in_use(settings)})

    app = _made_app(new_relic)
    app.config.update(
        ACCESS_LOG=False,
        AUTO_EXTEND=False,
        FALLBACK_ERROR_FORMAT="json",
        KEEP_ALIVE_TIMEOUT=75,  # above what proxies keep idle connections for
        MOTD=False,
        REQUEST_MAX_HEADER_SIZE=LARGEST_HEAD,
        REQUEST_MAX_SIZE=LARGEST_BODY,
        # Our own deadlines come first; under Sanic's own command there are only these.
        REQUEST_TIMEOUT=settings.client_timeout + 5,
        RESPONSE_TIMEOUT=settings.client_timeout + settings.spotify_timeout + 5,
    )
    rules = make_rules(settings)
    edge = Edge(Cors(settings.cors_origins), access_log, metrics)
    swap_limit = api.SwapLimit(rate_limit, settings.address_header) if rate_limit else None
    app.blueprint(api.blueprint(swap, rules, in_flight, edge.finish, swap_limit))
    app.blueprint(ops.blueprint(readiness, edge.finish))
    app.blueprint(openapi.blueprint(edge.finish))
    for kind in (SanicException, Exception, asyncio.CancelledError):
        app.error_handler.add(kind, edge.on_error)

    resources = AsyncExitStack()

    @app.before_server_start
    async def open_resources(_: App) -> None:
        if metrics is not None and settings.metrics_port is not None:
            metrics.know_endpoints(*_paths(app))
            served = metrics.served(settings.metrics_host, settings.metrics_port)
            await resources.enter_async_context(served)
        if new_relic is not None:
            resources.push_async_callback(new_relic.close)
        await resources.enter_async_context(spotify)
        if store is not None:
            await resources.enter_async_context(store)
        if revocations is not None:
            resources.push_async_callback(revocations.close)
        resources.push_async_callback(refreshes.close)

    @app.after_server_stop
    async def close_resources(_: App) -> None:
        # Exchanges whose client has hung up belong to no connection any more.
        with suppress(TimeoutError):
            async with asyncio.timeout_at(readiness.deadline):
                await in_flight.emptied()
        await resources.aclose()

    return app


def _made_app(new_relic: "NewRelic | None") -> App:
    kind: type[App] = Sanic
    if new_relic is not None:
        from sanic_swap.watched_app import WatchedApp

        kind = WatchedApp
    app = kind("sanic_swap", env_prefix="_NO_VARIABLE_OF_OURS_", configure_logging=False)
    app.ctx.new_relic = new_relic
    return app


def _paths(app: App) -> tuple[list[str], list[str]]:
    """Return the paths that apps post to, and all others."""
    routes = app.router.routes
    posted = [f"/{route.path}" for route in routes if "POST" in route.methods]
    return posted, [f"/{route.path}" for route in routes if "POST" not in route.methods]
