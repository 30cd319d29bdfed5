"""What is judged and how; filled from pytest's options or by `sanic-swap judge`."""

import shlex
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest

from .profiles import CLIENT_ID, CLIENT_SECRET, PROFILES, REDIRECT_URI, Profile

DEADLINE_SECONDS = 9.0
# Groups that need a program which the suite has started itself: its log, and its end.
NEEDS_PROGRAM = frozenset({"log", "ending"})


class CannotJudge(Exception):
    """There is no verdict, which is exit code 2; the message says why."""


@dataclass(frozen=True, slots=True)
class Judging:
    """
    One run of the suite.

    Args:
        url: Where the service is; empty for the one that surrounds the suite (our own tests).
        command: Starts the service; empty if somebody else does.
        environment: Variables for the command beside those that it gets anyway.
        fake_port: 0 picks a free one.
        fake_url: How the service reaches the fake, if not at its own address.
        deadline_seconds: In which the service must answer, whatever Spotify does.
        wait_seconds: How long to wait for a service that somebody else starts.
        only: Groups, or words of promises, to ask; empty for all.
        not_promised: Groups that the service does not promise.
        names: Tests to run again; empty for all.
    """

    url: str = ""
    command: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    profile: Profile = PROFILES["sanic-swap"]
    client_id: str = CLIENT_ID
    client_secret: str = field(default=CLIENT_SECRET, repr=False)
    redirect_uri: str = REDIRECT_URI
    fake_host: str = "127.0.0.1"
    fake_port: int = 0
    fake_url: str = ""
    deadline_seconds: float = DEADLINE_SECONDS
    wait_seconds: float = 0
    only: frozenset[str] = frozenset()
    not_promised: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @property
    def is_remote(self) -> bool:
        """Say whether the service is on another host: it is asked gently."""
        host = urlsplit(self.url).hostname or "localhost"
        try:
            return not ip_address(host).is_loopback
        except ValueError:
            return host != "localhost"

    @property
    def unasked(self) -> frozenset[str]:
        """Groups that are left out because nobody claims them or nobody can see them."""
        if not self.url:
            return frozenset({"ending"})  # our own ends in tests of its own
        unseen = frozenset() if self.command else NEEDS_PROGRAM
        return self.profile.unclaimed | self.not_promised | unseen

    def settings(self, accounts_url: str) -> dict[str, str]:
        """Return what the service must be set to, by the names in `--command` and in words."""
        return {
            "accounts_url": self.fake_url or accounts_url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uri,
            "port": str(urlsplit(self.url).port or 80),
        }

    @property
    def fake_command(self) -> str:
        """The command that starts a fake like the one that was asked."""
        words = ["fake-spotify", "--host", self.fake_host, "--port", str(self.fake_port)]
        words += ["--client-id", self.client_id, "--redirect-uri", self.redirect_uri]
        is_public = self.client_secret == CLIENT_SECRET
        secret = self.client_secret if is_public else '"$CLIENT_SECRET"'
        return f"{shlex.join(words)} --client-secret {secret}"


JUDGING = pytest.StashKey[Judging]()
