"""What becomes of each error: the answer to the app, the line for the operator; the one table."""

import json
import logging
from asyncio import CancelledError
from dataclasses import dataclass

from sanic import exceptions as http

from sanic_swap import errors

TROUBLE_SECONDS = 5  # Retry-After where Spotify named no time
OPERATOR_SECONDS = 300  # Retry-After where a person has to fix something
BUSY_SECONDS = 1
GUARD_SECONDS = 60  # an outage that the revocation guard rides out lasts minutes
LONGEST_SECONDS = 86_400
CLIENT_GONE = 499  # nobody reads this answer but the access log

_REQUEST, _BUSY, _BUG = "invalid_request", "temporarily_unavailable", "server_error"
_TROUBLE = "Spotify is in trouble; try again later"
_SILENT = logging.NOTSET
_ENDPOINTS = (
    "/swap, /refresh, /api/token, /api/refresh_token, /healthz, /readyz, /openapi.json and /"
)


@dataclass(frozen=True, slots=True)
class Row:
    """
    What all errors of one kind have in common; an error's own members win (`SwapError`).

    Attributes:
        outcome: How logs and metrics call it.
        status, error, description: The answer (RFC 6749 section 5.2).
        retry_after: Whole seconds; always there on 429 and 503.
        level, log: The line for the operator, beside the access log's; the error's own text
            takes the place of `%s`.
    """

    outcome: str
    status: int
    error: str
    description: str
    retry_after: int | None = None
    level: int = _SILENT
    log: str = "%s"


_TABLE: dict[type[BaseException], Row] = {
    # The app's own mistakes: its developer reads the answer, the access log has the outcome.
    errors.InvalidRequest: Row("invalid_request", 400, _REQUEST, ""),
    errors.UnsupportedGrantType: Row("unsupported_grant_type", 400, "unsupported_grant_type", ""),
    errors.OtherClient: Row("other_client", 400, "invalid_client", ""),
    errors.BodyTooLarge: Row("body_too_large", 413, _REQUEST, ""),
    errors.UnsupportedMediaType: Row("unsupported_media_type", 415, _REQUEST, ""),
    # Ours, and the operator's.
    errors.TooBusy: Row("too_busy", 503, _BUSY, "Too many requests at once", BUSY_SECONDS),
    errors.RateLimited: Row("rate_limited", 429, _BUSY, "Too many requests; try again later"),
    errors.TokenRefused: Row("token_refused", 400, "invalid_grant", "Invalid refresh token"),
    errors.TokenHeld: Row(
        "token_held",
        503,
        _BUSY,
        "This token cannot be judged at the moment",
        OPERATOR_SECONDS,
        logging.ERROR,
        "Refresh token not accepted (503): %s",
    ),
    # Spotify's.
    errors.GrantRefused: Row(
        "grant_refused",
        400,
        "invalid_grant",
        "Spotify refused the request",
        level=logging.INFO,
    ),
    errors.RevocationDoubted: Row(
        "revocation_doubted", 503, _BUSY, _TROUBLE, GUARD_SECONDS, logging.WARNING
    ),
    errors.CredentialsRefused: Row(
        "credentials_refused",
        503,
        _BUSY,
        "This service is misconfigured; try again later",
        OPERATOR_SECONDS,
        logging.ERROR,
        "%s: nobody can log in or refresh. Correct CLIENT_ID and CLIENT_SECRET and restart",
    ),
    errors.SpotifyThrottles: Row(
        "spotify_throttles", 429, _BUSY, "Spotify asks to wait", TROUBLE_SECONDS, logging.WARNING
    ),
    errors.SpotifyFails: Row(
        "spotify_fails", 503, _BUSY, _TROUBLE, TROUBLE_SECONDS, logging.WARNING
    ),
    errors.SpotifyNonsense: Row(
        "spotify_nonsense", 502, _BUG, "Spotify's answer cannot be used", level=logging.WARNING
    ),
    errors.SpotifyUnreachable: Row(
        "spotify_unreachable",
        502,
        _BUSY,
        "Spotify cannot be reached; try again later",
        level=logging.WARNING,
    ),
    errors.SpotifyTooSlow: Row(
        "spotify_too_slow",
        504,
        _BUSY,
        "Spotify did not answer in time; try again later",
        level=logging.WARNING,
    ),
    # Logged once, when the circuit breaker opened or the cooldown began.
    errors.CallSuppressed: Row("spotify_not_asked", 503, _BUSY, _TROUBLE, TROUBLE_SECONDS),
    # What Sanic refuses before an endpoint of ours is asked, without an echo of the request.
    http.NotFound: Row("http_error", 404, _REQUEST, f"No such endpoint; there are {_ENDPOINTS}"),
    http.MethodNotAllowed: Row("http_error", 405, _REQUEST, "Method not allowed"),
    http.ExpectationFailed: Row("http_error", 417, _REQUEST, "Unknown expectation"),
    # Bodies have an error of our own: this one is about the head.
    http.PayloadTooLarge: Row("http_error", 431, _REQUEST, "Request head too large"),
    http.RequestTimeout: Row("http_error", 408, _REQUEST, "Request Timeout"),
    http.BadRequest: Row("http_error", 400, _REQUEST, "Bad Request"),
    # Raised for requests that are still under way when the time to stop is over.
    http.ServiceUnavailable: Row("unfinished", 503, _BUSY, "Not answered in time", BUSY_SECONDS),
    http.RequestCancelled: Row("client_gone", CLIENT_GONE, _REQUEST, "The client hung up"),
    CancelledError: Row("client_gone", CLIENT_GONE, _REQUEST, "The client hung up"),
    # Logged by the edge, with where it happened and without the error's text.
    BaseException: Row("our_bug", 500, _BUG, "Internal error"),
}

