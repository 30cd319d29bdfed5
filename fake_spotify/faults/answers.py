"""Faults that answer otherwise: as Spotify's edge does in an outage, or under a rarer policy.

Sources and certainty: tests/vectors/spotify-cases.json, group `infrastructure`. The words were
captured; where the note there says so, the markup around them is ours.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from importlib.resources import files
from typing import ClassVar

from fake_spotify.facts.registrations import Policy
from fake_spotify.facts.wordings import Refusal
from fake_spotify.faults.queue import Fault
from fake_spotify.replies import Reply, edge

_EDGE = json.loads(files("fake_spotify.faults").joinpath("edge.json").read_text("utf-8"))

# Source: developer.spotify.com/blog/2026-07-23-web-api-quota-updates for the reason; where it
# stands in the object is not captured.
QUOTA_EXCEEDED = {"status": 429, "message": "API rate limit exceeded", "reason": "QUOTA_EXCEEDED"}


class Replacement(Fault, ABC):
    """Another answer instead of Spotify's."""

    is_processed = False

    @abstractmethod
    def reply(self, now: float, /) -> Reply:
        """Make the answer; *now* is in Unix seconds."""


@dataclass(frozen=True, slots=True)
class Status(Replacement):
    """Any status, headers and body."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is not valid HTTP: `Garbage` is for that."""
        if not 100 <= self.status <= 999:
            raise ValueError("status: must be a number of three digits")
        if any(set("\r\n\0") & set(name + value) for name, value in self.headers.items()):
            raise ValueError("headers: must not contain line ends")

    def reply(self, _: float, /) -> Reply:
        return Reply(self.status, tuple(self.headers.items()), self.body.encode())


@dataclass(frozen=True, slots=True)
class OAuthError(Replacement):
    """An error in Spotify's form."""

    error: str
    description: str = ""
    status: int = 400

    def reply(self, _: float, /) -> Reply:
        refusal = Refusal(self.status, self.error, self.description or None)
        return _json(self.status, refusal.members())


@dataclass(frozen=True, slots=True)
class FalseInvalidGrant(Replacement):
    """`invalid_grant` for a grant that is fine, as in the outage of March 2022.

    Source: metabrainz/listenbrainz-server#1921; which words were used then is not recorded.
    """

    description: str = "Refresh token revoked"

    def reply(self, _: float, /) -> Reply:
        return OAuthError("invalid_grant", self.description).reply(0)


@dataclass(frozen=True, slots=True)
class TooManyRequests(Replacement):
    """429 with `Retry-After` in seconds, as text or, if `as_json`, the way of the Web API."""

    retry_after_seconds: int = 19056
    as_json: bool = False

    def reply(self, _: float, /) -> Reply:
        retry_after = str(self.retry_after_seconds)
        if not self.as_json:
            return _too_many_requests(retry_after)
        members = {"error": {"status": 429, "message": "API rate limit exceeded"}}
        return _json(429, members, ("retry-after", retry_after), ("server", "envoy"))


@dataclass(frozen=True, slots=True)
class QuotaExceeded(Replacement):
    """429 of the Web API: the developer's quota is used up, as JSON with a reason."""

    path = "/v1/me"
    retry_after_seconds: int = 30

    def reply(self, _: float, /) -> Reply:
        wait = ("retry-after", str(self.retry_after_seconds))
        return _json(429, {"error": QUOTA_EXCEEDED}, wait, ("server", "envoy"))


@dataclass(frozen=True, slots=True)
class TooManyRequestsUntil(Replacement):
    """429 with `Retry-After` as an HTTP date, so many seconds from now."""

    seconds: int = 30

    def reply(self, now: float, /) -> Reply:
        # The date's form: RFC 9110, section 10.2.3.
        return _too_many_requests(formatdate(now + self.seconds, usegmt=True))


@dataclass(frozen=True, slots=True)
class Redirected(Replacement):
    """A redirect of any kind, to anywhere."""

    status: int = 307
    location: str = "/api/token"

    def reply(self, _: float, /) -> Reply:
        return Reply(self.status, (("location", self.location),))


class _EdgeAnswer(Replacement):
    """What Spotify's edge says, as `edge.json` has it by the name of the class."""

    def reply(self, _: float, /) -> Reply:
        return edge(*_EDGE[type(self).__name__])


class UpstreamReset(_EdgeAnswer):
    """503: Envoy lost its upstream."""


class NoHealthyUpstream(_EdgeAnswer):
    """503: Envoy has nobody to ask."""


class UpstreamTimeout(_EdgeAnswer):
    """504: Envoy waited in vain."""


class BadGateway(_EdgeAnswer):
    """502 as HTML."""


class Forbidden(_EdgeAnswer):
    """403 as HTML: the front end blocks the client."""


class BadRequest(_EdgeAnswer):
    """400 as HTML: the front end does not understand the message."""


class EmptyAnswer(_EdgeAnswer):
    """200 with nothing in it."""


class CaptivePortal(_EdgeAnswer):
    """200 with the page of something in between."""


class Variation(Fault):
    """A normal answer under a policy that differs in `changes`, which a subclass names."""

    changes: ClassVar[Mapping[str, object]] = {}

    def __init_subclass__(cls, **changes: object) -> None:
        cls.changes = changes

    def vary(self, policy: Policy) -> Policy:
        return replace(policy, **self.changes)  # type: ignore[arg-type]  # names and types of fields


class Rotate(Variation, rotation="all"):
    """A refresh brings a new refresh token, and revokes the old one."""


class DoNotRotate(Variation, rotation="off"):
    """A refresh brings no new refresh token, even where it usually would."""


class EmptyRefreshToken(Variation, rotation="off", unchanged="empty"):
    """A refresh answers `"refresh_token": ""`."""


class BlankScope(Variation, no_scope="blank"):
    """Where no scope was asked for, `scope` is a blank."""


class AbsentScope(Variation, no_scope="absent"):
    """Where no scope was asked for, there is no `scope`."""


class AgedIsRevoked(Variation, aged="revoked"):
    """A refresh token that is too old is called revoked."""


class Agree(Variation, consent="agree"):
    """The user agrees without being asked."""

    path = "/authorize"


class Cancel(Variation, consent="cancel"):
    """The user presses Cancel without being asked."""

    path = "/authorize"


def _too_many_requests(retry_after: str) -> Reply:
    reply = edge(429, "text/plain", "Too many requests")
    return reply.with_header("retry-after", retry_after)


def _json(status: int, members: Mapping[str, object], *headers: tuple[str, str]) -> Reply:
    body = json.dumps(members).encode()
    return Reply(status, (("content-type", "application/json"), *headers), body)
