"""Spotify's exact words for each refusal, which differ by year.

Each was seen in a capture, a live test or a client's code: tests/vectors/spotify-cases.json names
the source of every one. Never branch on them in a client: only status and `error` are stable.
"""

from dataclasses import dataclass
from enum import StrEnum


class Era(StrEnum):
    """Which years of Spotify the fake imitates."""

    Y2021 = "2021"
    """2016 to 2024: refresh tokens never expire, PKCE rotation, implicit grant, http redirects."""
    Y2026 = "2026"
    """Since mid-2026: six months, no rotation, the redirect rules of 2025."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of the token endpoint."""

    status: int
    error: str
    description: str | None = None

    def members(self) -> dict[str, object]:
        described = {} if self.description is None else {"error_description": self.description}
        return {"error": self.error, **described}


@dataclass(frozen=True, slots=True)
class Wording:
    """The refusals whose words depend on the year."""

    unknown_client: Refusal
    wrong_secret: Refusal
    foreign_refresh_token: Refusal
    unknown_client_page: str
    unknown_response_type_page: str
    unknown_grant_type: str  # with `<value>` for what was sent; 2024 echoed it untrimmed


WORDINGS = {
    Era.Y2021: Wording(
        unknown_client=Refusal(400, "invalid_client", "Invalid client"),
        wrong_secret=Refusal(400, "invalid_client", "Invalid client secret"),
        foreign_refresh_token=Refusal(400, "invalid_grant", "Invalid refresh token"),
        unknown_client_page="INVALID_CLIENT: Invalid client",
        unknown_response_type_page="response_type must be code or token",
        unknown_grant_type=(
            "grant_type must be client_credentials, authorization_code or refresh_token"
        ),
    ),
    Era.Y2026: Wording(
        unknown_client=Refusal(400, "invalid_client", "Failed to get client"),
        wrong_secret=Refusal(400, "invalid_client", "Invalid client"),
        foreign_refresh_token=Refusal(400, "invalid_client", "Invalid client"),
        unknown_client_page="INVALID_CLIENT: Failed to get client",
        unknown_response_type_page="response_type must be code",
        unknown_grant_type="grant_type <value> is not supported",
    ),
}

CREDENTIALS_MISSING = Refusal(400, "invalid_client")
CREDENTIALS_DISAGREE = Refusal(400, "invalid_client", "Invalid client")

GRANT_TYPE_MISSING = Refusal(400, "unsupported_grant_type", "grant_type parameter is missing")

CODE_MISSING = Refusal(400, "invalid_request", "code must be supplied")
CODE_INVALID = Refusal(400, "invalid_grant", "Invalid authorization code")
CODE_EXPIRED = Refusal(400, "invalid_grant", "Authorization code expired")
REDIRECT_MISSING = Refusal(400, "invalid_request", "redirect_uri must be supplied")
REDIRECT_WRONG = Refusal(400, "invalid_grant", "Invalid redirect URI")
VERIFIER_MISSING = Refusal(400, "invalid_request", "code_verifier required")
VERIFIER_MALFORMED = Refusal(400, "invalid_request", "invalid code_verifier")
VERIFIER_WRONG = Refusal(400, "invalid_grant", "code_verifier was incorrect")

REFRESH_TOKEN_MISSING = Refusal(400, "invalid_request", "refresh_token must be supplied")
REFRESH_TOKEN_INVALID = Refusal(400, "invalid_grant", "Invalid refresh token")
REFRESH_TOKEN_REVOKED = Refusal(400, "invalid_grant", "Refresh token revoked")
REFRESH_TOKEN_EXPIRED = Refusal(400, "invalid_grant", "Refresh token expired")

CONTENT_TYPE_MISSING = Refusal(500, "server_error")
CONTENT_TYPE_WRONG = Refusal(415, "server_error", "Unexpected status: 415")
METHOD_WRONG = Refusal(405, "server_error", "Unexpected status: 405")
MALFORMED = Refusal(400, "server_error", "Unexpected status: 400")
