"""Runs the fake alone, in the foreground."""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence

from fake_spotify import __version__
from fake_spotify.commands.arguments import read_settings, serving_parser
from fake_spotify.facts import redirects
from fake_spotify.facts.wordings import Era
from fake_spotify.options import Settings
from fake_spotify.web.server import Server


def serve(arguments: Sequence[str]) -> int:
    """
    Run until SIGTERM or SIGINT, then return 0; 1 if it cannot listen on the address.

    A wrong command line, or a wrong file that it names, is a SystemExit with code 2.
    """
    parser = serving_parser()
    parser.add_argument("--version", action="version", version=f"fake-spotify {__version__}")
    parser.add_argument(
        "--env", action="store_true", default=None, help="print lines for .env, not JSON"
    )
    is_env = "--env" in arguments
    settings = read_settings(parser, [one for one in arguments if one != "--env"])
    try:
        asyncio.run(_serve(settings, is_env=is_env))
    except OSError as error:
        print(cannot_serve(settings, error), file=sys.stderr)
        return 1
    return 0


def cannot_serve(settings: Settings, error: OSError) -> str:
    return f"fake-spotify: cannot serve on {settings.host}:{settings.port}: {error}"


async def _serve(settings: Settings, *, is_env: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = Server(settings)
    await server.start()
    try:
        if is_env:
            for name, value in service_variables(server).items():
                print(f"{name}={value}", flush=True)
        else:
            print(json.dumps(introduction(server, settings)), flush=True)
        for warning in warnings(settings):
            print(f"fake-spotify: {warning}", file=sys.stderr, flush=True)
        await stopped.wait()
    finally:
        await server.stop()


def introduction(server: Server, settings: Settings) -> dict[str, object]:
    first = server.directory.first
    return {
        "accounts_url": server.url,
        "api_url": server.url,
        "control_url": server.control_url if settings.has_control else None,
        "client_id": first.client_id,
        "client_secret": first.client_secret,
        "redirect_uris": first.redirect_uris,
        "ca_file": None if server.ca_file is None else str(server.ca_file),
    }


def service_variables(server: Server) -> dict[str, str]:
    """Return the settings of a token swap service, or an app, in front of the fake."""
    first = server.directory.first
    return {
        "CLIENT_ID": first.client_id,
        "CLIENT_SECRET": first.client_secret,
        "CALLBACK_URL": ",".join(first.redirect_uris),
        "SPOTIFY_ACCOUNTS_URL": server.url,
    }


def warnings(settings: Settings) -> list[str]:
    """List what Spotify would refuse of what is registered."""
    return [
        f"{uri} is registered, but Spotify has refused it since 2025-11-27 "
        "(https, or http://127.0.0.1 or http://[::1], and never localhost); so does /authorize here"
        for registration, policy in settings.apps
        if policy.era is Era.Y2026
        for uri in registration.redirect_uris
        if redirects.is_insecure(uri)
    ]
