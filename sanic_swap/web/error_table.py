"""What becomes of each error: the answer to the app, the line for the operator; the one table."""

import json
from asyncio import CancelledError
from logging import ERROR, INFO, NOTSET, WARNING
from typing import NamedTuple

from sanic import exceptions as http

from sanic_swap import errors

TROUBLE_SECONDS = 5  # Retry-After where Spotify named no time
OPERATOR_SECONDS = 300  # Retry-After where a person has to fix something
BUSY_SECONDS = 1
GUARD_SECONDS = 60  # an outage that the revocation guard rides out lasts minutes
LONGEST_SECONDS = 86_400
CLIENT_GONE = 499  # nobody reads this answer but the access log

_REQUEST, _BUSY, _BUG = "invalid_request", "temporarily_unavailable", "server_error"
_GRANT_TYPE = "unsupported_grant_type"
_TROUBLE = "Spotify is in trouble; try again later"
_UNREACHABLE = "Spotify cannot be reached; try again later"
_TOO_SLOW = "Spotify did not answer in time; try again later"
_ENDPOINTS = (
    "/swap, /refresh, /api/token, /api/refresh_token, /healthz, /readyz, /openapi.json and /"
)
_NOT_JUDGED = "This token cannot be judged at the moment"
_HELD_LINE = "Refresh token not accepted (503): %s"
_MISCONFIGURED = "This service is misconfigured; try again later"
_REFUSED_LINE = "%s: nobody can log in or refresh. Correct CLIENT_ID or CLIENT_SECRET and restart"


class Refusal(NamedTuple):
    """What becomes of all errors of one kind, or of one error (RFC 6749 section 5.2)."""

    outcome: str  # how logs and metrics call it
    status: int
    error: str
    description: str
    retry_after: int | None = None  # whole seconds; always there on 429 and 503
    level: int = NOTSET  # of the line for the operator, beside the access log's
    log: str = "%s"  # that line; the error's own text takes the place of `%s`
    uri: str | None = None
    limit: tuple[int, int] | None = None  # requests in so many seconds: our own rate limit
    logged: str | None = None  # what the access log says in place of *error*
    reason: str | None = None  # for the access log

    def body(self) -> bytes:
        """Return the JSON body."""
        members = {"error": self.error, "error_description": self.description}
        return json.dumps(members | ({"error_uri": self.uri} if self.uri else {})).encode()

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


_TABLE: dict[type[BaseException], Refusal] = {
    # The app's own mistakes: its developer reads the answer, the access log has the outcome.
    errors.InvalidRequest: Refusal("invalid_request", 400, _REQUEST, ""),
    errors.UnsupportedGrantType: Refusal("unsupported_grant_type", 400, _GRANT_TYPE, ""),
    errors.OtherClient: Refusal("other_client", 400, "invalid_client", ""),
    errors.BodyTooLarge: Refusal("body_too_large", 413, _REQUEST, ""),
    errors.UnsupportedMediaType: Refusal("unsupported_media_type", 415, _REQUEST, ""),
    # Ours, and the operator's.
    errors.TooBusy: Refusal("too_busy", 503, _BUSY, "Too many requests at once", BUSY_SECONDS),
    errors.RateLimited: Refusal("rate_limited", 429, _BUSY, "Too many requests; try again later"),
    errors.TokenRefused: Refusal("token_refused", 400, "invalid_grant", "Invalid refresh token"),
    errors.TokenHeld: Refusal(
        "token_held", 503, _BUSY, _NOT_JUDGED, OPERATOR_SECONDS, ERROR, _HELD_LINE
    ),
    # Spotify's.
    errors.GrantRefused: Refusal(
        "grant_refused", 400, "invalid_grant", "Spotify refused the request", level=INFO
    ),
    errors.RevocationDoubted: Refusal(
        "revocation_doubted", 503, _BUSY, _TROUBLE, GUARD_SECONDS, WARNING
    ),
    errors.CredentialsRefused: Refusal(
        "credentials_refused", 503, _BUSY, _MISCONFIGURED, OPERATOR_SECONDS, ERROR, _REFUSED_LINE
    ),
    errors.SpotifyThrottles: Refusal(
        "spotify_throttles", 429, _BUSY, "Spotify asks to wait", TROUBLE_SECONDS, WARNING
    ),
    errors.SpotifyFails: Refusal("spotify_fails", 503, _BUSY, _TROUBLE, TROUBLE_SECONDS, WARNING),
    errors.SpotifyNonsense: Refusal(
        "spotify_nonsense", 502, _BUG, "Spotify's answer cannot be used", level=WARNING
    ),
    errors.SpotifyUnreachable: Refusal(
        "spotify_unreachable", 502, _BUSY, _UNREACHABLE, level=WARNING
    ),
    errors.SpotifyTooSlow: Refusal("spotify_too_slow", 504, _BUSY, _TOO_SLOW, level=WARNING),
    # Logged once, when the circuit breaker opened or the cooldown began.
    errors.CallSuppressed: Refusal("spotify_not_asked", 503, _BUSY, _TROUBLE, TROUBLE_SECONDS),
    # What Sanic refuses before an endpoint of ours is asked, without an echo of the request.
    http.NotFound: Refusal(
        "http_error", 404, _REQUEST, f"No such endpoint; there are {_ENDPOINTS}"
    ),
    http.MethodNotAllowed: Refusal("http_error", 405, _REQUEST, "Method not allowed"),
    http.ExpectationFailed: Refusal("http_error", 417, _REQUEST, "Unknown expectation"),
    # Bodies have an error of our own: this one is about the head.
    http.PayloadTooLarge: Refusal("http_error", 431, _REQUEST, "Request head too large"),
    http.RequestTimeout: Refusal("http_error", 408, _REQUEST, "Request Timeout"),
    http.BadRequest: Refusal("http_error", 400, _REQUEST, "Bad Request"),
    # Raised for requests that are still under way when the time to stop is over.
    http.ServiceUnavailable: Refusal(
        "unfinished", 503, _BUSY, "Not answered in time", BUSY_SECONDS
    ),
    CancelledError: Refusal("client_gone", CLIENT_GONE, _REQUEST, "The client hung up"),
    # Logged by the edge, with where it happened and without the error's text.
    BaseException: Refusal("our_bug", 500, _BUG, "Internal error"),
}

# Every way in which a token request, and a call to Spotify, can end.
OUTCOMES = ("ok", *dict.fromkeys(row.outcome for row in _TABLE.values()))
CALL_OUTCOMES = {
    kind: row.outcome for kind, row in _TABLE.items() if issubclass(kind, errors.SpotifyError)
}


def refusal_of(error: BaseException) -> Refusal:
    """Return what becomes of *error*: what its nearest class says, but for its own members."""
    row = next(_TABLE[base] for base in type(error).__mro__ if base in _TABLE)
    if not isinstance(error, errors.SwapError):
        is_http = row.outcome == "http_error"
        return row._replace(reason=row.description.partition(";")[0] if is_http else None)
    wait = row.retry_after if error.retry_after is None else error.retry_after
    return row._replace(
        status=error.status or row.status,
        error=error.error or row.error,
        description=error.description or row.description,
        uri=error.uri,
        retry_after=None if wait is None else min(wait, LONGEST_SECONDS),
        limit=error.limit,
        logged=error.logged,
        reason=error.reason,
    )
