"""Puts the parts together into one Sanic application."""

import os
from contextlib import AsyncExitStack
from pathlib import Path

from sanic import Sanic

from sanic_swap import api, edge, openapi, ops
from sanic_swap.answers import App
from sanic_swap.body import LARGEST_BODY
from sanic_swap.cors import Cors
from sanic_swap.in_flight import InFlight
from sanic_swap.parts import make_rules, make_spotify, make_swap
from sanic_swap.settings import Settings
from sanic_swap.settings_reader import read_settings

LARGEST_HEAD = 16 * 1024  # bytes


def create_app(settings: Settings | None = None, readiness: ops.Readiness | None = None) -> App:
    """
    Return the application; nothing is opened before its server starts.

    Args:
        settings: Read from the environment if not given, as Sanic's own command needs it.
        readiness: Given by a server that knows when the process drains.

    Raises:
        SettingsError: If the environment makes no settings.
    """
    if settings is None:
        settings = _settings_for_workers()
    if readiness is None:
        readiness = ops.Readiness()
        readiness.phase = ops.Phase.READY
    spotify = make_spotify(settings)
    swap = make_swap(settings, spotify)

    app: App = Sanic("sanic_swap", env_prefix="_NO_VARIABLE_OF_OURS_", configure_logging=False)
    app.config.update(
        ACCESS_LOG=False,
        AUTO_EXTEND=False,
        FALLBACK_ERROR_FORMAT="json",
        KEEP_ALIVE_TIMEOUT=75,  # above what proxies keep idle connections for
        MOTD=False,
        REQUEST_MAX_HEADER_SIZE=LARGEST_HEAD,
        REQUEST_MAX_SIZE=LARGEST_BODY,
        REQUEST_TIMEOUT=settings.client_timeout,
        # Never the one to fire: the deadline towards Spotify comes first.
        RESPONSE_TIMEOUT=settings.client_timeout + settings.spotify_timeout + 5,
    )
    rules = make_rules(settings)
    app.blueprint(api.blueprint(swap, rules, InFlight(settings.max_in_flight)))
    app.blueprint(ops.blueprint(readiness))
    app.blueprint(openapi.blueprint())
    edge.surround(app, Cors(settings.cors_origins), log_answers=settings.access_log)

    resources = AsyncExitStack()

    @app.before_server_start
    async def open_resources(_: App) -> None:
        await resources.enter_async_context(spotify)

    @app.after_server_stop
    async def close_resources(_: App) -> None:
        await swap.drained()
        await resources.aclose()

    return app


def _settings_for_workers() -> Settings:
    env_file = Path(".env")
    return read_settings(
        os.environ,
        env_file=env_file if env_file.exists() else None,
        key_required_because="Sanic may run several workers, and each would make up its own",
    )
