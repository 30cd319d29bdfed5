"""Starts somebody's service by its command line, and again when it has died."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from . import patience
from .judging import CannotJudge, Judging
from .processes import end, group_members, launch, listens, wait_until
from .showing import redacted

_START_SECONDS = 30
_SURVIVOR_SECONDS = 1
_LAST_LINES = 8
_MOST_LOG = 32_000_000  # bytes at either end that are searched
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
# The names by which swap services know what they must be set to.
_VARIABLES = {
    "accounts_url": ("SPOTIFY_ACCOUNTS_URL",),
    "client_id": ("CLIENT_ID", "SPOTIFY_CLIENT_ID"),
    "client_secret": ("CLIENT_SECRET", "SPOTIFY_CLIENT_SECRET"),
    "redirect_uri": ("CALLBACK_URL", "CALLBACK_URI", "SPOTIFY_CLIENT_CALLBACK_URL"),
    "port": ("PORT",),
}


class ServiceCommand:
    """
    A service under test that the suite runs itself.

    Args:
        settings: By the names that may stand in braces in the command.
    """

    def __init__(self, judging: Judging, settings: Mapping[str, str], log: IO[bytes]) -> None:
        words = shlex.split(judging.command)
        for name, value in settings.items():
            words = [word.replace(f"{{{name}}}", value) for word in words]
        self._environment = {**os.environ, **judging.environment}
        for name, value in settings.items():
            self._environment |= dict.fromkeys(_VARIABLES[name], value)
        while words and _ASSIGNMENT.match(words[0]):
            name, _, value = words.pop(0).partition("=")
            self._environment[name] = value
        self._command = words
        self._url = judging.url
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """
        Start it, in the place of one that has died or got stuck.

        Raises:
            CannotJudge: If it ends, or does not listen in time.
        """
        self.stop()
        program = self._command[0] if self._command else ""
        if not shutil.which(program, path=self._environment.get("PATH")):
            raise CannotJudge(f"The command cannot be started: {program!r} is not found")
        how = {"stdout": self._log, "stderr": self._log, "stdin": subprocess.DEVNULL}
        self._process = process = launch(self._command, env=self._environment, **how)
        try:
            wait_until(lambda: listens(self._url) or process.poll() is not None, _START_SECONDS)
        except AssertionError:
            seconds = patience.seconds(_START_SECONDS)
            why = f"Nobody listens at {self._url} {seconds:.0f} s after the command was started"
            raise CannotJudge(why + self._last_lines()) from None
        if process.poll() is not None:
            code = f"exit code {process.returncode}"
            why = f"The command ended with {code} and did not stay in the foreground"
            raise CannotJudge(why + self._last_lines())

    def stop(self) -> bool:
        """End it and whatever it has started; False if some of that did not end with it."""
        if self._process is None:
            return True
        process, self._process = self._process, None

        def is_whole() -> bool:
            with suppress(AssertionError):
                wait_until(
                    lambda: not group_members(process.pid) and not listens(self._url),
                    _SURVIVOR_SECONDS,
                )
                return True
            return False

        return end(process, is_whole)

    def log(self) -> str:
        """Return what it has printed so far; of a very long log the beginning and the end."""
        path = Path(self._log.name)
        with path.open("rb") as log:
            text = log.read(_MOST_LOG)
            log.seek(max(_MOST_LOG, path.stat().st_size - _MOST_LOG))
            return (text + log.read()).decode(errors="replace")

    def _last_lines(self) -> str:
        lines = self.log().splitlines()[-_LAST_LINES:]
        shown = "".join(f"\n  {redacted(line)}" for line in lines)
        return f"; its last lines:{shown}" if shown else "; it printed nothing."


@contextmanager
def running_command(judging: Judging, settings: Mapping[str, str]) -> Iterator[ServiceCommand]:
    """Run the command until the block ends."""
    with tempfile.NamedTemporaryFile() as log:
        service = ServiceCommand(judging, settings, log)
        try:
            service.start()
            yield service
        finally:
            service.stop()
