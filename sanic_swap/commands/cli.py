"""The command `sanic-swap`: its arguments, which command runs, and `keygen` itself.

What one command needs is imported when it runs: `keygen` must not wait for a web framework, nor
`serve` for a parser of arguments.
"""

import gc
import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sanic_swap import __version__
from sanic_swap.errors import CannotListen, SettingsError

if TYPE_CHECKING:
    from argparse import Namespace

    from sanic_swap.settings.table import Settings

SUCCESS, FAILED, WRONG_USE = 0, 1, 2

_FROM_STDIN = "Reads it from standard input, or prompts for it without echo on a terminal."
COMMANDS = {
    "serve": "Run the service in the foreground; SIGTERM or SIGINT drains and stops it.",
    "swap": f"Trade an authorization code for tokens, as POST /swap does. {_FROM_STDIN}",
    "refresh": f"Trade a refresh token for an access token, as POST /refresh does. {_FROM_STDIN}",
    "inspect": f"Show a refresh token's format, key and age, never its content. {_FROM_STDIN}",
    "check": "List what is wrong or risky about the settings, and try them at Spotify and the"
    " store. Exit code 0: good, 1: risky, 2: wrong.",
    "keygen": "Print a new ENCRYPTION_SECRET.",
    "demo": "Show the whole flow with a fake Spotify; needs no settings.",
    "dev": "Run your own app against a fake Spotify; needs no settings."
    " Prints what to paste into the app, then a line for each of its requests.",
    "judge": "Judge any token swap service: run the promises of the contract against it, with a"
    " fake Spotify that misbehaves on purpose.",
}
_ENV_FILE = "also read NAME=value lines; the environment wins (default: .env if it exists)"
_AGAINST = "older settings; list which of their tokens would no longer open (exit code 1)"
# They read their arguments themselves: what these need, no other command should load.
_ON_THEIR_OWN = ("dev", "judge")
_FLAGS = (
    ("check", "--all", "also list settings that have their default"),
    ("check", "--offline", "do not call Spotify or the store"),
    ("check", "--only-errors", "exit code 0 unless something is wrong, for release steps"),
    ("check", "--json", "print one JSON object"),
    ("inspect", "--json", "print one JSON object"),
    ("keygen", "--env", "print it as a line for .env"),
    ("demo", "--once", "run it without a browser, then exit"),
    ("demo", "--no-browser", "do not open a browser"),
)
_KEY_LINE = rb"^\s*(?:export\s+)?ENCRYPTION_SECRET(?:_FILE)?\s*="
# What standard output may be: Linux opens the file itself, macOS only what was opened to be read.
_OUTPUTS = ("/dev/fd/1", ".env")


