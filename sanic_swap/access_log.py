"""One line for each answer; never a body, query, code or token."""

import time
from dataclasses import dataclass

from sanic import Request

from sanic_swap.client_address import AddressHeader
from sanic_swap.logs import LineFormat, Lines, json_line

_LONGEST_METHOD = 16


@dataclass(frozen=True, slots=True)
class AccessLog:
    """
    Writes past `logging`, which takes longer over a line than over all that is in it.

    Args:
        lines: Where they go.
        line_format: How they look.
        believed: Where proxies tell the client's address, if they are believed.
    """

    lines: Lines
    line_format: LineFormat
    believed: AddressHeader | None = None

    def tell(self, request: Request, status: int, request_id: str) -> None:
        """Log the answer to *request*; 499 is the status of those whose client is gone."""
        taken_ms = seconds_taken(request) * 1000
        context = request.ctx.__dict__
        agent = request.headers.get("user-agent", "-")[:200]
        if not agent.isascii():  # bytes that are no UTF-8 would be half a surrogate pair in JSON
            agent = agent.encode("utf-8", "backslashreplace").decode()
        client = request.ip
        if self.believed is not None:
            client = self.believed.client_of(client, request.headers)
        fields: dict[str, object] = {
            "client": client,
            "agent": agent,
            "request_id": request_id,
        }
        if (error := context.get("error")) is not None:
            fields["error"] = error
            fields["outcome"] = context["outcome"]
        if (trace := context.get("trace")) is not None:
            if trace.grant is not None:
                fields["grant"] = trace.grant
            if trace.rotated_to is not None:
                fields["rotated_to"] = trace.rotated_to
            if trace.key_id is not None:
                fields["key"] = trace.key_id
            if trace.imported is not None:
                fields["imported"] = trace.imported
            if trace.spotify_ms is not None:
                fields["spotify_ms"] = round(trace.spotify_ms, 1)
            if trace.retries:
                fields["retries"] = trace.retries
        # A method may be any word; "NONE" is Sanic's for a head that could not be read.
        method = request.method[:_LONGEST_METHOD] if taken_ms else "-"
        path = path_template(request) or "-"
        if self.line_format is json_line:  # a machine need not take the message apart
            fields |= {"method": method, "path": path, "status": status, "ms": round(taken_ms, 1)}
        message = f"{method} {path} {status} {taken_ms:.1f}ms"
        self.lines.put(self.line_format(time.time(), "INFO", message, fields))


def path_template(request: Request) -> str | None:
    """Return which endpoint was asked for, None if none of ours."""
    # The route, not the path: a path is the caller's text, and may hold anything.
    if request.route:
        return f"/{request.route.path}"
    path: str | None = request.ctx.__dict__.get("path")
    return path


def seconds_taken(request: Request) -> float:
    """Return how long it is since the head was complete, 0 if it never was."""
    started = getattr(request.stream, "perft0", None)
    return time.perf_counter() - started if started else 0.0
