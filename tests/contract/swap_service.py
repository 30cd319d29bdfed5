"""A swap service under test, ours or anybody's, seen from outside alone."""

import http.client
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fake_spotify import FakeSpotify

from . import patience
from .http_client import FORM, SENT, Answer, send
from .processes import listens, wait_until
from .profiles import Profile
from .service_command import ServiceCommand
from .showing import CurlLines, answer_in_words
from .taint import Canaries

_RECOVERY_SECONDS = 5.0  # of a service that has just missed a deadline
_GIVEN_UP_SECONDS = 1.0  # of one that had not recovered the last time
_DYING_SECONDS = 0.5
_NOTHING = ("nothing", "")  # was seen yet, by no curl line


@dataclass
class SwapService:
    """
    Asks the service, and remembers what it must never answer or log.

    Attributes:
        deadline_seconds: In which it has to answer, whatever Spotify does.
        program: Starts it anew when it has died; None if nobody can.
        log: What it has logged so far; None if nobody knows.
        least_seconds: Between two requests, for a service of which little may be asked.
        leaks: Answers that held a plain refresh token or the client secret.
        deaths: During which promises it died.
        succeeded: The paths that have once answered 2xx.
        asked: The paths that the current promise has posted to.
        outcomes: What `troubles` has seen so far.
    """

    url: str
    profile: Profile
    spotify: FakeSpotify
    deadline_seconds: float
    program: ServiceCommand | None = None
    log: Callable[[], str] | None = None
    least_seconds: float = 0
    leaks: list[str] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)
    succeeded: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    outcomes: dict[str, list[Any]] = field(default_factory=dict)
    _unspeakable: Canaries = field(default_factory=Canaries)
    _seen: list[tuple[str, str]] = field(default_factory=lambda: [_NOTHING])
    _shown: tuple[str, str] | None = None
    _promise: str = ""
    _is_sick: bool = False
    _is_given_up: bool = False
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Learn how to show requests."""
        self.url = self.url.rstrip("/")
        self.curls = CurlLines(f"{self.spotify.accounts_url}/_fake", self.url + self.profile.swap)

    def begin(self, promise: str) -> bool:
        """Turn to the next promise; False if the service is dead and cannot be started again."""
        self._promise, self._shown = promise, None
        self.asked.clear()
        return self.revive()

    def revive(self) -> bool:
        """Start it again if it is dead or stuck; False if that is not possible."""
        self._seen = [_NOTHING]
        self.curls.begin()
        recovery = patience.seconds(_GIVEN_UP_SECONDS if self._is_given_up else _RECOVERY_SECONDS)
        self._is_sick = not listens(self.url) or (self._is_sick and not self._answers(recovery))
        if self._is_sick and self.program is not None:
            self.program.start()
            self._is_sick = False
        self._is_given_up = self._is_sick
        self.spotify.clear_requests()
        return not self._is_given_up

    def end(self) -> bool:
        """Say whether the service has survived; remember the promise if not."""
        if self._is_sick:
            with suppress(AssertionError):
                wait_until(lambda: not listens(self.url), _DYING_SECONDS)
        if is_alive := listens(self.url):
            return is_alive
        self.deaths.append(self._promise)
        self.show_as(f"{self.last_seen}; the service died")
        return False

    @property
    def last_seen(self) -> str:
        """The answers that matter in a few words, or why there were none."""
        return (self._shown or self._seen[-1])[0]

    @property
    def last_curl(self) -> str:
        """The line for a shell that shows what `last_seen` says."""
        return (self._shown or self._seen[-1])[1]

    def show(self, count: int) -> None:
        """Say that the last *count* answers matter, whatever comes after."""
        self.show_as("; ".join(words for words, _ in self._seen[-count:]), self._seen[-count][1])

    def show_as(self, words: str, curl: str | None = None) -> None:
        """Say in other words what was seen; *curl* shows it, by default the last line."""
        self._shown = words, self.last_curl if curl is None else curl

    def logged_secrets(self) -> list[str]:
        """Return the secrets, codes and tokens that its log holds."""
        return SENT.in_text(self.log()) if self.log else []

    def swap(self, code: str | None = None, **more: str) -> Answer:
        """Swap *code*, or a new one."""
        return self.post(self.profile.swap, {"code": code or self.spotify.code(), **more})

    def refresh(self, sealed: str, **more: str) -> Answer:
        """Refresh with a token as an app would."""
        return self.post(self.profile.refresh, {"refresh_token": sealed, **more})

    def sealed(self) -> str:
        """Log somebody in, and return the refresh token that the app gets."""
        token = tokens(self.swap(), "a login does not work").get("refresh_token")
        assert isinstance(token, str), "a login brings no refresh token"
        assert token, "a login brings no refresh token"
        self.curls.name(token, "$TOKEN")
        return token

    def post(self, path: str, form: dict[str, str] | bytes, **headers: str) -> Answer:
        """Post a form, or what is labelled as one."""
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        return self.send("POST", path, body, {"Content-Type": FORM, **headers})

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
        plain_path = path.partition("?")[0]
        request, url = f"{method} {plain_path}", self.url + path
        curl = self.curls.line(method, url, body, headers or {}, self.spotify.faults())
        if self.least_seconds:
            with self._turn:
                time.sleep(self.least_seconds)
        began = time.monotonic()
        if method == "POST":
            self.asked.add(plain_path)
        try:
            answer = send(method, url, body, headers, seconds=self.deadline_seconds)
        except (OSError, http.client.HTTPException) as error:
            self._is_sick = True
            reason = _reason(error, time.monotonic() - began, self.deadline_seconds)
            words = f"{request}: no answer ({reason})"
            self._seen.append((words, curl))
            raise AssertionError(words) from None
        if answer.status < 300:
            self.succeeded.add(plain_path)
        self._remember(request, answer)
        self._seen.append((f"{request} -> {answer_in_words(answer)}", curl))
        return answer

    def _answers(self, seconds: float) -> bool:
        try:
            send("POST", self.url + self.profile.swap, b"", seconds=seconds)
        except (OSError, http.client.HTTPException):
            return False
        return True

    def _remember(self, request: str, answer: Answer) -> None:
        secrets = [grant.refresh_token for grant in self.spotify.grants()]
        secrets.append(self.spotify.client_secret)
        self._unspeakable.add(secrets)
        SENT.add(secrets)
        text = answer.body.decode(errors="replace")
        if self._unspeakable.in_text(f"{answer.headers}\n{text}"):
            self.leaks.append(f"{request} ({self._promise})")


def members(answer: Answer) -> dict[str, object]:
    """Return a JSON object's members; anything else breaks the promise."""
    try:
        value = answer.json()
    except (ValueError, RecursionError):
        value = None
    assert isinstance(value, dict), "the answer is not a JSON object"
    return value


def tokens(answer: Answer, complaint: str) -> dict[str, object]:
    """Return the members of an answer that succeeded; a 200 that carries an error did not."""
    assert answer.status == 200, complaint
    found = members(answer)
    assert isinstance(found.get("access_token"), str), f"{complaint}: 200 without an access token"
    assert found["access_token"], f"{complaint}: 200 with an empty access token"
    assert "error" not in found, f"{complaint}: 200 with an error"
    return found


def _reason(error: Exception, seconds: float, deadline_seconds: float) -> str:
    if seconds >= deadline_seconds:
        return f"none within {deadline_seconds:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return f"{type(error).__name__} after {seconds:.1f} s"
