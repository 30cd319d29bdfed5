"""What `sanic-swap judge` does: checks its arguments, judges, writes the reports."""

import argparse
import os
import shlex
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sanic_swap.judge import page, texts
from sanic_swap.judge.run import NotJudged, SuitesOwn, compared, run, suite
from sanic_swap.judge.verdict import NotAReport, Verdict, read

_NOT_JUDGED = 2
_WRITERS = {
    ".html": page.page,
    ".md": texts.as_markdown,
    ".json": Verdict.as_json,
    ".xml": texts.as_junit,
}
# So that a service which hangs with Spotify is found sooner.
_SELF_SECONDS = 2


def judge(arguments: argparse.Namespace) -> int:
    """Return the exit code: 0 all promises held, 1 some broken, 2 not judged."""
    # Ctrl-C ends the service that was started, and so must whoever ends this process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for path in arguments.report or []:
            _check_report(path, is_board=bool(arguments.compare))
        if arguments.compare:
            return _compare(arguments)
        old = read(arguments.replay) if arguments.replay else None
        judging, profile = _judging(arguments, old)
        verdict = run(judging, profile, _fake(judging))
    except (NotJudged, NotAReport) as problem:
        print(f"sanic-swap judge: {problem}", file=sys.stderr)
        return _NOT_JUDGED
    if old:
        verdict = compared(old, verdict)
    for path in arguments.report or []:
        path.write_text(_WRITERS[path.suffix](verdict))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(texts.as_text(verdict, shutil.get_terminal_size().columns, colour=colour))
    return verdict.exit_code


def _check_report(path: Path, *, is_board: bool) -> None:
    known = [".html"] if is_board else list(_WRITERS)
    if path.suffix not in known:
        raise NotJudged(f"--report {path}: the name must end in {', '.join(known)}")
    if not path.absolute().parent.is_dir():
        raise NotJudged(f"--report {path}: there is no such directory")


def _compare(arguments: argparse.Namespace) -> int:
    verdicts: dict[str, Verdict] = {}
    for path in arguments.compare:
        # Two files of one name are told apart by their directories.
        name = path.stem if path.stem not in verdicts else str(path)
        verdicts[name] = read(path)
    for path in arguments.report or []:
        path.write_text(page.board(verdicts))
    print(texts.scoreboard(verdicts, shutil.get_terminal_size().columns))
    return 0


def _judging(arguments: argparse.Namespace, old: Verdict | None) -> tuple[SuitesOwn, str]:
    """Return the suite's `Judging`, and the name of the profile."""
    module, profiles = suite("judging"), suite("profiles").PROFILES
    name = arguments.profile or ("sanic-swap" if arguments.is_self else "any")
    if old and not arguments.profile:
        name = old.profile
    if name not in profiles:
        raise NotJudged(f"--profile {name}: known are {', '.join(sorted(profiles))}")
    paths = {"swap": arguments.swap_path, "refresh": arguments.refresh_path}
    paths = {endpoint: path for endpoint, path in paths.items() if path}
    for endpoint, path in paths.items():
        if not path.startswith("/"):
            raise NotJudged(f"--{endpoint}-path {path}: must begin with /")
    chosen: dict[str, Any] = {
        "url": arguments.url or (old.service if old and not arguments.is_self else ""),
        "command": arguments.service_command or "",
        "profile": replace(profiles[name], **paths),
        "wait_seconds": arguments.wait,
        "only": frozenset(arguments.only or []),
        "not_promised": _groups(arguments.not_promised),
        "names": frozenset(each.id for each in old.of("broken")) if old else frozenset(),
        "fake_url": (arguments.fake_url or "").rstrip("/"),
        **_address(arguments.fake_listen),
    }
    for option in ("client_id", "client_secret", "redirect_uri"):
        if value := getattr(arguments, option):
            chosen[option] = value
    if arguments.deadline:
        chosen["deadline_seconds"] = arguments.deadline
    if arguments.is_self:
        chosen |= _ourselves(arguments)
    if old and not chosen["names"]:
        raise NotJudged(f"--replay {arguments.replay}: nothing was broken")
    judging = module.Judging(**chosen)
    _check_url(judging, arguments)
    return judging, name


def _check_url(judging: SuitesOwn, arguments: argparse.Namespace) -> None:
    parts = urlsplit(judging.url)
    if not judging.url:
        raise NotJudged("Say where the service is (URL), or judge ours with --self")
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise NotJudged(f"{judging.url}: must be a URL such as http://127.0.0.1:3000")
    if parts.query or parts.fragment:
        raise NotJudged("The URL must have no query and no fragment")
    if judging.is_remote and not arguments.allow_remote:
        raise NotJudged(
            f"{parts.hostname} is another host: judging sends it hundreds of requests, some of"
            " them malformed. Add --allow-remote if it is yours"
        )
    if judging.is_remote and not judging.fake_url:
        raise NotJudged(
            "A service on another host must reach the fake Spotify here: open --fake-listen to it,"
            " and say with --fake-url how it is reached"
        )


def _address(text: str) -> dict[str, object]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise NotJudged(f"--fake-listen {text}: must be HOST:PORT")
    return {"fake_host": host.strip("[]") or "127.0.0.1", "fake_port": int(port)}


def _groups(chosen: list[str] | None) -> frozenset[str]:
    known = suite("promise_report").groups()
    for group in chosen or []:
        if group not in known:
            raise NotJudged(f'--not-promised "{group}": groups are {", ".join(known)}')
    return frozenset(chosen or [])


def _ourselves(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.url or arguments.service_command:
        raise NotJudged("--self takes neither a URL nor --command")
    from sanic_swap.sealing.keys import new_secret

    free_port, patience = suite("processes").free_port, suite("patience")
    command = [sys.executable, "-m", "sanic_swap", "serve", "--env-file", os.devnull]
    seconds = patience.seconds(_SELF_SECONDS)
    settings = {"HOST": "127.0.0.1", "SPOTIFY_TIMEOUT": f"{seconds:g}"}
    return {
        "url": f"http://127.0.0.1:{free_port()}",
        "command": shlex.join(command),
        "environment": {**settings, "ENCRYPTION_SECRET": new_secret()},
        "fake_host": "127.0.0.1",
        "fake_port": free_port(),
        "deadline_seconds": arguments.deadline or 2 * seconds,
    }


def _fake(judging: SuitesOwn) -> str:
    is_public = judging.client_secret == suite("profiles").CLIENT_SECRET
    words = ["fake-spotify", "--host", judging.fake_host, "--port", str(judging.fake_port)]
    words += ["--client-id", judging.client_id, "--redirect-uri", judging.redirect_uri]
    secret = shlex.quote(judging.client_secret) if is_public else '"$CLIENT_SECRET"'
    return f"{shlex.join(words)} --client-secret {secret}"
