"""Runs the fake: alone in the foreground, or around a command (`fake-spotify run -- npm test`)."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from fake_spotify import __version__
from fake_spotify.commands.arguments import read_settings, serving_parser
from fake_spotify.facts import redirects
from fake_spotify.facts.wordings import Era
from fake_spotify.options import Settings
from fake_spotify.web.server import Server

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
# What the command left running has this long to end by itself.
_LEFTOVER_SECONDS = 2.0


def serve(arguments: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT, then return 0; 1 if it cannot listen on the address.

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
        print(_cannot_serve(settings, error), file=sys.stderr)
        return 1
    return 0


def _cannot_serve(settings: Settings, error: OSError) -> str:
    return f"fake-spotify: cannot serve on {settings.host}:{settings.port}: {error}"


async def _serve(settings: Settings, *, is_env: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = Server(settings)
    await server.start()
    try:
        if is_env:
            for name, value in _service_variables(server).items():
                print(f"{name}={value}", flush=True)
        else:
            print(json.dumps(_introduction(server, settings)), flush=True)
        for warning in _warnings(settings):
            print(f"fake-spotify: {warning}", file=sys.stderr, flush=True)
        await stopped.wait()
    finally:
        await server.stop()


def _introduction(server: Server, settings: Settings) -> dict[str, object]:
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


def _service_variables(server: Server) -> dict[str, str]:
    """Return the settings of a token swap service, or an app, in front of the fake."""
    first = server.directory.first
    return {
        "CLIENT_ID": first.client_id,
        "CLIENT_SECRET": first.client_secret,
        "CALLBACK_URL": ",".join(first.redirect_uris),
        "SPOTIFY_ACCOUNTS_URL": server.url,
    }


def _warnings(settings: Settings) -> list[str]:
    """List what Spotify would refuse of what is registered."""
    return [
        f"{uri} is registered, but Spotify has refused it since 2025-11-27 "
        "(https, or http://127.0.0.1 or http://[::1], and never localhost); so does /authorize here"
        for registration, policy in settings.apps
        if policy.era is Era.Y2026
        for uri in registration.redirect_uris
        if redirects.is_insecure(uri)
    ]


def run(arguments: Sequence[str]) -> int:
    """Start a fake, run a command with the fake in its environment, and return its exit code.

    128 and the number of the signal that ended it, as a shell does; 127 if there is no such
    command, 126 if it cannot be run, 1 if the fake cannot listen. Wrong options, or no command,
    are a SystemExit with code 2.
    """
    parser = serving_parser("fake-spotify run")
    parser.usage = "fake-spotify run [options] -- COMMAND [ARGUMENT ...]"
    place = list(arguments).index("--") if "--" in arguments else len(arguments)
    command = arguments[place + 1 :]
    settings = read_settings(parser, arguments[:place], port=0)
    if not command:
        parser.error("no COMMAND; write it after --")
    try:
        return asyncio.run(_run(settings, command))
    except OSError as error:
        print(_cannot_serve(settings, error), file=sys.stderr)
        return 1


async def _run(settings: Settings, command: Sequence[str]) -> int:
    server = Server(settings)
    await server.start()
    try:
        for warning in _warnings(settings):
            _say(warning)
        code = await _command(command, {**os.environ, **_variables(server, settings)})
        for app in server.directory:
            for mistake in app.mistakes():
                _say(f"did not expect {mistake}")
            for complaint in app.fault_queue.complaints():
                _say(complaint)
        return code
    finally:
        await server.stop()


def _variables(server: Server, settings: Settings) -> dict[str, str]:
    variables = {**_service_variables(server), "SPOTIFY_API_URL": server.url}
    if settings.has_control:
        variables["FAKE_SPOTIFY_CONTROL_URL"] = server.control_url
    if server.ca_file is not None:
        variables["FAKE_SPOTIFY_CA_FILE"] = str(server.ca_file)
    return variables


async def _command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    # A terminal sends Ctrl-C to all of its foreground group: to the command, too, if it stays in
    # it. Elsewhere the command leads a group of its own, so that nobody in it is left behind.
    is_foreground = _is_foreground()
    process: asyncio.subprocess.Process | None = None
    early: list[int] = []

    def pass_on(number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if process is None:
                early.append(number)
            elif not is_foreground:
                os.killpg(process.pid, number)
            elif number not in {signal.SIGINT, signal.SIGQUIT}:
                process.send_signal(number)

    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, pass_on, number)
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, process_group=None if is_foreground else 0
        )
    except FileNotFoundError:
        _say(f"{command[0]}: no such command")
        return 127
    except OSError as error:
        _say(f"{command[0]}: {error.strerror}")
        return 126
    for received in early:
        pass_on(received)
    code = await process.wait()
    if not is_foreground:
        await _end_group(process.pid)
    return 128 - code if code < 0 else code


def _is_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False


async def _end_group(group: int) -> None:
    """End what a command has left running in its process group."""
    deadline = asyncio.get_running_loop().time() + _LEFTOVER_SECONDS
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGTERM)
        while asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
            os.killpg(group, 0)
        os.killpg(group, signal.SIGKILL)


def _say(text: str) -> None:
    print(f"fake-spotify: {text}", file=sys.stderr, flush=True)
