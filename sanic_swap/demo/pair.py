"""Runs a fake Spotify and the service in front of it as two processes, and sends them requests."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from threading import Lock, Thread
from typing import Any, NamedTuple, TextIO, cast
from urllib.parse import urlencode, urlsplit

from sanic_swap.sealing.keys import new_secret
from sanic_swap.settings.table import variables

SCOPE = "user-read-private user-read-email"
_TIMEOUT_SECONDS = 30
_STOP_SECONDS = 15  # above what the service takes to drain


class PairFailed(Exception):
    """One of the two did not start, or gave a wrong answer; the text says which."""


class Fake(NamedTuple):
    """The first line that `fake-spotify` prints."""

    accounts_url: str
    api_url: str
    control_url: str
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    ca_file: str | None


class LocalPair:
    """The two processes; `running_pair` starts them."""

    fake: Fake
    service_url: str  # a restart keeps it

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}  # the variables of the service
        # Gets each line that one of them prints after its start, in another thread.
        self.on_line: Callable[[str], object] = lambda _: None
        self._processes: list[subprocess.Popen[str]] = []
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
        """Start the service, or restart it with these settings changed; raise PairFailed if not."""
        with self._lock:
            if not self._processes:
                raise PairFailed("the processes are being stopped")
            if len(self._processes) > 1:
                _stop(self._processes.pop())
            self.settings |= changes
            ours = {spelling for each in variables().values() for spelling in each.spellings}
            others = {k: v for k, v in os.environ.items() if k.removesuffix("_FILE") not in ours}
            command = ["sanic_swap", "serve", "--env-file", os.devnull]
            started = self._start(command, others | self.settings, "url")
            self.service_url = str(started["url"])
            self.settings["PORT"] = self.service_url.rpartition(":")[2]

    def authorize_url(self, **parameters: str) -> str:
        """Return the URL where the app sends its user to log in."""
        query = {
            "client_id": self.fake.client_id,
            "response_type": "code",
            "redirect_uri": self.fake.redirect_uris[0],
            "scope": SCOPE,
            **parameters,
        }
        return f"{self.fake.accounts_url}/authorize?{urlencode(query)}"

    def close(self) -> None:
        """Stop both for good, the service first."""
        with self._lock:
            while self._processes:
                _stop(self._processes.pop())

    def _start(self, command: list[str], env: Mapping[str, str], member: str) -> dict[str, Any]:
        """Start a process, and return the first JSON object with *member* that it prints."""
        process = subprocess.Popen(  # noqa: S603 - our own modules, by this Python  # nosec B603
            [sys.executable, "-P", "-m", *command],
            env=env,
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
    """Run both until the block ends, on free ports; raise PairFailed if one does not start.

    Further *fake_options* are those of `fake-spotify`, further *settings* variables of the service,
    whose log line `listening` must stay JSON.
    """
    with closing(LocalPair()) as pair:
        pair.start_fake(["--redirect-uri", *redirect_uris, *fake_options])
        pair.start_service(**settings)
        yield pair


class Answer(NamedTuple):
    """A server's answer."""

    status: int
    reason: str
    headers: dict[str, str]  # by their names in lower case
    body: str


def send(method: str, url: str, headers: dict[str, str] | None = None, body: str = "") -> Answer:
    """Send one request; return the answer, redirects too, or raise PairFailed if there is none."""
    parts = urlsplit(url)
    try:
        with closing(HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)) as connection:
            connection.request(method, url.partition(parts.netloc)[2], body, headers or {})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            text = answer.read().decode(errors="replace")
            return Answer(answer.status, answer.reason, named, text)
    except (OSError, HTTPException) as error:
        raise PairFailed(f"{method} {parts.netloc}{parts.path}: {error}") from error


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
