"""Runs our service and its commands as processes of their own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract import patience
from tests.contract.http_client import SENT
from tests.contract.processes import launched, wait_until
from tests.contract.profiles import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI

KEY = "Y2FuYXJ5LWVuY3J5cHRpb24tc2VjcmV0LTAxMjM0NTY"
NOWHERE = "http://127.0.0.1:9"
SERVE = [sys.executable, "-m", "sanic_swap", "serve", "--env-file", os.devnull]
START_SECONDS = 20
_COMMAND_SECONDS = 30
# What Python itself needs, and nothing of whoever runs the tests.
_BARE = {
    name: value
    for name, value in os.environ.items()
    if name in ("PATH", "HOME", "LANG", "TMPDIR") or name.startswith(("COVERAGE", "PYTHON"))
}


@dataclass
class Running:
    """A process that answers at *url*, and everything that it has logged."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, as sockets have it."""
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def log(self) -> str:
        """Return what it has written to standard error so far."""
        return self.log_file.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """Return its whole log lines, each as what its JSON says."""
        return _json_lines(self.log_file)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.exit_code()

    def exit_code(self) -> int:
        """Wait for its end, and return the exit code."""
        return self.process.wait(patience.seconds(START_SECONDS))


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


def with_sitecustomize(folder: Path, code: str) -> dict[str, str]:
    """Return the variable that makes each Python run *code* before anything else."""
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder), _BARE.get("PYTHONPATH"))))}


@contextmanager
def running_service(accounts_url: str, **changes: str | None) -> Iterator[Running]:
    """Run `sanic-swap serve` with these settings, until the block ends."""
    with started(SERVE, environment(accounts_url, **changes)) as service:
        yield service


@contextmanager
def started(command: Sequence[str], env: Mapping[str, str], **how: Any) -> Iterator[Running]:
    """
    Run a service by *command*, until the block ends; *how* is for Popen.

    Raises:
        AssertionError: If it printed a secret, or any code or token that was sent so far.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log_file = folder / "stderr"
        # A file that it would write for itself is looked at, too.
        env = {**env, "TMPDIR": name}
        with (
            log_file.open("wb") as log,
            (folder / "stdout").open("wb") as out,
            launched(command, env=env, stdout=out, stderr=log, **how) as process,
        ):
            yield Running(_listening_url(process, log_file), process, log_file)
        SENT.add([CLIENT_SECRET, KEY])
        for file in (path for path in folder.rglob("*") if path.is_file()):
            found = SENT.in_text(file.read_text(errors="replace"))
            assert not found, f"secrets in {file.name}"


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
        timeout=patience.seconds(_COMMAND_SECONDS),
        check=False,
        cwd=cwd,
    )


def _listening_url(process: subprocess.Popen[bytes], log_file: Path) -> str:
    def urls() -> list[str]:
        return [line["url"] for line in _json_lines(log_file) if line["message"] == "listening"]

    wait_until(lambda: urls() or process.poll() is not None, START_SECONDS)
    assert process.poll() is None, log_file.read_text()
    return urls()[0]


def _json_lines(file: Path) -> list[dict[str, Any]]:
    whole = [line for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole]
