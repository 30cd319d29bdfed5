"""What `sanic-swap judge` does: checks its arguments, judges, writes the reports."""

import argparse
import os
import secrets
import shlex
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import patience, verdict
from .documents import WRITERS, as_text, board, scoreboard
from .judging import CannotJudge, Judging
from .processes import free_port
from .profiles import PROFILES
from .promise_report import groups
from .run import run
from .verdict import Verdict

# So that a service which hangs with Spotify is found sooner.
_SELF_SECONDS = 2


def judge(arguments: argparse.Namespace) -> int:
    """Return the exit code: 0 all promises held, 1 some broken, 2 not judged."""
    reports: list[Path] = arguments.report
    width = shutil.get_terminal_size().columns
    try:
        for path in reports:
            _check_report(path, [".html"] if arguments.compare else [*WRITERS])
        if arguments.compare:
            _compare(arguments.compare, reports, width)
            return 0
        old = verdict.read(arguments.replay) if arguments.replay else None
        chosen = _judging(arguments, old)
        # Ctrl-C ends the service that was started, and so must whoever ends this process.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        found = run(chosen)
    except CannotJudge as problem:
        print(f"{arguments.prog}: {problem}", file=sys.stderr)
        return 2
    if old:
        found = found.compared(old)
    for path in reports:
        path.write_text(WRITERS[path.suffix](found))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(as_text(found, width, colour=colour))
    return found.exit_code


def _check_report(path: Path, known: list[str]) -> None:
    if path.suffix not in known:
        raise CannotJudge(f"--report {path}: the name must end in {', '.join(known)}")
    if not path.absolute().parent.is_dir():
        raise CannotJudge(f"--report {path}: there is no such directory")


def _compare(paths: list[Path], reports: list[Path], width: int) -> None:
    verdicts: dict[str, Verdict] = {}
    for path in paths:
        # Two files of one name are told apart by their directories.
        name = path.stem if path.stem not in verdicts else str(path)
        verdicts[name] = verdict.read(path)
    for path in reports:
        path.write_text(board(verdicts))
    print(scoreboard(verdicts, width))


def _judging(arguments: argparse.Namespace, old: Verdict | None) -> Judging:
    """Return what is judged and how, from *arguments* and the report to be repeated."""
    name = arguments.profile or (old and old.profile)
    name = name or ("sanic-swap" if arguments.is_self else "any")
    if name not in PROFILES:
        raise CannotJudge(f"--profile {name}: known are {', '.join(sorted(PROFILES))}")
    paths = {"swap": arguments.swap_path, "refresh": arguments.refresh_path}
    paths = {endpoint: path for endpoint, path in paths.items() if path}
    for endpoint, path in paths.items():
        if not path.startswith("/"):
            raise CannotJudge(f"--{endpoint}-path {path}: must begin with /")
    if unknown := [group for group in arguments.not_promised if group not in groups()]:
        known = ", ".join(groups())
        raise CannotJudge(f'--not-promised "{unknown[0]}": groups are {known}')
    names = frozenset(each.id for each in old.of("broken")) if old else frozenset()
    if old and not names:
        raise CannotJudge(f"--replay {arguments.replay}: nothing was broken")
    host, colon, port = arguments.fake_listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise CannotJudge(f"--fake-listen {arguments.fake_listen}: must be HOST:PORT")
    given = {
        "client_id": arguments.client_id,
        "client_secret": arguments.client_secret,
        "redirect_uri": arguments.redirect_uri,
        "deadline_seconds": arguments.deadline,
    }
    chosen = Judging(
        url=arguments.url or (old.service if old and not arguments.is_self else ""),
        command=arguments.command,
        profile=replace(PROFILES[name], **paths),
        wait_seconds=arguments.wait,
        only=frozenset(arguments.only),
        not_promised=frozenset(arguments.not_promised),
        names=names,
        fake_host=host.strip("[]") or "127.0.0.1",
        fake_port=int(port),
        fake_url=arguments.fake_url.rstrip("/"),
        **{name: value for name, value in given.items() if value},
    )
    if arguments.is_self:
        if arguments.url or chosen.command:
            raise CannotJudge("--self takes neither a URL nor --command")
        chosen = replace(chosen, **_ourselves(arguments.deadline))
    _check_url(chosen, arguments)
    return chosen


def _check_url(chosen: Judging, arguments: argparse.Namespace) -> None:
    parts = urlsplit(chosen.url)
    if not chosen.url:
        raise CannotJudge("Say where the service is (URL), or judge ours with --self")
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise CannotJudge(f"{chosen.url}: must be a URL such as http://127.0.0.1:3000")
    if parts.query or parts.fragment:
        raise CannotJudge("The URL must have no query and no fragment")
    if chosen.is_remote and not arguments.allow_remote:
        raise CannotJudge(
            f"{parts.hostname} is another host: judging sends it hundreds of requests, some of"
            " them malformed. Add --allow-remote if it is yours"
        )
    if chosen.is_remote and not chosen.fake_url:
        raise CannotJudge(
            "A service on another host must reach the fake Spotify here: open --fake-listen to it,"
            " and say with --fake-url how it is reached"
        )


def _ourselves(deadline_seconds: float | None) -> dict[str, Any]:
    """Return what is judged if it is this service, on free ports."""
    seconds = patience.seconds(_SELF_SECONDS)
    return {
        "url": f"http://127.0.0.1:{free_port()}",
        "command": shlex.join(
            [sys.executable, "-m", "sanic_swap", "serve", "--env-file", os.devnull]
        ),
        "environment": {
            "HOST": "127.0.0.1",
            "SPOTIFY_TIMEOUT": f"{seconds:g}",
            "ENCRYPTION_SECRET": secrets.token_urlsafe(32),
        },
        "fake_host": "127.0.0.1",
        "fake_port": free_port(),
        "deadline_seconds": deadline_seconds or 2 * seconds,
    }
