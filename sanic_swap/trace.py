"""What logs and metrics may say of one request: collected while it is handled, then fixed."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(slots=True, eq=False, repr=False)
class RequestTrace:
    """One request while it is handled, without a secret in it."""

    client: str = ""  # its address, as far as the proxies in front are believed
    request_id: str = ""  # as in the answer's `X-Request-ID`
    path: str | None = None  # the endpoint, one of ours or None; never the caller's text
    unknown_path: str | None = None  # of a request for no endpoint, as far as it may be shown
    grant: str | None = None  # the grant id of the refresh token that came in, or of the new one
    rotated_to: str | None = None  # the grant id of the token that Spotify put in its place
    key_id: str | None = None  # of the key that had sealed the token that came in
    refused_key_id: str | None = None  # that a token named which did not open
    authorized_at: int | None = None  # when the user agreed, in Unix seconds; None or 0 if unknown
    imported: str | None = None  # which other swap service had made the token, None if we had
    spotify_ms: float | None = None  # milliseconds that were spent waiting for Spotify
    called: bool = False  # whether Spotify was called for this refresh, and not for an equal one
    retries: int = 0  # how often Spotify was called again

    def fields(self) -> dict[str, str]:
        """Return what ties a log line to the access log: the request's id, and its grant."""
        return {"request_id": self.request_id} | ({"grant": self.grant} if self.grant else {})


class Answered(NamedTuple):
    """One answer, as access log and metrics see it."""

    trace: RequestTrace
    method: str  # any word; "-" where the request's head could not be read
    status: int  # 499 if the client was gone
    outcome: str  # `ok`, or how the error table calls what went wrong
    error: str | None  # the `error` of the answer's body as far as it may be logged, if it has one
    reason: str | None  # of a refusal; never the caller's text
    seconds: float  # since the request's head was complete; 0 if it never was
    agent: str  # the User-Agent header
