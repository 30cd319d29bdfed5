"""Runs the fake alone: `fake-spotify`, or `python -m fake_spotify`."""

import asyncio
import json
import signal
import sys

from fake_spotify import options
from fake_spotify.facts import redirects
from fake_spotify.facts.wordings import Era
from fake_spotify.options import Settings
from fake_spotify.web.server import Server


def main() -> None:
    """
    Run until SIGTERM or SIGINT, then exit 0.

    Exit code 2 means that the command line, or the file that it names, is wrong; 1 that it
    cannot listen on the address.
    """
    settings = options.parse(sys.argv[1:])
    try:
        asyncio.run(_serve(settings))
    except OSError as error:
        sys.exit(f"fake-spotify: cannot serve on {settings.host}:{settings.port}: {error}")


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = Server(settings)
    await server.start()
    try:
        print(json.dumps(introduction(server, settings)), flush=True)
        for warning in _warnings(settings):
            print(f"fake-spotify: {warning}", file=sys.stderr, flush=True)
        await stopped.wait()
    finally:
        await server.stop()


def introduction(server: Server, settings: Settings) -> dict[str, object]:
    """Describe where the fake is and how an app logs in there."""
    first, _ = settings.apps[0]
    return {
        "accounts_url": server.url,
        "api_url": server.url,
        "control_url": f"{server.url}/_fake" if settings.has_control else None,
        "client_id": first.client_id,
        "client_secret": first.client_secret,
        "redirect_uris": first.redirect_uris,
        "ca_file": None if server.ca_file is None else str(server.ca_file),
    }


def _warnings(settings: Settings) -> list[str]:
    return [
        f"{uri} is registered, but Spotify has refused it since 2025-11-27 "
        "(https, or http://127.0.0.1 or http://[::1], and never localhost); so does /authorize here"
        for registration, policy in settings.apps
        if policy.era is Era.Y2026
        for uri in registration.redirect_uris
        if redirects.is_insecure(uri)
    ]


if __name__ == "__main__":
    main()
