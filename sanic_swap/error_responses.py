"""Which HTTP answer each of our errors becomes; the one table of it."""

import json
from dataclasses import dataclass

from sanic_swap import errors

TROUBLE_SECONDS = 5  # Retry-After where Spotify named no time
OPERATOR_SECONDS = 300  # Retry-After where a person has to mend something
BUSY_SECONDS = 1
DOUBT_SECONDS = 60  # a false alarm lasts minutes
_LONGEST_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """
    One error as an app sees it (RFC 6749 section 5.2).

    Attributes:
        retry_after: Whole seconds; always there on 429 and 503.
        limit: How many requests our own rate limit takes, if that is what refuses.
    """

    status: int
    error: str
    description: str
    uri: str | None = None
    retry_after: int | None = None
    limit: int | None = None

    def body(self) -> bytes:
        """Return the JSON body."""
        members = {"error": self.error, "error_description": self.description}
        if self.uri is not None:
            members["error_uri"] = self.uri
        return json.dumps(members).encode()

    def headers(self) -> dict[str, str]:
        """Return the headers that say when to come again."""
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.limit is not None:
            headers["RateLimit-Limit"] = str(self.limit)
            headers["RateLimit-Remaining"] = "0"
            headers["RateLimit-Reset"] = str(self.retry_after)
        return headers


def response_to(error: errors.SwapError) -> ErrorResponse:
    """Return the answer to *error*, which was raised while a request was handled."""
    match error:
        case errors.RequestRefused():
            return _refused_request(error)
        case errors.TokenRefused():
            return ErrorResponse(400, "invalid_grant", "Invalid refresh token")
        case errors.TokenHeld():
            return unavailable(
                503, "This token cannot be judged at the moment", retry_after=OPERATOR_SECONDS
            )
        case errors.TooBusy():
            return unavailable(503, "Too many requests at once", retry_after=BUSY_SECONDS)
        case errors.RateLimited():
            return ErrorResponse(
                429,
                "temporarily_unavailable",
                "Too many requests; try again later",
                retry_after=min(error.retry_after, _LONGEST_SECONDS),
                limit=error.limit,
            )
        case errors.SpotifyError():
            return _spotify_trouble(error)
        case _:
            raise TypeError(f"no answer is written down for {type(error).__name__}")


def _refused_request(error: errors.RequestRefused) -> ErrorResponse:
    match error:
        case errors.BodyTooLarge():
            return ErrorResponse(413, "invalid_request", error.description)
        case errors.UnsupportedMediaType():
            return ErrorResponse(415, "invalid_request", error.description)
        case errors.UnsupportedGrantType():
            return ErrorResponse(400, "unsupported_grant_type", error.description)
        case errors.OtherClient():
            return ErrorResponse(400, "invalid_client", error.description)
        case _:
            return ErrorResponse(400, "invalid_request", error.description)


def _spotify_trouble(error: errors.SpotifyError) -> ErrorResponse:
    match error:
        case errors.GrantRefused():
            description = error.description or "Spotify refused the request"
            return ErrorResponse(error.status, error.error, description, error.uri)
        case errors.SpotifyThrottles():
            wait = TROUBLE_SECONDS if error.retry_after is None else error.retry_after
            return unavailable(429, "Spotify asks to wait", retry_after=wait)
        case errors.SpotifyFails():
            wait = TROUBLE_SECONDS if error.retry_after is None else error.retry_after
            return unavailable(503, "Spotify is in trouble; try again later", retry_after=wait)
        case errors.CallSuppressed():
            wait = TROUBLE_SECONDS if error.retry_after is None else error.retry_after
            return unavailable(
                error.status, "Spotify is in trouble; try again later", retry_after=wait
            )
        case errors.CredentialsRefused():
            return unavailable(
                503, "This service is misconfigured; try again later", retry_after=OPERATOR_SECONDS
            )
        case errors.RevocationDoubted():
            return unavailable(
                503, "Spotify is in trouble; try again later", retry_after=DOUBT_SECONDS
            )
        case errors.SpotifyTooSlow():
            return unavailable(504, "Spotify did not answer in time; try again later")
        case errors.SpotifyUnreachable():
            return unavailable(502, "Spotify cannot be reached; try again later")
        case _:
            return ErrorResponse(502, "server_error", "Spotify's answer cannot be used")


def unavailable(status: int, why: str, *, retry_after: int | None = None) -> ErrorResponse:
    return ErrorResponse(status, "temporarily_unavailable", why, retry_after=retry_after)
