"""The arguments of `sanic-swap judge`."""

import argparse
from pathlib import Path

DESCRIPTION = (
    "Judge any token swap service: run the promises of the contract against it, with a fake"
    " Spotify that misbehaves on purpose. Exit code 0: all held, 1: some broken, 2: it could not"
    " be judged."
)
EPILOG = """\
examples:
  sanic-swap judge --self
  sanic-swap judge http://127.0.0.1:3000 --command 'SPOTIFY_URL={accounts_url} node server.js'
  sanic-swap judge http://127.0.0.1:3000 --report page.html --report verdict.json
  sanic-swap judge --compare ours.json theirs.json --report scoreboard.html

The command gets CLIENT_ID, CLIENT_SECRET, CALLBACK_URL, SPOTIFY_ACCOUNTS_URL and PORT in its
environment (and SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET, SPOTIFY_CLIENT_CALLBACK_URL). For other
names put {accounts_url}, {client_id}, {client_secret}, {redirect_uri} or {port} where the value
belongs. NAME=value words at its beginning are variables; for anything else a shell does, use
sh -c '...'. It must stay in the foreground. docs/judge.md has more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them to the parser of the command."""
    add = parser.add_argument
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    add("url", nargs="?", metavar="URL", help="where the service is, e.g. http://127.0.0.1:3000")
    add("--self", action="store_true", dest="is_self", help="judge sanic-swap itself")
    add(
        "--command",
        dest="service_command",
        metavar="'...'",
        help="starts the service, and again whenever it has died (default: you start it)",
    )
    add("--client-id", metavar="ID", help="of the app (default: one that is printed)")
    add("--client-secret", metavar="SECRET", help="of the app; never your real one")
    add("--redirect-uri", metavar="URI", help="of the app (default: https://app.example/callback)")
    add(
        "--fake-listen",
        default="127.0.0.1:8090",
        metavar="HOST:PORT",
        help="where the fake Spotify listens (default: 127.0.0.1:8090)",
    )
    add("--fake-url", metavar="URL", help="how the service reaches it (default: where it listens)")
    add("--swap-path", metavar="PATH", help="takes codes (default: the profile's)")
    add("--refresh-path", metavar="PATH", help="takes refresh tokens (default: the profile's)")
    add(
        "--profile",
        metavar="NAME",
        help="any, node: /swap, /refresh; ruby: /api/token, /api/refresh_token; sanic-swap: also"
        " what only that claims (default: any)",
    )
    add(
        "--deadline",
        type=float,
        metavar="SECONDS",
        help="in which it must answer whatever Spotify does (default: 9)",
    )
    add("--wait", type=float, default=60, metavar="SECONDS", help="for it to start (default: 60)")
    add(
        "--only",
        action="append",
        metavar="GROUP",
        help="ask this group alone, or the promises that have these words; repeatable",
    )
    add(
        "--not-promised",
        action="append",
        metavar="GROUP",
        help="leave this group out, and say so in the report; repeatable",
    )
    add(
        "--report",
        action="append",
        type=Path,
        metavar="FILE",
        help="write a report: .html, .md, .json or .xml (JUnit); repeatable",
    )
    add(
        "--replay",
        type=Path,
        metavar="FILE.json",
        help="ask again what was broken in this report; says FIXED or STILL",
    )
    add(
        "--compare",
        nargs="+",
        type=Path,
        metavar="FILE.json",
        help="judge nothing; put these reports side by side",
    )
    add("--allow-remote", action="store_true", help="judge a service on another host, gently")
