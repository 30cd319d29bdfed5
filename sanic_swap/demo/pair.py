"""Runs a fake Spotify, and the service in front of it, as two processes on this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, TextIO, cast

from sanic_swap.sealing.keys import new_secret
from sanic_swap.settings.table import variables

_STOP_SECONDS = 15  # above what the service takes to drain


class PairFailed(Exception):
    """One of the two did not start, or gave a wrong answer; the text says which."""


@dataclass(frozen=True, slots=True)
class Fake:
    """The first line that `fake-spotify` prints."""

    accounts_url: str
    api_url: str
    control_url: str
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    ca_file: str | None


class LocalPair:
    """The two processes; `running_pair` starts them.

    Attributes:
        settings: The variables of the service.
        service_url: The address of the service; a restart keeps it.
        on_line: Gets each line that one of them prints after its start, in another thread.
    """

    fake: Fake
    service_url: str

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self.on_line: Callable[[str], object] = lambda _: None
        self._processes: list[subprocess.Popen[str]] = []
        self._is_closed = False
        self._lock = Lock()  # one thread may restart the service while another closes it

    def start_fake(self, options: Sequence[str]) -> None:
        """Start the fake, which the settings of the service then name."""
        command = ["fake_spotify", "--port", "0", *options]
        self.fake = Fake(**self._start(command, os.environ, "accounts_url"))
        self.settings = {
            "CLIENT_ID": self.fake.client_id,
            "CLIENT_SECRET": self.fake.client_secret,
            "CALLBACK_URL": ",".join(self.fake.redirect_uris),
            "ENCRYPTION_SECRET": new_secret(),
            "SPOTIFY_ACCOUNTS_URL": self.fake.accounts_url,
            "PORT": "0",
            "LOG_FORMAT": "json",
        }

    def start_service(self, **changes: str) -> None:
        """Start the service, or restart it with these settings changed.

        Raises:
            PairFailed: If it does not start, or the pair is closed.
        """
        with self._lock:
            if self._is_closed:
                raise PairFailed("the processes are being stopped")
            if len(self._processes) > 1:
                _stop(self._processes.pop())
            self.settings |= changes
            ours = {spelling for each in variables().values() for spelling in each.spellings}
            others = {k: v for k, v in os.environ.items() if k.removesuffix("_FILE") not in ours}
            command = ["sanic_swap", "serve", "--env-file", os.devnull]
            started = self._start(command, {**others, **self.settings}, "url")
            self.service_url = str(started["url"])
            self.settings["PORT"] = self.service_url.rpartition(":")[2]

    def close(self) -> None:
        """Stop both for good, the service first."""
        with self._lock:
            self._is_closed = True
            while self._processes:
                _stop(self._processes.pop())

    def _start(
        self, command: list[str], environment: Mapping[str, str], member: str
    ) -> dict[str, Any]:
        """Start a process, and return the first JSON object with *member* that it prints."""
        process = subprocess.Popen(  # noqa: S603 - our own modules, by this Python  # nosec B603
            [sys.executable, "-P", "-m", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C must reach this process alone, which stops the others in order.
            start_new_session=True,
        )
        self._processes.append(process)
        output = cast("TextIO", process.stdout)
        printed = ""
        for line in output:
            printed += line
            if line.startswith("{") and member in (entry := json.loads(line)):
                # A full pipe would block the process.
                Thread(target=self._read, args=(output,), daemon=True).start()
                return dict(entry)
        output.close()
        raise PairFailed(printed)

    def _read(self, output: TextIO) -> None:
        with output:
            for line in output:
                self.on_line(line)


@contextmanager
def running_pair(
    redirect_uris: Sequence[str], fake_options: Sequence[str] = (), /, **settings: str
) -> Iterator[LocalPair]:
    """Run both until the block ends, by default on free ports.

    Args:
        redirect_uris: The callback URLs of the app.
        fake_options: Further options of `fake-spotify`.
        settings: Further variables of the service; its log line `listening` must stay JSON.

    Raises:
        PairFailed: If one of them does not start.
    """
    with closing(LocalPair()) as pair:
        pair.start_fake(["--redirect-uri", *redirect_uris, *fake_options])
        pair.start_service(**settings)
        yield pair


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
