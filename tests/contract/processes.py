"""Runs the service and the fake as processes of their own, and ends them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.contract.http_client import SENT, send

CLIENT_ID = "5fe01282e44241328a84e7c5cc169165"
CLIENT_SECRET = "canary-client-secret-9d1c7a"
KEY = "Y2FuYXJ5LWVuY3J5cHRpb24tc2VjcmV0LTAxMjM0NTY"
REDIRECT_URI = "https://app.example/callback"
START_SECONDS = 20
# What Python itself needs, and nothing of whoever runs the tests.
_BARE = {
    name: value
    for name, value in os.environ.items()
    if name in ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH") or name.startswith("COVERAGE")
}


@dataclass
class Running:
    """A process that answers at *url*, and everything that it has logged."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path
    told: dict[str, Any] = field(default_factory=dict)

    def log(self) -> str:
        """Return what it has written to standard error so far."""
        return self.log_file.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(START_SECONDS)


def environment(accounts_url: str, **changes: str | None) -> dict[str, str]:
    """Return the environment of a service; a change to None removes a variable."""
    chosen: dict[str, str | None] = {
        **_BARE,
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
        "CALLBACK_URL": REDIRECT_URI,
        "ENCRYPTION_SECRET": KEY,
        "SPOTIFY_ACCOUNTS_URL": accounts_url,
        "PORT": "0",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "debug",
        **changes,
    }
    return {name: value for name, value in chosen.items() if value is not None}


@contextmanager
def running_service(accounts_url: str, **changes: str | None) -> Iterator[Running]:
    """Run `sanic-swap serve` with these settings, until the block ends."""
    command = [sys.executable, "-m", "sanic_swap", "serve", "--env-file", os.devnull]
    with started(command, environment(accounts_url, **changes)) as service:
        yield service


@contextmanager
def started(command: list[str], env: Mapping[str, str], **how: Any) -> Iterator[Running]:
    """
    Run a service by *command*, until the block ends; *how* is for Popen.

    Raises:
        AssertionError: If it printed a secret, or any code or token that was sent so far.
    """
    with tempfile.TemporaryDirectory() as folder:
        # A file that it would write for itself is looked at, too.
        with _running(command, {**env, "TMPDIR": folder}, Path(folder), **how) as running:
            process, log_file, _ = running
            yield Running(_listening_url(process, log_file), process, log_file)
        SENT.add([CLIENT_SECRET, KEY])
        for file in (path for path in Path(folder).rglob("*") if path.is_file()):
            found = SENT.in_text(file.read_text(errors="replace"))
            assert not found, f"secrets in {file.name}"


@contextmanager
def running_fake(*options: str) -> Iterator[Running]:
    """Run `fake-spotify` with the credentials above, until the block ends."""
    command = [sys.executable, "-m", "fake_spotify", "--port", "0", "--client-id", CLIENT_ID]
    command += ["--client-secret", CLIENT_SECRET, "--redirect-uri", REDIRECT_URI, *options]
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(command, _BARE, Path(folder)) as (process, log_file, output),
    ):
        told = json.loads(_first_line(process, output))
        yield Running(told["accounts_url"], process, log_file, told)


def run_command(
    *arguments: str, env: Mapping[str, str] | None = None, stdin: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `sanic-swap` with *arguments* to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sanic_swap", *arguments],
        env={**_BARE, **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
    )


def new_code(fake: Running, **query: str) -> str:
    """Log in at a fake that agrees by itself, and return the authorization code."""
    asked = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "user-read-private",
        **query,
    }
    answer = send("GET", f"{fake.url}/authorize?{urlencode(asked)}")
    assert answer.status == 302, answer.body
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def wait_until(condition: Any, seconds: float = 10) -> None:
    """Return as soon as *condition* holds; fail when it has not for *seconds*."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        time.sleep(0.01)


@contextmanager
def _running(
    command: list[str], env: Mapping[str, str], folder: Path, **how: Any
) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    log_file, output = folder / "stderr", folder / "stdout"
    with log_file.open("wb") as log, output.open("wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=log, **how)
    try:
        yield process, log_file, output
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _first_line(process: subprocess.Popen[bytes], output: Path) -> str:
    wait_until(lambda: "\n" in output.read_text() or process.poll() is not None, START_SECONDS)
    return output.read_text().partition("\n")[0]


def _listening_url(process: subprocess.Popen[bytes], log_file: Path) -> str:
    def told() -> list[str]:
        lines = [
            json.loads(line)
            for line in log_file.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        ]
        return [line["url"] for line in lines if line["message"] == "listening"]

    wait_until(lambda: told() or process.poll() is not None, START_SECONDS)
    assert process.poll() is None, log_file.read_text()
    return told()[0]
