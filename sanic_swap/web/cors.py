"""Which web origins may read our answers (Fetch standard, CORS protocol)."""

import re
import time
from collections.abc import Callable, Mapping, Sequence

from sanic_swap.logs import OncePerMinute, log

_ORIGIN = r"[a-z][a-z0-9+.-]*://[a-z0-9.:\[\]-]{1,100}"
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.1
_PREFLIGHT = {"Access-Control-Allow-Methods": "POST", "Access-Control-Max-Age": "600"}


class Cors:
    """Decides who may read; other origins are served, and their scripts cannot read the answer.

    Args:
        origins: As browsers send them; also `https://*.a.example` for any host below it,
            `http://localhost:*` for any port, and `*` for everybody. Empty turns CORS off.
    """

    def __init__(self, origins: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._places = OncePerMinute(clock)
        self._origins = frozenset(origins)
        self._everybody = "*" in self._origins
        self._patterns = [_pattern(origin) for origin in origins if "*" in origin]

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Return what every answer to *origin* carries, errors too."""
        if origin is None:
            return {}
        is_listed = self._everybody or origin in self._origins
        if not is_listed and not any(pattern.fullmatch(origin) for pattern in self._patterns):
            # Once a minute: its developer sees nothing else.
            if re.fullmatch(_ORIGIN, origin) and self._places.take("origin"):
                text = "Origin %s is not in CORS_ORIGINS: its page cannot read the answers"
                log.warning(text, origin, extra={"fields": {"origin": origin}})
            return {}
        return {
            "Access-Control-Allow-Origin": "*" if self._everybody else origin,
            "Access-Control-Expose-Headers": "Retry-After, X-Request-ID",
            "Vary": "Origin",
        }

    def preflight_headers(self, origin: str | None, requested: str | None) -> Mapping[str, str]:
        """Return what the answer to a preflight carries besides.

        All headers that it has *requested* are allowed: tracing libraries add their own.
        """
        if not self.headers(origin):
            return {}
        names = ", ".join(re.findall(_HEADER_NAME, requested or ""))
        return {**_PREFLIGHT, **({"Access-Control-Allow-Headers": names} if names else {})}


def _pattern(origin: str) -> re.Pattern[str]:
    """Return what fits an entry with `*` as the first label of its host, or as its port."""
    any_port, any_host = re.escape(":*"), re.escape("://*.")
    text = re.escape(origin).replace(any_host, r"://(?:[^./:@]+\.)+")
    return re.compile(text.removesuffix(any_port) + (r"(?::[0-9]+)?" * text.endswith(any_port)))
