"""The arguments of `sanic-swap judge`; imports no pytest, so that `--help` needs none."""

import argparse
from pathlib import Path

_DESCRIPTION = (
    "Judge any token swap service: run the promises of the contract against it, with a fake"
    " Spotify that misbehaves on purpose. Exit code 0: all held, 1: some broken, 2: it could not"
    " be judged."
)
_EPILOG = """\
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


def parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; *prog* is what the user typed, and begins every message."""
    found = argparse.ArgumentParser(
        prog,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    found.set_defaults(prog=prog)
    add = found.add_argument
    where = "where the service is, e.g. http://127.0.0.1:3000"
    add("url", nargs="?", default="", metavar="URL", help=where)
    add("--self", action="store_true", dest="is_self", help="judge sanic-swap itself")
    add("--allow-remote", action="store_true", help="judge a service on another host, gently")
    start = "starts the service, and again whenever it has died (default: you start it)"
    add("--command", default="", metavar="'...'", help=start)
    listen, where = "127.0.0.1:8090", "where the fake Spotify listens (default: %(default)s)"
    add("--fake-listen", default=listen, metavar="HOST:PORT", help=where)
    for name, metavar, text in _OPTIONS:
        add(name, default="", metavar=metavar, help=text)
    limit = "in which it must answer whatever Spotify does (default: 9)"
    add("--deadline", type=float, metavar="SECONDS", help=limit)
    add("--wait", type=float, default=60, metavar="SECONDS", help="for it to start (default: 60)")
    for name, metavar, kind, text in _REPEATABLE:
        text += "; repeatable"
        add(name, action="append", default=[], type=kind, metavar=metavar, help=text)
    again = "ask again what was broken in this report; says FIXED or STILL"
    add("--replay", type=Path, metavar="FILE.json", help=again)
    board = "judge nothing; put these reports side by side"
    add("--compare", nargs="+", type=Path, metavar="FILE.json", help=board)
    return found


def parse(prog: str, words: list[str]) -> argparse.Namespace:
    """Return the arguments; what is none of them is not repeated: it may be a secret."""
    command = parser(prog)
    arguments, unknown = command.parse_known_args(words)
    if unknown:
        command.error("unknown arguments")
    return arguments
