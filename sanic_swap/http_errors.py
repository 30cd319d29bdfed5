"""Answers to what Sanic itself refuses, in our form and without an echo of the request."""

from http import HTTPStatus

from sanic.exceptions import (
    ExpectationFailed,
    MethodNotAllowed,
    PayloadTooLarge,
    SanicException,
)

from sanic_swap.error_responses import BUSY_SECONDS, ErrorResponse, unavailable


def response_to_http_error(error: SanicException) -> ErrorResponse:
    """Return the answer to a request that never came to an endpoint of ours."""
    match error:
        case MethodNotAllowed():
            return ErrorResponse(405, "invalid_request", "Method not allowed")
        case ExpectationFailed():
            return ErrorResponse(417, "invalid_request", "Unknown expectation")
        case PayloadTooLarge():
            # Bodies are read by `api`, within its own limit: this is about the head.
            return ErrorResponse(431, "invalid_request", "Request head too large")
    status = error.status_code
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return unavailable(status, "Not answered in time", retry_after=BUSY_SECONDS)
    if not 400 <= status < 500:
        return ErrorResponse(500, "server_error", "Internal error")
    return ErrorResponse(status, "invalid_request", HTTPStatus(status).phrase)
