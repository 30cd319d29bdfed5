"""Runs a fake Spotify, and the service in front of it, as two processes on this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, TextIO, cast

from sanic_swap.sealing.keys import new_secret
from sanic_swap.settings.table import variables

_STOP_SECONDS = 15  # above what the service takes to drain
OnLine = Callable[[str], object]


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
    """
    The two processes; `running_pair` starts them.

    Attributes:
        settings: The variables of the service.
        service_url: The address of the service; a restart keeps it.
    """

    def __init__(
        self, fake: Fake, settings: Mapping[str, str], on_line: OnLine = lambda _: None
    ) -> None:
        self.fake = fake
        self._on_line = on_line
        self.settings = {
            "CLIENT_ID": fake.client_id,
            "CLIENT_SECRET": fake.client_secret,
            "CALLBACK_URL": ",".join(fake.redirect_uris),
            "ENCRYPTION_SECRET": new_secret(),
            "SPOTIFY_ACCOUNTS_URL": fake.accounts_url,
            "PORT": "0",
            "LOG_FORMAT": "json",
            **settings,
        }
        self.service_url = ""
        self._service: subprocess.Popen[str] | None = None
        self._is_closed = False
        self._lock = Lock()  # one thread may restart the service while another closes it

    def start_service(self, **changes: str) -> None:
        """
        Start the service, or restart it with these settings changed.

        Raises:
            PairFailed: If it does not start, or the pair is closed.
        """
        with self._lock:
            if self._is_closed:
                raise PairFailed("the processes are being stopped")
            _stop(self._service)
            self.settings |= changes
            command = ["sanic_swap", "serve", "--env-file", os.devnull]
            self._service = _start(command, {**_environment(), **self.settings})
            self.service_url = str(_announced(self._service, "url", self._on_line)["url"])
            self.settings["PORT"] = self.service_url.rpartition(":")[2]

    def close(self) -> None:
        """Stop the service for good."""
        with self._lock:
            self._is_closed = True
            _stop(self._service)


@contextmanager
def running_pair(
    redirect_uris: Sequence[str],
    fake_options: Sequence[str] = (),
    on_line: OnLine = lambda _: None,
    /,
    **settings: str,
) -> Iterator[LocalPair]:
    """
    Run both until the block ends, by default on free ports.

    Args:
        redirect_uris: The callback URLs of the app.
        fake_options: Further options of `fake-spotify`.
        on_line: Gets each line that one of them prints after its start, in another thread.
        settings: Further variables of the service; its log line `listening` must stay JSON.

    Raises:
        PairFailed: If one of them does not start.
    """
    command = ["fake_spotify", "--port", "0", "--redirect-uri", *redirect_uris, *fake_options]
    with ExitStack() as stack:
        fake = _start(command, os.environ)
        stack.callback(_stop, fake)
        pair = LocalPair(Fake(**_announced(fake, "accounts_url", on_line)), settings, on_line)
        stack.callback(pair.close)
        pair.start_service()
        yield pair


def _environment() -> dict[str, str]:
    """Return the environment of this process without any setting of the service."""
    ours = {spelling for variable in variables().values() for spelling in variable.spellings}
    return {
        name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in ours
    }


def _start(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own modules, by this same Python  # nosec B603
        [sys.executable, "-P", "-m", *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Ctrl-C must reach this process alone, which stops the others in order.
        start_new_session=True,
    )


def _announced(process: subprocess.Popen[str], member: str, on_line: OnLine) -> dict[str, Any]:
    """
    Return the first JSON object with *member* that *process* prints.

    A thread reads the rest: a full pipe would block the process.
    """
    output = cast("TextIO", process.stdout)
    printed = ""
    for line in output:
        printed += line
        if line.startswith("{") and member in (entry := json.loads(line)):
            Thread(target=_read, args=(output, on_line), daemon=True).start()
            return dict(entry)
    output.close()
    raise PairFailed(printed)


def _read(output: TextIO, on_line: OnLine) -> None:
    with output:
        for line in output:
            on_line(line)


def _stop(process: subprocess.Popen[str] | None) -> None:
    if process is None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
