"""Runs a fake Spotify and the service in front of it on this machine, each as a process."""

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
    """One of the two did not start, or not answer as it should; the text says which."""


@dataclass(frozen=True, slots=True)
class Fake:
    """What `fake-spotify` prints at its start."""

    accounts_url: str
    api_url: str
    control_url: str
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    ca_file: str | None


class LocalPair:
    """
    The two processes, which `running_pair` has started.

    Attributes:
        settings: The variables that the service runs with, beside those of this process.
        service_url: Where the service listens; the same after a restart.
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
        self._lock = Lock()  # another thread may restart what this one is closing

    def start_service(self, **changes: str) -> None:
        """
        Start the service, in place of the one that runs, with these settings changed.

        Raises:
            PairFailed: If it does not start, or this pair is closed.
        """
        with self._lock:
            if self._is_closed:
                raise PairFailed("the processes are being stopped")
            _stop(self._service)
            self.settings |= changes
            self._service = _start(
                ["sanic_swap", "serve", "--env-file", os.devnull],
                {**_environment(), **self.settings},
            )
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
    Run both until the block ends, on free ports unless told otherwise.

    Args:
        redirect_uris: The callback URLs of the one app that both know.
        fake_options: Further options of `fake-spotify`.
        on_line: Gets each line that one of them prints after its start, in another thread.
        settings: Variables of the service, beside those that connect it to the fake; its
            log line `listening` must stay, and be JSON.

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
    """Return this process's environment without any setting of the service."""
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
        # Ctrl-C is for this process alone; it stops its children in order.
        start_new_session=True,
    )


def _announced(
    process: subprocess.Popen[str], member: str, on_line: OnLine = lambda _: None
) -> dict[str, Any]:
    """Return the first JSON object with *member* that *process* prints."""
    output = cast("TextIO", process.stdout)
    printed = []
    for line in output:
        printed.append(line)
        if line.startswith("{") and member in (entry := json.loads(line)):
            Thread(target=_read, args=(output, on_line), daemon=True).start()
            return dict(entry)
    output.close()
    raise PairFailed("".join(printed))


def _read(output: TextIO, on_line: OnLine) -> None:
    """Read to the end: a full pipe would stop the process behind it."""
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
