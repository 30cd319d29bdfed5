"""Which web origins may read our answers (Fetch standard, CORS protocol)."""

from collections.abc import Mapping, Sequence

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
        origins: As browsers send them; `*` lets everybody read. Empty turns CORS off.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origins)
        self._everybody = "*" in self._origins

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Return what every answer to *origin* carries, errors too."""
        if origin is None or not (self._everybody or origin in self._origins):
            return {}
        return {
            "Access-Control-Allow-Origin": "*" if self._everybody else origin,
            "Access-Control-Expose-Headers": _EXPOSED,
            "Vary": "Origin",
        }

    def preflight_headers(self, origin: str | None) -> Mapping[str, str]:
        """Return what the answer to a preflight carries besides."""
        return _PREFLIGHT if self.headers(origin) else {}
