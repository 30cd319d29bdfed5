"""What surrounds every request: its id, CORS, errors as our own JSON, the access log."""

import re
import traceback
from asyncio import CancelledError
from random import getrandbits
from typing import TYPE_CHECKING

from sanic import HTTPResponse, Request
from sanic.exceptions import MethodNotAllowed, SanicException, ServiceUnavailable

from sanic_swap import errors
from sanic_swap.access_log import AccessLog, path_template, seconds_taken
from sanic_swap.answers import json_answer, options_answer
from sanic_swap.cors import Cors
from sanic_swap.error_responses import ErrorResponse, response_to
from sanic_swap.http_errors import response_to_http_error
from sanic_swap.logs import log

if TYPE_CHECKING:
    from sanic_swap.metrics import Metrics

_CLIENT_GONE = 499  # nobody reads this answer but the access log
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


def new_request_id() -> str:
    """Return 16 random hex digits; nobody gains anything by guessing them."""
    return f"{getrandbits(64):016x}"  # not a secret  # nosec B311


class Edge:
    """
    Finishes every answer, and makes answers of errors.

    Endpoints call `finish` themselves: Sanic's response middleware would do the same, for
    a noticeable part of what a whole request costs.

    Args:
        access_log, metrics: Told of every answer, if there are any.
    """

    def __init__(
        self, cors: Cors, access_log: AccessLog | None, metrics: "Metrics | None" = None
    ) -> None:
        self._cors = cors
        self._access_log = access_log
        self._metrics = metrics

    def finish(self, request: Request, answer: HTTPResponse) -> HTTPResponse:
        """Return *answer* with what the request decides, and log it."""
        headers = request.headers
        request_id = headers.get("x-request-id")
        if request_id is None or not _REQUEST_ID.match(request_id):
            request_id = new_request_id()
        answer.headers["X-Request-ID"] = request_id
        if (origin := headers.get("origin")) is not None:
            answer.headers.update(self._cors.headers(origin))
        if self._access_log is not None:
            status = _CLIENT_GONE if _is_gone(request) else answer.status
            self._access_log.tell(request, status, request_id)
        if self._metrics is not None:
            context = request.ctx.__dict__
            outcome = "client_gone" if _is_gone(request) else context.get("outcome", "ok")
            self._metrics.answered(
                path_template(request), outcome, seconds_taken(request), context.get("trace")
            )
        return answer

    async def on_error(self, request: Request, error: BaseException) -> HTTPResponse:
        """Return the answer to *error*, finished; tell the operator what concerns them."""
        if isinstance(error, MethodNotAllowed) and request.method == "OPTIONS":
            return self.finish(request, self._options(request, error))
        request_id = new_request_id()
        answer = _answer(error, request_id)
        request.ctx.error = answer.error
        request.ctx.outcome = _outcome(error)
        _tell_operator(error, request, request_id)
        headers = answer.headers()
        if isinstance(error, MethodNotAllowed):
            headers["Allow"] = _allowed(error)
            request.ctx.path = request.path.rstrip("/") or "/"  # one of ours, or it were not found
        return self.finish(request, json_answer(answer.body(), answer.status, headers))

    def _options(self, request: Request, error: MethodNotAllowed) -> HTTPResponse:
        answer = options_answer(_allowed(error))
        if "access-control-request-method" in request.headers:
            origin = request.headers.get("origin")
            answer.headers.update(self._cors.preflight_headers(origin))
        return answer


def _answer(error: BaseException, request_id: str) -> ErrorResponse:
    match error:
        case errors.SwapError():
            return response_to(error)
        case SanicException():
            return response_to_http_error(error)
        case CancelledError():
            return ErrorResponse(_CLIENT_GONE, "invalid_request", "The client hung up")
        case _:
            return ErrorResponse(500, "server_error", f"Internal error, request {request_id}")


def _is_gone(request: Request) -> bool:
    return request.conn_info is not None and request.conn_info.lost


def _outcome(error: BaseException) -> str:
    """Return how a request ended, in a word for logs and metrics."""
    match error:
        case errors.SwapError():
            return errors.outcome_of(type(error))
        case ServiceUnavailable():
            return "unfinished"  # when the time to stop was over
        case SanicException() if error.status_code < 500:
            return "http_error"
        case CancelledError():
            return "client_gone"
        case _:
            return "our_bug"


def _allowed(error: MethodNotAllowed) -> str:
    methods = error.headers.get("Allow", "").split(", ")
    return ", ".join(sorted({"OPTIONS", *filter(None, methods)}))


def _tell_operator(error: BaseException, request: Request, request_id: str) -> None:
    trace = getattr(request.ctx, "trace", None)
    fields = {"grant": trace.grant} if trace and trace.grant else {}
    match error:
        case errors.TokenHeld():
            log.error("held back: %s", error.reason, extra={"fields": fields})
        case errors.CredentialsRefused():
            log.error(
                "%s: CLIENT_ID or CLIENT_SECRET is wrong, so nobody can log in; mend them and"
                " restart",
                error,
                extra={"fields": fields},
            )
        case errors.GrantRefused():
            log.info("%s", error, extra={"fields": fields})
        case errors.CallSuppressed():
            pass  # said once, when it began
        case errors.SpotifyError():
            log.warning("%s", error, extra={"fields": fields})
        case errors.SwapError() | SanicException() | CancelledError():
            pass  # the app's own mistake: its developer has been told, the access log has it
        case _:
            # Neither the error's text nor its values: a token may be in them.
            frames = traceback.extract_tb(error.__traceback__)
            where = " < ".join(f"{frame.name} {frame.filename}:{frame.lineno}" for frame in frames)
            fields["request_id"] = request_id
            log.error("our bug: %s in %s", type(error).__name__, where, extra={"fields": fields})
