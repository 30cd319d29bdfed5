"""Starts somebody's service by its command line, and again when it has died."""

import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .processes import end, launch, wait_until
from .swap_service import listens

_START_SECONDS = 30


class ServiceCommand:
    """A service under test that the suite runs itself."""

    def __init__(self, command: str, url: str, log: IO[bytes]) -> None:
        self._command = shlex.split(command)
        self._url = url
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in the place of one that has died or got stuck."""
        self.stop()
        self._process = launch(self._command, stdout=self._log, stderr=self._log)
        wait_until(lambda: listens(self._url), _START_SECONDS)

    def stop(self) -> None:
        """End it, and whatever it has started itself."""
        if self._process is not None:
            end(self._process)

    def log(self) -> str:
        """Return what it has printed so far."""
        return Path(self._log.name).read_text(errors="replace")


@contextmanager
def running_command(command: str, url: str) -> Iterator[ServiceCommand]:
    """Run *command* until the block ends."""
    with tempfile.NamedTemporaryFile() as log:
        service = ServiceCommand(command, url, log)
        try:
            service.start()
            yield service
        finally:
            service.stop()
