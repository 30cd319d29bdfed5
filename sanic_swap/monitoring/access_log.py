"""One line for each answer; never a body, query, code or token."""

import re
import time
from functools import lru_cache

from sanic_swap.logs import LineFormat, Lines, json_line
from sanic_swap.trace import Answered

_LONGEST_METHOD = 16
_LONGEST_AGENT = 200
_PRIVATE = r"(?:AQ|BQ|s1\.)[A-Za-z0-9_.-]{37,}"  # a code or token, by mistake


class AccessLog:
    """Writes past `logging`, which takes longer over a line than over all that is in it.

    A 200 of a *quiet* path is left out: platforms ask for health every second.
    """

    def __init__(self, lines: Lines, line_format: LineFormat, quiet: frozenset[str]) -> None:
        self._lines, self._line_format, self._quiet = lines, line_format, quiet

    def write(self, answered: Answered) -> None:
        """Log one answer."""
        trace = answered.trace
        if trace.path in self._quiet and answered.status == 200:
            return
        method = answered.method[:_LONGEST_METHOD]
        path = trace.path or trace.unknown_path or "-"
        milliseconds = answered.seconds * 1000
        agent = _shown_agent(answered.agent[:_LONGEST_AGENT])
        fields: dict[str, object]  # by a ladder: a table of them all takes longer
        fields = {"client": trace.client, "agent": agent, "request_id": trace.request_id}
        if answered.error is not None:
            fields |= {"error": answered.error, "outcome": answered.outcome}
        if answered.reason is not None:
            fields["reason"] = answered.reason
        if trace.grant is not None:
            fields["grant"] = trace.grant
        if trace.rotated_to is not None:
            fields["rotated_to"] = trace.rotated_to
        if (key_id := trace.key_id or trace.refused_key_id) is not None:
            fields["key"] = key_id
        if trace.imported is not None:
            fields["imported"] = trace.imported
        if trace.spotify_ms is not None:
            fields["spotify_ms"] = round(trace.spotify_ms, 1)
        if trace.retries:
            fields["retries"] = trace.retries
        if self._line_format is json_line:  # a machine need not take the message apart
            fields |= {"method": method, "path": path, "status": answered.status}
            fields["ms"] = round(milliseconds, 1)
        message = f"{method} {path} {answered.status} {milliseconds:.1f}ms"
        self._lines.put(self._line_format(time.time(), "INFO", message, fields))


@lru_cache(maxsize=1024)
def _shown_agent(agent: str) -> str:
    # Bytes that are no UTF-8 would be half a surrogate pair in JSON.
    return re.sub(_PRIVATE, "…", agent).encode("utf-8", "backslashreplace").decode()
