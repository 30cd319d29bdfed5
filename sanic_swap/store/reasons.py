"""Says why the store does not answer, in words for operators; the same in log and `check`."""

import ssl
from collections.abc import Iterator
from socket import gaierror

from redis import exceptions as redis

_TIMEOUTS = (TimeoutError, redis.TimeoutError)
_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (ssl.SSLCertVerificationError, "certificate of {} not trusted; ssl_ca_certs=FILE trusts a CA"),
    (ssl.SSLError, "TLS handshake with {} failed{hint}"),
    ((redis.AuthenticationError, redis.NoPermissionError), "wrong user or password for {}"),
    (redis.ResponseError, "{} refuses a command ({code})"),
    (redis.InvalidResponse, "{} does not speak the Redis protocol{hint}"),
    (ConnectionRefusedError, "connection refused by {}"),
    (gaierror, "no address found for {}"),
    (FileNotFoundError, "no socket {}"),
    (_TIMEOUTS, "no answer from {} within {seconds:g} s{hint}"),
    ((OSError, redis.ConnectionError), "connection closed by {}{hint}"),
)


def reason_of(error: Exception, address: str, seconds: float, scheme: str = "") -> str:
    """Return why the store at *address* did not answer within *seconds*.

    Args:
        scheme: `redis` or `rediss` if it has never answered: perhaps one side alone speaks TLS.
    """
    causes, hint = tuple(_causes(error)), ""
    if scheme == "rediss":
        hint = "; if it has no TLS, use redis://"
    elif scheme == "redis" and not isinstance(error, _TIMEOUTS):  # TLS servers close at once
        hint = "; if it expects TLS, use rediss://"
    for kind, text in _REASONS:
        for cause in causes:
            if isinstance(cause, kind):
                # Of what the store says only the code: the rest may repeat what was sent.
                first = str(cause).partition(" ")[0]
                code = first if first.isupper() else type(cause).__name__
                return text.format(address, seconds=seconds, hint=hint, code=code)
    return f"unexpected answer from {address}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
