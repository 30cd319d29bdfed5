"""What logs and metrics may say of one request: collected while it is handled, then fixed."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(slots=True)
class RequestTrace:
    """
    One request while it is handled, without a secret in it.

    Attributes:
        client: The address of the client, as far as the proxies in front are believed.
        request_id: As in the answer's `X-Request-ID`.
        path: The endpoint, one of ours; None if it is none of them. Never the caller's text.
        unknown_path: The path of a request for no endpoint, as far as it may be shown.
        grant: The grant id of the refresh token that came in, or of the new one.
        rotated_to: The grant id of the token that Spotify put in its place.
        key_id: The key that had sealed the token that came in.
        refused_key_id: The key that a token named which did not open.
        authorized_at: When the user agreed, in Unix seconds; None or 0 if unknown.
        imported: Which other swap service had made it, None if we had.
        spotify_ms: Milliseconds that were spent waiting for Spotify.
        called: Whether Spotify was called for this refresh, and not for an equal one.
        retries: How often Spotify was called again.
    """

    client: str = ""
    request_id: str = ""
    path: str | None = None
    unknown_path: str | None = None
    grant: str | None = None
    rotated_to: str | None = None
    key_id: str | None = None
    refused_key_id: str | None = None
    authorized_at: int | None = None
    imported: str | None = None
    spotify_ms: float | None = None
    called: bool = False
    retries: int = 0

    def fields(self) -> dict[str, str]:
        """Return what ties a log line to the access log: the request's id, and its grant."""
        return {"request_id": self.request_id} | ({"grant": self.grant} if self.grant else {})


class Answered(NamedTuple):
    """
    One answer, as access log and metrics see it.

    Attributes:
        method: Any word; "-" where the request's head could not be read.
        status: 499 if the client was gone.
        outcome: `ok`, or how the error table calls what went wrong.
        error: The `error` of the answer's body as far as it may be logged, None if it has none.
        reason: Why this service refused, None if it did not; never the caller's text.
        seconds: Since the request's head was complete; 0 if it never was.
        agent: The User-Agent header.
    """

    trace: RequestTrace
    method: str
    status: int
    outcome: str
    error: str | None
    reason: str | None
    seconds: float
    agent: str
