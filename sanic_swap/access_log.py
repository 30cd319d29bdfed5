"""One line for each answer; never a body, query, code or token."""

import logging
import time

from sanic import Request

from sanic_swap.logs import access


def log_access(request: Request, status: int, request_id: str) -> None:
    """Log the answer to *request*; 499 is the status of those whose client is gone."""
    started = getattr(request.stream, "perft0", None)  # set when the head was complete
    taken_ms = (time.perf_counter() - started) * 1000 if started else 0.0
    # The route, not the path: a path is the caller's text, and may hold anything.
    path = f"/{request.route.path}" if request.route else "-"
    fields: dict[str, object] = {
        "client": request.ip,
        "agent": request.headers.get("user-agent", "-")[:200],
        "request_id": request_id,
    }
    error = getattr(request.ctx, "error", None)
    if error is not None:
        fields["error"] = error
    story = getattr(request.ctx, "story", None)
    if story is not None:
        if story.grant is not None:
            fields["grant"] = story.grant
        if story.rotated_to is not None:
            fields["rotated_to"] = story.rotated_to
        if story.key_id is not None:
            fields["key"] = story.key_id
        if story.spotify_ms is not None:
            fields["spotify_ms"] = round(story.spotify_ms, 1)
    if access.isEnabledFor(logging.INFO):
        message = f"{request.method} {path} {status} {taken_ms:.1f}ms"
        # Made by hand: logging itself would look for the caller, which is always here.
        record = logging.LogRecord(access.name, logging.INFO, __file__, 0, message, None, None)
        record.fields = fields
        access.handle(record)