# Every way in which a token request can end.
OUTCOMES = ("ok", *dict.fromkeys(row.outcome for row in _TABLE.values()))


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """
    One error as an app sees it (RFC 6749 section 5.2).

    Attributes:
        retry_after: Whole seconds; always there on 429 and 503.
        limit: How many requests in how many seconds our own rate limit allows, if that refuses.
    """

    status: int
    error: str
    description: str
    uri: str | None = None
    retry_after: int | None = None
    limit: tuple[int, int] | None = None

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
            # draft-ietf-httpapi-ratelimit-headers-11: lists of structured fields (RFC 9651).
            requests, seconds = self.limit
            policy = f'"{requests}-per-{seconds}s"'
            headers["RateLimit-Policy"] = f"{policy};q={requests};w={seconds}"
            headers["RateLimit"] = f"{policy};r=0;t={self.retry_after}"
        return headers


def row_of(kind: type[BaseException]) -> Row:
    """Return the row of the nearest class that *kind* is, or is derived from."""
    return next(_TABLE[base] for base in kind.__mro__ if base in _TABLE)


def outcome_of(error: BaseException) -> str:
    """Return how logs and metrics call the way in which something ended with *error*."""
    return row_of(type(error)).outcome


def outcomes_below(root: type[BaseException]) -> list[str]:
    """Return the outcomes of every kind of error in the tree below *root*."""
    return [row.outcome for kind, row in _TABLE.items() if issubclass(kind, root)]


def answer_to(error: BaseException) -> ErrorAnswer:
    """Return what the app gets for *error*, which was raised while its request was handled."""
    row = row_of(type(error))
    if not isinstance(error, errors.SwapError):
        return ErrorAnswer(row.status, row.error, row.description, retry_after=row.retry_after)
    wait = row.retry_after if error.retry_after is None else error.retry_after
    return ErrorAnswer(
        error.status or row.status,
        error.error or row.error,
        error.description or row.description,
        error.uri,
        None if wait is None else min(wait, LONGEST_SECONDS),
        error.limit,
    )
