"""The command `sanic-swap`: says which commands there are, and starts one.

Each command's module is imported when it is asked for, so that `keygen` does not wait
for a web framework.
"""

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

from sanic_swap.errors import SettingsError
from sanic_swap.settings import Settings
from sanic_swap.version import __version__

GOOD, NOT_GOOD, WRONG_USE = 0, 1, 2
_FROM_STDIN = "It is read from standard input to its end, or asked for without echo."


def main() -> NoReturn:
    """Run the command that the arguments name, and exit as it says."""
    parser = _parser()
    arguments, extra = parser.parse_known_args()
    if extra:
        # Not repeated: it may be a token, and is in the process list already.
        parser.error(
            "there are arguments that this command does not take"
            " (codes and tokens are read from standard input alone)"
        )
    try:
        sys.exit(_run(arguments))
    except SettingsError as error:
        print("sanic-swap: the settings do not make a service:", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        sys.exit(WRONG_USE)
    except KeyboardInterrupt:
        sys.exit(GOOD)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sanic-swap",
        description="Token swap and refresh for apps that use Spotify's SDKs.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"sanic-swap {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, says: str, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=says, description=f"{says} {more}".strip(), allow_abbrev=False
        )

    settings = argparse.ArgumentParser(add_help=False)
    settings.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="NAME=value lines beside the environment, which wins (default: .env if it exists)",
    )
    for name, says, more in (
        ("serve", "Run the service in the foreground; SIGTERM and SIGINT drain and stop it.", ""),
        ("swap", "Trade an authorization code, as POST /swap would.", _FROM_STDIN),
        ("refresh", "Trade a sealed refresh token, as POST /refresh would.", _FROM_STDIN),
        ("inspect", "Tell what a sealed or legacy token says, never what is inside.", _FROM_STDIN),
    ):
        command = commands.add_parser(
            name,
            help=says,
            description=f"{says} {more}".strip(),
            parents=[settings],
            allow_abbrev=False,
        )
        if name == "swap":
            command.add_argument("--redirect-uri", metavar="URI", help="one of CALLBACK_URL's")
        if name == "inspect":
            command.add_argument("--json", action="store_true", help="print one JSON object")
    check = commands.add_parser(
        "check",
        help="Say what is wrong or risky about the settings, and ask Spotify about them.",
        description="Say what is wrong or risky about the settings, and ask Spotify whether"
        " credentials and redirect URIs are good. Exit code 0 good, 1 risky, 2 wrong.",
        parents=[settings],
        allow_abbrev=False,
    )
    check.add_argument("--offline", action="store_true", help="do not ask Spotify")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.add_argument(
        "--against",
        type=Path,
        metavar="OLD.env",
        help="older settings: say whose tokens would not open any more (exit code 1)",
    )
    add("keygen", "Print a new ENCRYPTION_SECRET.").add_argument(
        "--env", action="store_true", help="print it as a line for .env"
    )
    demo = add("demo", "Run the whole flow against a fake Spotify; needs no settings.")
    demo.add_argument("--once", action="store_true", help="run it through by itself, then exit")
    demo.add_argument("--no-browser", action="store_true", help="do not open the page by itself")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "serve":
            return _serve(arguments)
        case "keygen":
            from sanic_swap.keys import new_secret

            print(f"ENCRYPTION_SECRET={new_secret()}" if arguments.env else new_secret())
            return GOOD
        case "demo":
            from sanic_swap.demo import demo

            return demo(once=arguments.once, browser=not arguments.no_browser)
        case "check":
            from sanic_swap.check import check

            return check(
                os.environ,
                env_file=_env_file(arguments),
                against=arguments.against,
                offline=arguments.offline,
                as_json=arguments.json,
            )
    from sanic_swap import token_commands

    settings = _settings(arguments)
    token = token_commands.read_secret(arguments.command)
    if not token.reveal():
        print("sanic-swap: nothing came on standard input", file=sys.stderr)
        return WRONG_USE
    match arguments.command:
        case "swap":
            return token_commands.swap(settings, token, arguments.redirect_uri)
        case "refresh":
            return token_commands.refresh(settings, token)
        case _:
            return token_commands.inspect(settings, token, as_json=arguments.json)


def _serve(arguments: argparse.Namespace) -> int:
    gc.disable()  # while modules are loaded, all that is made stays; the server turns it on
    settings = _settings(arguments)
    from sanic_swap.process import serve

    try:
        serve(settings)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        print(
            f"sanic-swap: HOST, PORT: cannot listen on {where}: {error.strerror}", file=sys.stderr
        )
        return WRONG_USE
    return GOOD


def _settings(arguments: argparse.Namespace) -> Settings:
    from sanic_swap.logs import configure_logging, log
    from sanic_swap.risks import risks
    from sanic_swap.setting_reading import read

    reading = read(os.environ, env_file=_env_file(arguments))
    settings = reading.settings()
    configure_logging(settings.log_level, settings.log_format)
    for risk in risks(settings, os.environ, reading.names_in_file):
        if risk.at_start:
            log.warning("%s", risk)
    return settings


def _env_file(arguments: argparse.Namespace) -> Path | None:
    if arguments.env_file is None and Path(".env").exists():
        return Path(".env")
    return arguments.env_file  # type: ignore[no-any-return]  # argparse made it a Path or None
