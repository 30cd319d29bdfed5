"""One line for each answer; never a body, query, code or token."""

import time
from dataclasses import dataclass

from sanic import Request

from sanic_swap.client_address import AddressHeader
from sanic_swap.logs import LineFormat, Lines

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
        started = getattr(request.stream, "perft0", None)  # set when the head was complete
        taken_ms = (time.perf_counter() - started) * 1000 if started else 0.0
        context = request.ctx.__dict__
        # The route, not the path: a path is the caller's text, and may hold anything.
        path = f"/{request.route.path}" if request.route else context.get("path", "-")
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
        if (story := context.get("story")) is not None:
            if story.grant is not None:
                fields["grant"] = story.grant
            if story.rotated_to is not None:
                fields["rotated_to"] = story.rotated_to
            if story.key_id is not None:
                fields["key"] = story.key_id
            if story.imported is not None:
                fields["imported"] = story.imported
            if story.spotify_ms is not None:
                fields["spotify_ms"] = round(story.spotify_ms, 1)
            if story.retries:
                fields["retries"] = story.retries
        # A method may be any word; "NONE" is Sanic's for a head that could not be read.
        method = request.method[:_LONGEST_METHOD] if started else "-"
        message = f"{method} {path} {status} {taken_ms:.1f}ms"
        self.lines.put(self.line_format(time.time(), "INFO", message, fields))