def main() -> NoReturn:
    """Run the command that the arguments name, and exit with its code."""
    code = FAILED
    try:
        try:
            # Without options `serve` needs no parser, whose import and making take 10 ms.
            code = _serve(None) if sys.argv[1:] == ["serve"] else _run(_arguments())
        finally:
            sys.stdout.flush()
    except SettingsError as error:
        print("sanic-swap: the settings are not valid:", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        code = WRONG_USE
    except KeyboardInterrupt:
        code = SUCCESS
    except BrokenPipeError:  # whoever read the output has gone, as in `check | head -1`
        for stream in (sys.stdout, sys.stderr):  # which Python flushes at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


def _arguments() -> "Namespace":
    from argparse import ArgumentParser

    from sanic_swap.monitoring.version import commit

    parser = ArgumentParser(
        prog="sanic-swap",
        description="Token swap and refresh for apps that use Spotify's SDKs.",
        allow_abbrev=False,
    )
    version = f"sanic-swap {__version__} (commit {commit()})"
    parser.add_argument("--version", action="version", version=version)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands = {
        name: subparsers.add_parser(
            name,
            help=text.partition(".")[0],
            description=text,
            allow_abbrev=False,
            add_help=name not in _ON_THEIR_OWN,
        )
        for name, text in COMMANDS.items()
    }
    for name in ("serve", "swap", "refresh", "inspect", "check"):
        commands[name].add_argument("--env-file", type=Path, metavar="FILE", help=_ENV_FILE)
    commands["swap"].add_argument("--redirect-uri", metavar="URI", help="one of CALLBACK_URL")
    commands["check"].add_argument("--against", type=Path, metavar="OLD.env", help=_AGAINST)
    for name, flag, text in _FLAGS:
        commands[name].add_argument(flag, action="store_true", help=text)
    arguments, extra = parser.parse_known_args()
    if extra and arguments.command not in _ON_THEIR_OWN:
        # Not repeated: it may be a token, and is in the process list already.
        parser.error("unknown arguments (codes and tokens are read from standard input only)")
    return arguments


def _run(arguments: "Namespace") -> int:
    match arguments.command:
        case "serve":
            return _serve(arguments.env_file)
        case "keygen":
            return _keygen(as_env=arguments.env)
        case "demo":
            from sanic_swap.demo.page import demo

            return demo(once=arguments.once, browser=not arguments.no_browser)
        case "dev":
            from sanic_swap.demo.dev import dev

            return dev(sys.argv[2:], COMMANDS["dev"])
        case "judge":
            return _judge(sys.argv[2:])
        case "check":
            from sanic_swap.check.report import check

            return check(
                os.environ,
                env_file=arguments.env_file or _default_env_file(),
                against=arguments.against,
                offline=arguments.offline,
                as_json=arguments.json,
                shows_defaults=arguments.all,
                only_errors=arguments.only_errors,
            )
    settings = _settings(arguments.env_file)
    from sanic_swap.commands import tokens
    from sanic_swap.web.token_requests import REFRESH, SWAP

    is_swap = arguments.command == "swap"
    secret = tokens.read_secret("authorization code" if is_swap else "refresh token")
    if not (text := secret.reveal()):
        print("sanic-swap: standard input is empty", file=sys.stderr)
        return WRONG_USE
    if is_swap:
        return tokens.trade(settings, SWAP, code=text, redirect_uri=arguments.redirect_uri)
    if arguments.command == "refresh":
        return tokens.trade(settings, REFRESH, refresh_token=text)
    return tokens.inspect(settings, secret, as_json=arguments.json)


def _judge(words: list[str]) -> int:
    """Hand the command line on to the contract suite, which knows nothing of ours."""
    from importlib import import_module
    from importlib.util import find_spec

    # A wheel ships the suite; a checkout has it among its tests.
    suite = "sanic_swap.contract" if find_spec("sanic_swap.contract") else "tests.contract"
    arguments = import_module(f"{suite}.arguments").parse("sanic-swap judge", words)
    try:
        command = import_module(f"{suite}.command")
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        needed = "needs the extra judge: pip install 'sanic-swap[judge]'"
        print(f"sanic-swap judge: {needed}", file=sys.stderr)
        return WRONG_USE
    return int(command.judge(arguments))


def _serve(env_file: Path | None) -> int:
    gc.disable()  # nothing is garbage while modules load; the server enables it again
    settings = _settings(env_file)
    from sanic_swap.server.process import serve

    try:
        serve(settings)
    except CannotListen as error:
        print(f"sanic-swap: {error}", file=sys.stderr)
        return FAILED if error.is_passing else WRONG_USE
    return SUCCESS


def _settings(env_file: Path | None) -> "Settings":
    """Read the settings, set up logging by them, and log what is risky about them."""
    from sanic_swap.check.risks import risks
    from sanic_swap.logs import configure_logging, log
    from sanic_swap.settings.reading import read

    env_file = env_file or _default_env_file()
    reading = read(os.environ, env_file=env_file)
    try:
        settings = reading.settings()
    except SettingsError as error:
        if env_file is None:
            error.problems.append(f"(no {Path.cwd() / '.env'} was found; --env-file names another)")
        raise
    configure_logging(settings.log_level, settings.log_format)
    for risk in risks(reading, os.environ):
        if risk.at_start:
            log.warning("%s", risk)
    return settings


def _default_env_file() -> Path | None:
    path = Path(".env")
    return path if path.exists() else None


def _keygen(*, as_env: bool) -> int:
    """Print a key, or a line for `.env`, but no second one into the same file."""
    from sanic_swap.sealing.keys import new_secret

    if as_env and _has_key_already():
        print(
            "sanic-swap: this file has an ENCRYPTION_SECRET already. A second one would replace it,"
            " and every token of the first would be held. To change a key, see docs/keys.md",
            file=sys.stderr,
        )
        return WRONG_USE
    print(f"{'ENCRYPTION_SECRET=' if as_env else ''}{new_secret()}")
    return SUCCESS


def _has_key_already() -> bool:
    """Say whether the file that standard output goes to has a line with a key."""
    output = os.fstat(sys.stdout.fileno())
    for path in map(Path, _OUTPUTS if stat.S_ISREG(output.st_mode) else ()):
        with suppress(OSError):
            is_output = os.path.samestat(path.stat(), output)
            if is_output and re.search(_KEY_LINE, path.read_bytes(), re.MULTILINE):
                return True
    return False
