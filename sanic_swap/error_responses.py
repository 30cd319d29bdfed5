"""Which HTTP answer each error becomes; the one table of it."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from sanic.exceptions import ExpectationFailed, MethodNotAllowed, PayloadTooLarge, SanicException

from sanic_swap import errors

TROUBLE_SECONDS = 5  # Retry-After where Spotify named no time
OPERATOR_SECONDS = 300  # Retry-After where a person has to mend something
BUSY_SECONDS = 1


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """
    One error as an app sees it (RFC 6749 section 5.2).

    Attributes:
        retry_after: Whole seconds; always there on 429 and 503.
    """

    status: int
    error: str
    description: str
    uri: str | None = None
    retry_after: int | None = None

    def body(self) -> bytes:
        """Return the JSON body."""
        members = {"error": self.error, "error_description": self.description}
        if self.uri is not None:
            members["error_uri"] = self.uri
        return json.dumps(members).encode()


def response_to(error: BaseException, request_id: str) -> ErrorResponse:
    """
    Return the answer to *error*.

    Args:
        error: Anything that was raised while a request was handled.
        request_id: Our own id of the request, told where the error is our bug.
    """
    match error:
        case errors.RequestRefused():
            return _refused_request(error)
        case errors.TokenRefused():
            return ErrorResponse(400, "invalid_grant", "Invalid refresh token")
        case errors.TokenHeld():
            return _unavailable(
                503, "This token cannot be judged at the moment", retry_after=OPERATOR_SECONDS
            )
        case errors.TooBusy():
            return _unavailable(503, "Too many requests at once", retry_after=BUSY_SECONDS)
        case errors.SpotifyError():
            return _spotify_trouble(error)
        case SanicException():
            return _refused_http(error)
        case _:
            return ErrorResponse(500, "server_error", f"Internal error, request {request_id}")


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
            return _unavailable(429, "Spotify asks to wait", retry_after=wait)
        case errors.SpotifyFails():
            wait = TROUBLE_SECONDS if error.retry_after is None else error.retry_after
            return _unavailable(503, "Spotify is in trouble; try again later", retry_after=wait)
        case errors.CredentialsRefused():
            return _unavailable(
                503, "This service is misconfigured; try again later", retry_after=OPERATOR_SECONDS
            )
        case errors.SpotifyTooSlow():
            return _unavailable(504, "Spotify did not answer in time; try again later")
        case errors.SpotifyUnreachable():
            return _unavailable(502, "Spotify cannot be reached; try again later")
        case _:
            return ErrorResponse(502, "server_error", "Spotify's answer cannot be used")


def _unavailable(status: int, why: str, *, retry_after: int | None = None) -> ErrorResponse:
    return ErrorResponse(status, "temporarily_unavailable", why, retry_after=retry_after)


def _refused_http(error: SanicException) -> ErrorResponse:
    """Answer what Sanic itself refuses, in our form and without an echo of the request."""
    match error:
        case MethodNotAllowed():
            return ErrorResponse(405, "invalid_request", "Method not allowed")
        case ExpectationFailed():
            return ErrorResponse(417, "invalid_request", "Unknown expectation")
        case PayloadTooLarge():
            # Bodies are read by `api`, within its own limit: this is about the head.
            return ErrorResponse(431, "invalid_request", "Request head too large")
    status = error.status_code
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return _unavailable(status, "Not answered in time", retry_after=BUSY_SECONDS)
    if not 400 <= status < 500:
        return ErrorResponse(500, "server_error", "Internal error")
    return ErrorResponse(status, "invalid_request", HTTPStatus(status).phrase)
