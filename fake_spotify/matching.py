"""Which requests are meant: the same words pick them for a fault, a count and an expectation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

# What carries the token (or code) that a request is about.
_TOKEN_NAMES = ("refresh_token", "code", "access_token")


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as far as it can be told apart before it is answered."""

    method: str
    path: str
    client_id: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    bearer: str | None = None

    def carries(self, token: str) -> bool:
        """Tell whether this request is about *token*, be it a code or a token of any kind."""
        return token == self.bearer or any(
            self.parameters.get(name) == token for name in _TOKEN_NAMES
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """
    Picks requests; what is None picks any.

    Args:
        token: The code, refresh token or access token that the request carries.
        status: The status it was answered with; 0 if it got no answer.
        error: Spotify's `error`, or the words on a page; empty for none.
    """

    method: str | None = None
    path: str | None = None
    client_id: str | None = None
    grant_type: str | None = None
    token: str | None = None
    status: int | None = None
    error: str | None = None

    @property
    def needs_answer(self) -> bool:
        """True if only the answer can tell."""
        return self.status is not None or self.error is not None

    def fits(self, request: Request) -> bool:
        """Tell whether *request* is picked, its answer left aside."""
        return (
            (self.method is None or self.method == request.method)
            and (self.path is None or self.path == request.path)
            and (self.client_id is None or self.client_id == request.client_id)
            and (self.grant_type is None or self.grant_type == request.parameters.get("grant_type"))
            and (self.token is None or request.carries(self.token))
        )

    def fits_answered(self, request: Request, status: int, error: str) -> bool:
        """Tell whether *request* is picked now that its answer is known."""
        return (
            (self.status is None or self.status == status)
            and (self.error is None or self.error == error)
            and self.fits(request)
        )

    def __str__(self) -> str:
        chosen = ((name.name, getattr(self, name.name)) for name in fields(self))
        words = [f"{name} {value!r}" for name, value in chosen if value is not None]
        return "a request with " + ", ".join(words) if words else "any request"


ANY = Match()
