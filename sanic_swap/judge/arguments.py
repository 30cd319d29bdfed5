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


_OPTIONS = (
    ("--client-id", "ID", "of the app (default: one that is printed)"),
    ("--client-secret", "SECRET", "of the app; never your real one"),
    ("--redirect-uri", "URI", "of the app (default: https://app.example/callback)"),
    ("--fake-url", "URL", "how the service reaches the fake (default: where it listens)"),
    ("--swap-path", "PATH", "takes codes (default: the profile's)"),
    ("--refresh-path", "PATH", "takes refresh tokens (default: the profile's)"),
    ("--profile", "NAME", "any, node, ruby (/api/token) or sanic-swap (asks more; default: any)"),
)
_REPEATABLE = (
    ("--only", "GROUP", str, "ask this group alone, or the promises with these words"),
    ("--not-promised", "GROUP", str, "leave this group out, and say so in the report"),
    ("--report", "FILE", Path, "write a report: .html, .md, .json or .xml (JUnit)"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them to the parser of the command."""
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("url", nargs="?", metavar="URL", help="where the service is, e.g. http://127.0.0.1:3000")
    add("--self", action="store_true", dest="is_self", help="judge sanic-swap itself")
    add("--allow-remote", action="store_true", help="judge a service on another host, gently")
    start = "starts the service, and again whenever it has died (default: you start it)"
    add("--command", dest="service_command", metavar="'...'", help=start)
    listen, where = "127.0.0.1:8090", "where the fake Spotify listens (default: %(default)s)"
    add("--fake-listen", default=listen, metavar="HOST:PORT", help=where)
    for name, metavar, text in _OPTIONS:
        add(name, metavar=metavar, help=text)
    limit = "in which it must answer whatever Spotify does (default: 9)"
    add("--deadline", type=float, metavar="SECONDS", help=limit)
    add("--wait", type=float, default=60, metavar="SECONDS", help="for it to start (default: 60)")
    for name, metavar, kind, text in _REPEATABLE:
        add(name, action="append", type=kind, metavar=metavar, help=f"{text}; repeatable")
    again = "ask again what was broken in this report; says FIXED or STILL"
    add("--replay", type=Path, metavar="FILE.json", help=again)
    board = "judge nothing; put these reports side by side"
    add("--compare", nargs="+", type=Path, metavar="FILE.json", help=board)
