"""What surrounds every request: its id, CORS, errors as our own JSON, access log and metrics."""

import logging
import re
import traceback
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Sequence
from random import getrandbits
from time import perf_counter
from typing import Any

from sanic import Request
from sanic.exceptions import MethodNotAllowed, NotFound

from sanic_swap.client_address import AddressHeader
from sanic_swap.errors import SwapError, TokenHeld
from sanic_swap.logs import OTHERS, OncePerMinute, log
from sanic_swap.trace import Answered, RequestTrace
from sanic_swap.web.answers import Answer
from sanic_swap.web.cors import Cors
from sanic_swap.web.error_table import CLIENT_GONE, Refusal, refusal_of

_REQUEST_ID = re.compile(r"(?!(?:AQ|BQ|s1\.).{37})[A-Za-z0-9._-]{1,64}\Z")  # no code or token
_PREFIXES = ("AQ", "BQ", "s1.")  # of codes and tokens
Handler = Callable[[Request, RequestTrace], Awaitable[Answer]]


def shown_path(path: str) -> str:
    """Return as much of an unknown path as a log may show: people put codes into paths.

    Left out is what begins like a code or token, and all from the first of `? & = ; %` on.
    """
    parts = re.split("[?&=;%]", path, maxsplit=1)[0].split("/")
    shown = "/".join("…" if part.startswith(_PREFIXES) else part[:20] for part in parts)
    return ascii(shown[:80])[1:-1].replace("\\u2026", "…")


def new_request_id() -> str:
    """Return 16 random hex digits; nobody gains anything by guessing them."""
    return f"{getrandbits(64):016x}"  # not a secret  # nosec B311


class Edge:
    """Finishes every answer, and makes answers of errors.

    Around handlers and not as Sanic's response middleware, which would do the same for a
    noticeable part of what a whole request costs.
    """

    def __init__(
        self,
        cors: Cors,
        believed: AddressHeader | None,  # where trusted proxies write the client's address
        observers: Sequence[Callable[[Answered], None]],  # access log, metrics: of every answer
    ) -> None:
        self._cors, self._believed, self._observers = cors, believed, observers
        # Known topics have places of their own, so that nobody takes them with invented ones.
        self._known_topics, self._unknown_topics = OncePerMinute(), OncePerMinute()

    def around(self, handler: Handler, path: str) -> Callable[[Request], Awaitable[Answer]]:
        """Return *handler*, which answers at *path*, as Sanic calls it: it never raises."""

        async def handle(request: Request) -> Answer:
            trace = self._trace_of(request, path)
            try:
                answer = await handler(request, trace)
            except (Exception, CancelledError) as error:  # noqa: BLE001 - the outermost border
                return self._refuse(request, error, trace)
            return self._finish(request, answer, trace)

        return handle

    async def on_error(self, request: Request, error: BaseException) -> Answer:
        """Answer what Sanic refuses before it comes to a handler."""
        trace = self._trace_of(request, None)
        if isinstance(error, NotFound):
            trace.unknown_path = shown_path(request.path)
        elif isinstance(error, MethodNotAllowed):  # so the path is one of ours, or `*` for all
            trace.path = request.path.rstrip("/*") or "/"
            if request.method == "OPTIONS":
                headers, origin = {"Allow": _allowed(error)}, request.headers.get("origin")
                if "access-control-request-method" in request.headers:
                    requested = request.headers.get("access-control-request-headers")
                    headers |= self._cors.preflight_headers(origin, requested)
                return self._finish(request, Answer(b"", 204, headers), trace)
        return self._refuse(request, error, trace)

    def _refuse(self, request: Request, error: BaseException, trace: RequestTrace) -> Answer:
        """Return the finished answer to *error*; log what the operator has to know."""
        stream: Any = request.stream
        if isinstance(error, CancelledError) and stream.exception is not None:
            # Sanic's place for why it is cancelled: the time to stop is over.
            error, stream.exception = stream.exception, None
        refusal = refusal_of(error)
        if refusal.status == 500:
            refusal = _log_bug(error, refusal, trace)
        elif isinstance(error, TokenHeld):
            self._log_held(error, refusal, trace)
        elif refusal.level != logging.NOTSET:
            log.log(refusal.level, refusal.log, error, extra={"fields": trace.fields()})
        headers = refusal.headers()
        if isinstance(error, MethodNotAllowed):
            headers["Allow"] = _allowed(error)
        if isinstance(error, SwapError):
            trace.refused_key_id = error.key_id
        answer = Answer(refusal.body(), refusal.status, headers)
        return self._finish(request, answer, trace, refusal)

    def _finish(
        self, request: Request, answer: Answer, trace: RequestTrace, refusal: Refusal | None = None
    ) -> Answer:
        """Add to *answer* what the request decides of it, and let the observers know."""
        headers = request.headers
        answer.headers["X-Request-ID"] = trace.request_id
        if (origin := headers.get("origin")) is not None:
            answer.headers.update(self._cors.headers(origin))
        began: float | None = getattr(request.stream, "perft0", None)
        is_gone = request.conn_info is not None and request.conn_info.lost
        answered = Answered(
            trace,
            request.method if began else "-",  # "NONE" is Sanic's where the head cannot be read
            CLIENT_GONE if is_gone else answer.status,
            "client_gone" if is_gone else refusal.outcome if refusal else "ok",
            refusal and (refusal.logged or refusal.error),
            refusal and refusal.reason,
            perf_counter() - began if began else 0.0,
            headers.get("user-agent", "-"),
        )
        for observe in self._observers:
            observe(answered)
        return answer

    def _log_held(self, error: TokenHeld, refusal: Refusal, trace: RequestTrace) -> None:
        """Log a held token, each topic once a minute; an error if nobody can have invented it."""
        place = (self._known_topics if error.is_known else self._unknown_topics).take(error.topic)
        if place == OTHERS:
            log.warning(
                "Refresh tokens not accepted (503): more than 10 unknown keys in a minute."
                " Somebody guesses, or many old keys are missing; see docs/keys.md"
            )
        elif place is not None:
            level = refusal.level if error.is_known and error.key_id else logging.WARNING
            log.log(level, refusal.log, error, extra={"fields": trace.fields()})

    def _trace_of(self, request: Request, path: str | None) -> RequestTrace:
        client, headers = request.ip, request.headers
        request_id = headers.get("x-request-id")
        if request_id is None or not _REQUEST_ID.match(request_id):
            request_id = new_request_id()
        if (believed := self._believed) is not None:
            client = believed.client_in(headers.getall(believed.name, [])) or client
        return RequestTrace(client, request_id, path)


def _allowed(error: MethodNotAllowed) -> str:
    return ", ".join(sorted({"OPTIONS", *(error.allowed_methods or ())}))


def _log_bug(error: BaseException, refusal: Refusal, trace: RequestTrace) -> Refusal:
    """Log where it happened; return an answer that names the log line by an id of our own."""
    answer_id = new_request_id()
    # Neither the error's text nor its values: a token may be in them.
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name} {frame.filename}:{frame.lineno}" for frame in frames)
    fields = {**trace.fields(), "answer_id": answer_id}
    log.error("Unhandled %s at %s", type(error).__name__, where, extra={"fields": fields})
    return refusal._replace(description=f"Internal error, request {answer_id}")
