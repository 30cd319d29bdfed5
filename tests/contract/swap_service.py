"""A swap service under test, ours or anybody's, seen from outside alone."""

import http.client
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from fake_spotify import FakeSpotify
from tests.contract.http_client import FORM, Answer
from tests.contract.profiles import Profile

_SHOWN = 60


@dataclass
class SwapService:
    """
    Asks the service, and remembers what it must never answer.

    Attributes:
        deadline_seconds: In which it has to answer, whatever Spotify does.
        last_seen: The last answer in a few words, or why there was none.
        leaks: Answers that held a plain refresh token of Spotify's.
    """

    url: str
    profile: Profile
    spotify: FakeSpotify
    deadline_seconds: float
    last_seen: str = "nothing"
    leaks: list[str] = field(default_factory=list)
    _plain: set[str] = field(default_factory=set)

    def swap(self, code: str | None = None, **more: str) -> Answer:
        """Swap *code*, or a new one; None as a value is not sent."""
        return self.post(self.profile.swap, {"code": code or self.spotify.code(), **more})

    def refresh(self, sealed: str, **more: str) -> Answer:
        """Refresh with a token as an app would."""
        return self.post(self.profile.refresh, {"refresh_token": sealed, **more})

    def sealed(self) -> str:
        """Log somebody in, and return the refresh token that the app gets."""
        answer = self.swap()
        assert answer.status == 200, self.last_seen
        return str(answer.json()["refresh_token"])

    def post(self, path: str, form: dict[str, str]) -> Answer:
        """Post a form."""
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
            AssertionError: If no HTTP answer comes within the deadline.
        """
        parts = urlsplit(self.url)
        asked = f"{method} {path.partition('?')[0]}"
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=self.deadline_seconds
        )
        began = time.monotonic()
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers or {})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            seconds = time.monotonic() - began
            self.last_seen = f"{asked}: no answer ({type(error).__name__} after {seconds:.1f} s)"
            raise AssertionError(self.last_seen) from None
        finally:
            connection.close()
        self._remember(asked, answer)
        return answer

    def is_alive(self) -> bool:
        """Say whether it answers anything at all."""
        try:
            self.send("GET", "/")
        except AssertionError:
            return False
        return True

    def _remember(self, asked: str, answer: Answer) -> None:
        text = answer.body.decode(errors="replace")
        self._plain |= {grant.refresh_token for grant in self.spotify.grants()}
        if any(token in text for token in self._plain):
            self.leaks.append(asked)
        try:
            members = json.loads(text)
            told = members.get("error", "tokens") if isinstance(members, dict) else text[:_SHOWN]
        except ValueError:
            told = repr(text[:_SHOWN])
        kind = answer.headers.get_content_type() if answer.body else "no body"
        self.last_seen = f"{asked} -> {answer.status} {kind} {told}"
