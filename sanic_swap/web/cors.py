"""Which web origins may read our answers (Fetch standard, CORS protocol)."""

import re
import time
from collections.abc import Callable, Mapping, Sequence

from sanic_swap.logs import log

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9.:\[\]-]{1,100}\Z")
_WARN_SECONDS = 60
_EXPOSED = "Retry-After, X-Request-ID"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type, authorization, x-request-id",
    "Access-Control-Max-Age": "600",
}


class Cors:
    """
    Decides by exact comparison; other origins are served, and cannot read the answer.

    Args:
        origins: As browsers send them; `*` lets everybody read, `:*` at the end fits any port.
            Empty turns CORS off.
    """

    def __init__(
        self, origins: Sequence[str], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._warns_from = monotonic()
        self._origins = frozenset(origins)
        self._everybody = "*" in self._origins
        self._any_port = {origin[:-2] for origin in origins if origin.endswith(":*")}

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Return what every answer to *origin* carries, errors too."""
        if origin is None:
            return {}
        if not self._lists(origin):
            self._warn(origin)
            return {}
        return {
            "Access-Control-Allow-Origin": "*" if self._everybody else origin,
            "Access-Control-Expose-Headers": _EXPOSED,
            "Vary": "Origin",
        }

    def _lists(self, origin: str) -> bool:
        host, _, port = origin.rpartition(":")
        fits_any_port = origin in self._any_port or (host in self._any_port and port.isdecimal())
        return self._everybody or origin in self._origins or fits_any_port

    def _warn(self, origin: str) -> None:
        """Log, once a minute, an origin that is not listed; its developer sees nothing else."""
        now = self._monotonic()
        if now >= self._warns_from and _ORIGIN.match(origin):
            self._warns_from = now + _WARN_SECONDS
            text = "Origin %s is not in CORS_ORIGINS: its page cannot read the answers"
            log.warning(text, origin, extra={"fields": {"origin": origin}})

    def preflight_headers(self, origin: str | None) -> Mapping[str, str]:
        """Return what the answer to a preflight carries besides."""
        return _PREFLIGHT if self.headers(origin) else {}
