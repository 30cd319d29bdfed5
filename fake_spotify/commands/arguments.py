"""Reads the options that set a fake up."""

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

from fake_spotify import choices, options
from fake_spotify.choices import ChoiceError
from fake_spotify.facts.policy import QuotaMode, Rotation
from fake_spotify.facts.wordings import Era
from fake_spotify.options import Settings

COMMANDS = """
commands:
  run [options] -- COMMAND ...   start a fake, run COMMAND in front of it, end with its exit code
  ready [--wait]                 exit code 0 if a fake is running
  code                           print an authorization code, made without a browser
  fault NAME [key=value ...]     plan a fault; `fault --list` names them all
  clock [+1h | freeze | ...]     show or change the time
  journal [key=value ...]        list the requests so far
  reset                          drop all state
Each of them has --help.
"""


def serving_parser(program: str = "fake-spotify", *, port: str = "8090") -> argparse.ArgumentParser:
    """Make the parser of every option that sets a fake up."""
    parser = argparse.ArgumentParser(
        prog=program,
        description="A stand-in for accounts.spotify.com that is as strict as the real one.",
        epilog=COMMANDS if program == "fake-spotify" else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    switch = partial(add, action="store_const", const=True)
    several = partial(add, nargs="+", action="extend")
    add("--host", help="address to listen on (default 127.0.0.1)")
    add("--port", type=int, help=f"port to listen on (default {port}); 0 picks a free one")
    add("--client-id", metavar="ID", help="the same at every start if not given")
    secret = parser.add_mutually_exclusive_group()
    kept = "the same at every start if not given"
    secret.add_argument("--client-secret", metavar="SECRET", help=kept)
    secret.add_argument("--client-secret-file", metavar="FILE", help="read the secret from FILE")
    switch("--random-credentials", help="generate the credentials that are not given")
    uris = f"registered redirect URIs (default {choices.DEFAULT_REDIRECT_URI}, any port)"
    several("--redirect-uri", dest="redirect_uris", metavar="URI", help=uris)
    switch("--auto-approve", help="answer /authorize with the redirect at once")
    add("--era", choices=[*Era], help="words and rotation of these years (default 2026)")
    add("--code-lifetime", type=float, metavar="SECONDS", help="default 600")
    add("--access-token-lifetime", type=float, metavar="SECONDS", help="default 3600")
    lifetime = "from the user's authorization; default 180 days (2026) or `never` (2021)"
    add("--refresh-token-lifetime", type=_lifetime, metavar="SECONDS", help=lifetime)
    add("--rotation", choices=[*Rotation], help="refreshes that bring a new refresh token")
    empty = 'answer a refresh with "" as refresh_token instead of none'
    add("--empty-refresh-token", dest="unchanged", action="store_const", const="empty", help=empty)
    ends = "revoking a grant ends its access tokens at once, not only its refresh token"
    switch("--revocation-ends-access-tokens", help=ends)
    quota = "`development` serves listed users only, as Spotify does (default extended)"
    add("--quota-mode", choices=[*QuotaMode], help=quota)
    listed = "users on the app's list, at most five (default: the first five)"
    several("--listed-users", metavar="ID", help=listed)
    free = "in development mode, answer 403 as if the app's owner had no Premium"
    add(
        "--owner-without-premium",
        dest="owner_premium",
        action="store_const",
        const=False,
        help=free,
    )
    calls = "calls to the Web API in 30 seconds, of all apps of a developer; then 429"
    add("--quota-calls", type=int, metavar="N", help=calls)
    add("--config", metavar="FILE", help="TOML file for several apps and users")
    hidden = "hide the control API, /_fake/"
    add("--no-control", dest="control", action="store_const", const=False, help=hidden)
    host = "a host name that the control API answers to, besides loopback's"
    several("--allow-host", dest="allowed_hosts", metavar="NAME", help=host)
    add("--seed", help="make codes, tokens and ids repeatable")
    https = "serve HTTPS with a certificate made for the run (needs the extra `https`)"
    switch("--https", help=https)
    add("--ca-file", metavar="FILE", help="implies --https; write the CA certificate to FILE")
    return parser


def read_settings(
    parser: argparse.ArgumentParser, arguments: Sequence[str], *, port: int = 8090
) -> Settings:
    """
    Read the command line, and the file that it names; an option wins over the file.

    Raises:
        SystemExit: With code 2, after a message that names the option, if one is wrong; with
            code 0 after --help.
    """
    given = {"port": port, **_given(parser, arguments)}
    try:
        return options.settings(given)
    except ChoiceError as error:
        name, _, problem = str(error).partition(": ")
        flags = [action.option_strings for action in parser._actions if action.dest == name]  # noqa: SLF001 (argparse has no other list)
        parser.error(f"argument {flags[0][0]}: {problem}" if flags else str(error))


def _given(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> dict[str, Any]:
    parsed = vars(parser.parse_args(arguments))
    return {name: value for name, value in parsed.items() if value is not None}


def _lifetime(value: str) -> float | str:
    return value if value == "never" else float(value)
