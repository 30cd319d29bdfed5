"""Faults that put another answer in Spotify's place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

from fake_spotify import edge
from fake_spotify.faults import Instead
from fake_spotify.replies import Reply


@dataclass(frozen=True, slots=True)
class Status(Instead):
    """Any status, headers and body."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be written: `Garbage` is for that."""
        if not 100 <= self.status <= 999:
            raise ValueError("status: must be a number of three digits")
        if any(set("\r\n\0") & set(name + value) for name, value in self.headers.items()):
            raise ValueError("headers: must be without line ends")

    def reply(self, now: float) -> Reply:  # noqa: ARG002 (the same at every time)
        """Give just that."""
        return Reply(self.status, tuple(self.headers.items()), self.body.encode())


@dataclass(frozen=True, slots=True)
class OAuthError(Instead):
    """An error in Spotify's form."""

    error: str
    description: str = ""
    status: int = 400

    def reply(self, now: float) -> Reply:  # noqa: ARG002 (the same at every time)
        """Give error and, if there is one, description."""
        return _oauth_error(self.status, self.error, self.description)


@dataclass(frozen=True, slots=True)
class FalseInvalidGrant(Instead):
    """
    `invalid_grant` for a grant that is fine, as in the outage of March 2022.

    Source: metabrainz/listenbrainz-server#1921; which words were used then is not recorded.
    """

    description: str = "Refresh token revoked"

    def reply(self, now: float) -> Reply:  # noqa: ARG002 (the same at every time)
        """Give the lie."""
        return _oauth_error(400, "invalid_grant", self.description)


@dataclass(frozen=True, slots=True)
class TooManyRequests(Instead):
    """429 with `Retry-After` in seconds, as text or, if `as_json`, the way of the Web API."""

    retry_after_seconds: int = 19056
    as_json: bool = False

    def reply(self, now: float) -> Reply:  # noqa: ARG002 (the same at every time)
        """Give the wait in whole seconds."""
        make = edge.rate_limit_exceeded if self.as_json else edge.too_many_requests
        return make(str(self.retry_after_seconds))


@dataclass(frozen=True, slots=True)
class TooManyRequestsUntil(Instead):
    """429 with `Retry-After` as an HTTP date, so many seconds from now."""

    seconds: int = 30

    def reply(self, now: float) -> Reply:
        """Give the end of the wait as a date (RFC 9110, 10.2.3)."""
        return edge.too_many_requests(formatdate(now + self.seconds, usegmt=True))


@dataclass(frozen=True, slots=True)
class Redirected(Instead):
    """A redirect of any kind, to anywhere."""

    status: int = 307
    location: str = "/api/token"

    def reply(self, now: float) -> Reply:  # noqa: ARG002 (the same at every time)
        """Give the redirect."""
        return Reply(self.status, (("location", self.location),))


class _FromTheEdge(Instead):
    """One of the answers that stand before Spotify."""

    def reply(self, now: float) -> Reply:  # noqa: ARG002 (the same at every time)
        """Give it."""
        return _EDGE[type(self)]


@dataclass(frozen=True, slots=True)
class UpstreamReset(_FromTheEdge):
    """503: Envoy lost its upstream."""


@dataclass(frozen=True, slots=True)
class NoHealthyUpstream(_FromTheEdge):
    """503: Envoy has nobody to ask."""


@dataclass(frozen=True, slots=True)
class UpstreamTimeout(_FromTheEdge):
    """504: Envoy waited in vain."""


@dataclass(frozen=True, slots=True)
class BadGateway(_FromTheEdge):
    """502 as HTML."""


@dataclass(frozen=True, slots=True)
class Forbidden(_FromTheEdge):
    """403 as HTML: the front end blocks the client."""


@dataclass(frozen=True, slots=True)
class BadRequest(_FromTheEdge):
    """400 as HTML: the front end does not understand the message."""


@dataclass(frozen=True, slots=True)
class EmptyAnswer(_FromTheEdge):
    """200 with nothing in it."""


@dataclass(frozen=True, slots=True)
class CaptivePortal(_FromTheEdge):
    """200 with the page of something in between."""


_EDGE: dict[type[_FromTheEdge], Reply] = {
    UpstreamReset: edge.UPSTREAM_RESET,
    NoHealthyUpstream: edge.NO_HEALTHY_UPSTREAM,
    UpstreamTimeout: edge.UPSTREAM_TIMEOUT,
    BadGateway: edge.BAD_GATEWAY,
    Forbidden: edge.FORBIDDEN,
    BadRequest: edge.BAD_REQUEST,
    EmptyAnswer: edge.EMPTY,
    CaptivePortal: edge.CAPTIVE_PORTAL,
}


def _oauth_error(status: int, error: str, description: str) -> Reply:
    members = (
        {"error": error, "error_description": description} if description else {"error": error}
    )
    return Reply(status, (("content-type", "application/json"),), json.dumps(members).encode())
