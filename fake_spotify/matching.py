"""Selects requests, for faults, the journal and expectations alike."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from fake_spotify.choices import ChoiceError, only

# Parameters that carry the token (or code) of a request.
_TOKEN_NAMES = ("refresh_token", "code", "access_token")


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that a match can compare."""

    method: str
    path: str
    client_id: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    bearer: str | None = None

    def carries(self, token: str) -> bool:
        """Return whether this request carries *token*: a code, or a token of any kind."""
        return token == self.bearer or any(
            self.parameters.get(name) == token for name in _TOKEN_NAMES
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Selects requests; None matches anything."""

    method: str | None = None
    path: str | None = None
    client_id: str | None = None
    grant_type: str | None = None
    token: str | None = None  # the code, refresh token or access token that the request carries
    status: int | None = None  # what it was answered with; 0 is no answer
    error: str | None = None  # Spotify's `error`, or the words on a page; empty is none

    @property
    def needs_answer(self) -> bool:
        """True if it cannot be compared before the answer is known."""
        return self.status is not None or self.error is not None

    def fits(self, request: Request) -> bool:
        """Return whether *request* matches, without regard to its answer."""
        return (
            (self.method is None or self.method == request.method)
            and (self.path is None or self.path == request.path)
            and (self.client_id is None or self.client_id == request.client_id)
            and (self.grant_type is None or self.grant_type == request.parameters.get("grant_type"))
            and (self.token is None or request.carries(self.token))
        )

    def fits_answered(self, request: Request, status: int, error: str) -> bool:
        return (
            (self.status is None or self.status == status)
            and (self.error is None or self.error == error)
            and self.fits(request)
        )

    def given(self) -> dict[str, object]:
        """Return what is compared, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def __str__(self) -> str:
        words = [f"{name} {value!r}" for name, value in self.given().items()]
        return "a request with " + ", ".join(words) if words else "any request"


ANY = Match()
Matcher = Match | Mapping[str, object]
"""A match, or an object with the same names, as over HTTP."""

MATCH_NAMES = frozenset(found.name for found in fields(Match))


def read(value: object) -> Match:
    """Read a match of a fault, an expectation or a query string; else a ChoiceError."""
    if isinstance(value, Match):
        return value
    if not isinstance(value, Mapping):
        raise ChoiceError("match", "must be an object")
    only(value, MATCH_NAMES, "match")
    texts = {name: item for name, item in value.items() if name != "status"}
    for name, item in texts.items():
        if not isinstance(item, str):
            raise ChoiceError(name, "must be a string")
    status = value.get("status")
    if status is None:
        return Match(**texts)
    if isinstance(status, bool) or not str(status).isdecimal():
        raise ChoiceError("status", "must be a number")
    return Match(**texts, status=int(str(status)))
