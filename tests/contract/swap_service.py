"""A swap service under test, ours or anybody's, seen from outside alone."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from fake_spotify import FakeSpotify

from . import patience
from .http_client import FORM, Answer
from .processes import wait_until
from .profiles import Profile
from .taint import Canaries

_SHOWN = 60
_LONGEST = 1_000_000  # bytes of an answer that are looked at
_RECOVERY_SECONDS = 5.0  # of a service that has just missed a deadline
_GIVEN_UP_SECONDS = 1.0  # of one that had not recovered the last time
_DYING_SECONDS = 0.5
_SECRETS = ("code", "code_verifier", "refresh_token", "access_token")


class Program(Protocol):
    """What can start the service, and end it."""

    def start(self) -> None:
        """Start it, in the place of one that has died or got stuck."""

    def stop(self) -> None:
        """Tell it to end, and wait until it has."""


@dataclass
class SwapService:
    """
    Asks the service, and remembers what it must never answer or log.

    Attributes:
        deadline_seconds: In which it has to answer, whatever Spotify does.
        program: Starts it anew when it has died; None if nobody can.
        log: What it has logged so far; None if nobody knows.
        leaks: Answers that held a plain refresh token or the client secret.
        deaths: During which promises it died.
        canaries: All that must be in no log.
    """

    url: str
    profile: Profile
    spotify: FakeSpotify
    deadline_seconds: float
    program: Program | None = None
    log: Callable[[], str] | None = None
    leaks: list[str] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)
    canaries: Canaries = field(default_factory=Canaries)
    _unspeakable: Canaries = field(default_factory=Canaries)
    _seen: list[str] = field(default_factory=list)
    _shown: str = ""
    _promise: str = ""
    _is_sick: bool = False
    _is_given_up: bool = False

    def begin(self, promise: str) -> bool:
        """Turn to the next promise; False if the service is dead and cannot be started again."""
        self._promise, self._shown = promise, ""
        self._seen.clear()
        recovery = patience.seconds(_GIVEN_UP_SECONDS if self._is_given_up else _RECOVERY_SECONDS)
        self._is_sick = not listens(self.url) or (self._is_sick and not self._answers(recovery))
        if self._is_sick and self.program is not None:
            self.program.start()
            self._is_sick = False
        self._is_given_up = self._is_sick
        self.spotify.clear_requests()
        return not self._is_given_up

    def end(self) -> None:
        """Look whether the service has survived the promise."""
        if self._is_sick:
            with suppress(AssertionError):
                wait_until(lambda: not listens(self.url), _DYING_SECONDS)
        if not listens(self.url):
            self.deaths.append(self._promise)
            self.last_seen = f"{self.last_seen}; the service died"

    @property
    def last_seen(self) -> str:
        """The answers that matter in a few words, or why there were none."""
        return self._shown or (self._seen[-1] if self._seen else "nothing")

    @last_seen.setter
    def last_seen(self, told: str) -> None:
        self._shown = told

    def show(self, count: int) -> None:
        """Say that the last *count* answers matter, whatever comes after."""
        self._shown = "; ".join(self._seen[-count:])

    def logged_secrets(self) -> list[str]:
        """Return the secrets, codes and tokens that its log holds."""
        return self.canaries.in_text(self.log()) if self.log else []

    def swap(self, code: str | None = None, **more: str) -> Answer:
        """Swap *code*, or a new one."""
        return self.post(self.profile.swap, {"code": code or self.spotify.code(), **more})

    def refresh(self, sealed: str, **more: str) -> Answer:
        """Refresh with a token as an app would."""
        return self.post(self.profile.refresh, {"refresh_token": sealed, **more})

    def sealed(self) -> str:
        """Log somebody in, and return the refresh token that the app gets."""
        answer = self.swap()
        assert answer.status == 200, "a login does not work"
        return str(members(answer)["refresh_token"])

    def post(self, path: str, form: dict[str, str]) -> Answer:
        """Post a form."""
        self.canaries.add(value for name, value in form.items() if name in _SECRETS)
        return self.send("POST", path, urlencode(form).encode(), {"Content-Type": FORM})

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """
        Send one request.

        Raises:
            AssertionError: If the whole of an HTTP answer does not come within the deadline.
        """
        asked = f"{method} {path.partition('?')[0]}"
        began = time.monotonic()
        try:
            answer = self._exchange(method, path, body, headers or {}, self.deadline_seconds)
        except (OSError, http.client.HTTPException) as error:
            self._is_sick = True
            seconds = time.monotonic() - began
            self._seen.append(f"{asked}: no answer ({_reason(error, seconds, self)})")
            raise AssertionError(self._seen[-1]) from None
        self._remember(asked, answer)
        return answer

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], seconds: float
    ) -> Answer:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
        # A socket's own timeout begins anew with every byte.
        timer = threading.Timer(seconds, _hang_up, (connection,))
        timer.start()
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read(_LONGEST))
        finally:
            timer.cancel()
            connection.close()

    def _answers(self, seconds: float) -> bool:
        try:
            self._exchange("POST", self.profile.swap, b"", {"Content-Type": FORM}, seconds)
        except (OSError, http.client.HTTPException):
            return False
        return True

    def _remember(self, asked: str, answer: Answer) -> None:
        text = answer.body.decode(errors="replace")
        self._unspeakable.add(grant.refresh_token for grant in self.spotify.grants())
        self._unspeakable.add([self.spotify.client_secret])
        self.canaries.add(grant.refresh_token for grant in self.spotify.grants())
        self.canaries.add([self.spotify.client_secret])
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, dict):
            self.canaries.add(found.get(name) for name in _SECRETS)
            told = str(found.get("error") or ("tokens" if "access_token" in found else found))
        else:
            told = repr(text) if text else ""
        if self._unspeakable.in_text(f"{answer.headers}\n{text}"):
            self.leaks.append(f"{asked} ({self._promise})")
        kind = answer.headers.get_content_type() if answer.body else "no body"
        shown = "".join(char if char.isprintable() else "?" for char in told[:_SHOWN])
        self._seen.append(f"{asked} -> {answer.status} {kind} {shown}".rstrip())


def listens(url: str) -> bool:
    """Say whether anybody takes connections there."""
    parts = urlsplit(url)
    try:
        socket.create_connection(
            (parts.hostname or "", parts.port or 80), patience.seconds(2)
        ).close()
    except TimeoutError:
        return True  # it is busy
    except OSError:
        return False
    return True


def members(answer: Answer) -> dict[str, object]:
    """Return a JSON object's members; anything else breaks the promise."""
    try:
        value = answer.json()
    except ValueError:
        value = None
    assert isinstance(value, dict), "the answer is no JSON object"
    return value


def _hang_up(connection: http.client.HTTPConnection) -> None:
    # It may have ended already.
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception, seconds: float, service: SwapService) -> str:
    if seconds >= service.deadline_seconds:
        return f"none within {service.deadline_seconds:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return f"{type(error).__name__} after {seconds:.1f} s"
