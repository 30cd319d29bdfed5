"""Everything that this service raises on purpose, as a small tree.

SwapError
├── SettingsError             the operator's settings do not make a service
├── RequestRefused            the app's request breaks a rule of ours
│   ├── InvalidRequest        a parameter or the body is missing, malformed, repeated, too long
│   ├── UnsupportedGrantType  the grant type does not fit the endpoint
│   ├── OtherClient           the request names another client id
│   ├── BodyTooLarge          more than a token request ever needs
│   └── UnsupportedMediaType  neither a form nor JSON, or compressed
├── TooBusy                   as many requests are under way as MAX_IN_FLIGHT allows
├── RateLimited               this client, or this grant, sent too many requests
├── TokenRefused              a sealed token does not open here, and never will
├── TokenHeld                 it may open again once the operator has fixed the settings
└── SpotifyError              Spotify gave no tokens
    ├── GrantRefused          it refused the grant, and will refuse it again
    ├── RevocationDoubted     it refused more grants than can be true
    ├── CredentialsRefused    it does not know our client id and secret (`invalid_client`)
    ├── SpotifyThrottles      it answered 429
    ├── SpotifyFails          it answered with a server error
    ├── SpotifyNonsense       it, or something in between, answered what no rule foresees
    ├── SpotifyUnreachable    there was no connection, or it broke before the answer was complete
    ├── SpotifyTooSlow        there was no answer before the deadline
    └── CallSuppressed        the circuit breaker is open, or a Retry-After is not over

Which HTTP answer and which log line each becomes stands in `error_table` alone. `str()` and
`repr()` of each are safe to log: no token, code or secret is in them.
"""

from enum import Enum
from errno import EADDRINUSE


class SwapError(Exception):
    """The root of all errors that are foreseen; what is None is left to `error_table`."""

    def __init__(
        self,
        text: str,
        *,
        status: int | None = None,  # of the answer, whose parts are those of RFC 6749 section 5.2
        error: str | None = None,
        description: str | None = None,
        uri: str | None = None,
        retry_after: int | None = None,  # seconds
        limit: tuple[int, int] | None = None,  # requests in so many seconds: our own rate limit
        logged: str | None = None,  # in place of *error*, which may repeat a code that was sent
        reason: str | None = None,  # of a refusal, in a word of ours, for the access log
        key_id: str | None = None,  # that a token names which did not open
    ) -> None:
        super().__init__(text)
        self.status, self.error, self.description, self.uri = status, error, description, uri
        self.retry_after, self.limit = retry_after, limit
        self.logged, self.reason, self.key_id = logged, reason, key_id


class SettingsError(SwapError):
    """The settings are not valid; *problems* are all there are, one a line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class RequestRefused(SwapError):
    """The app's request breaks a rule; the text names it for the app's developer."""

    def __init__(self, text: str) -> None:
        super().__init__(text, description=text, reason=text)


class InvalidRequest(RequestRefused): ...


class UnsupportedGrantType(RequestRefused): ...


class OtherClient(RequestRefused): ...


class BodyTooLarge(RequestRefused): ...


class UnsupportedMediaType(RequestRefused): ...


class TooBusy(SwapError):
    def __init__(self) -> None:
        super().__init__("too busy", reason="MAX_IN_FLIGHT is reached")


class RateLimited(SwapError):
    """More than *requests* in a window of so many *seconds*; *retry_after* is 1 or more."""

    def __init__(self, requests: int, seconds: int, retry_after: int) -> None:
        text, limit = f"more than {requests} requests in {seconds} s", (requests, seconds)
        super().__init__(text, reason=text, limit=limit, retry_after=retry_after)


# Why a token does not open; the last two are of tokens that this service did not make.
REFUSED_TOKENS = (
    *("altered", "retired_key", "temporary_key", "unknown_key", "revoke_before", "not_a_token"),
    *("access_token", "other_service"),
)


class TokenRefused(SwapError):
    """For one of `REFUSED_TOKENS` as *reason*; the app gets one wording for all of them."""

    def __init__(self, reason: str, key_id: str | None = None) -> None:
        super().__init__(reason, reason=reason, key_id=key_id)


class TokenHeld(SwapError):
    """A token that the operator's settings cannot judge today."""

    def __init__(
        self,
        remedy: str,  # for the operator's log; it never reaches the app
        topic: str,  # the key id or the legacy format; the log has a line a minute for each
        *,
        reason: str = "unknown_key",  # or `legacy_unset`
        is_known: bool = False,  # the topic is one of a short list, so that nobody can make it up
    ) -> None:
        key_id = topic if reason == "unknown_key" else None
        super().__init__(remedy, reason=reason, key_id=key_id)
        self.topic, self.is_known = topic, is_known


class StoreLost(Exception):
    """The store does not answer, and the process goes on alone. No app ever sees this."""


class CannotListen(Exception):
    """An address cannot be listened on. No app ever sees this."""

    def __init__(self, variables: str, host: str, port: int, error: OSError) -> None:
        super().__init__(f"{variables}: cannot listen on {host}:{port}: {error.strerror}")
        self.is_passing = error.errno == EADDRINUSE  # another process has the port, and may end


class SpotifyError(SwapError): ...


class GrantRefused(SpotifyError):
    """Its parts are Spotify's own, each fit to be relayed or None; *status* is 400 or 403."""


class RevocationDoubted(SpotifyError): ...


class CredentialsRefused(SpotifyError): ...


class SpotifyThrottles(SpotifyError): ...


class SpotifyFails(SpotifyError):
    """5xx; *retry_after* is in seconds, None if Spotify did not say."""

    def __init__(self, upstream_status: int, retry_after: int | None) -> None:
        super().__init__(f"Spotify answered {upstream_status}", retry_after=retry_after)
        self.upstream_status = upstream_status


class SpotifyNonsense(SpotifyError):
    """*what* says for the log what was wrong; it is never a piece of the answer itself."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Spotify's answer cannot be used: {what}")


class ConnectionLoss(Enum):
    """How far an exchange with Spotify had come when its connection was gone."""

    UNSENT = "no connection to Spotify, so nothing was sent"
    STALE = "a kept connection ended before one byte of an answer"
    EARLY = "the connection ended before an answer began"
    LATE = "the connection ended inside the answer"


class SpotifyUnreachable(SpotifyError):
    def __init__(self, loss: ConnectionLoss, why: str | None = None) -> None:
        super().__init__(f"{loss.value}: {why}" if why else loss.value)
        self.loss = loss


class SpotifyTooSlow(SpotifyError): ...


class CallSuppressed(SpotifyError): ...
