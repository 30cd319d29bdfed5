"""Describes the API to machines, completely enough to generate clients and tests from.

OpenAPI 3.1. What is said here of parameters and answers is held against the running
service by the contract tests.
"""

from typing import Any

from sanic_swap.parameters import LONGEST_SEALED_TOKEN, REFRESH, SWAP
from sanic_swap.version import __version__

_Members = dict[str, Any]

_CODE = {
    "type": "string",
    "minLength": 1,
    "maxLength": 2048,
    "pattern": "^[\\x20-\\x7e]+$",
    "description": "The authorization code, good once.",
}
_REDIRECT_URI = {
    "type": "string",
    "description": "One of the registered ones; without it, the first of them.",
}
_CODE_VERIFIER = {
    "type": "string",
    "pattern": "^[A-Za-z0-9._~-]{43,128}$",
    "description": "RFC 7636, if the code was asked for with a challenge.",
}
_SEALED = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_SEALED_TOKEN,
    "description": "The refresh_token of the latest answer of this service.",
}
_CLIENT_ID = {"type": "string", "description": "If sent, the one of this service."}

_ERRORS = {
    400: "The request breaks a rule, or the code or token is dead (`invalid_grant`).",
    403: "Spotify's refusal.",
    408: "The request took too long to arrive.",
    413: "The body is over 16 KiB.",
    415: "The body is neither a form nor JSON, or compressed.",
    429: "Wait for Retry-After seconds.",
    500: "A bug of this service.",
    502: "Spotify cannot be reached, or its answer makes no sense.",
    503: "Wait for Retry-After seconds.",
    504: "Spotify did not answer in time.",
}

# Of this service's own limit alone, not of Spotify's.
_RATE_LIMIT = {
    "RateLimit-Limit": "How many requests a window takes.",
    "RateLimit-Remaining": "How many are left in it: none.",
    "RateLimit-Reset": "Seconds until the next window.",
}


def description() -> _Members:
    """Return the OpenAPI document."""
    swap = _schema(
        ["code"],
        code=_CODE,
        redirect_uri=_REDIRECT_URI,
        code_verifier=_CODE_VERIFIER,
        grant_type={"const": SWAP},
        client_id=_CLIENT_ID,
    )
    refresh = _schema(
        ["refresh_token"],
        refresh_token=_SEALED,
        grant_type={"const": REFRESH},
        client_id=_CLIENT_ID,
    )
    refresh_by_grant_type = {**refresh, "required": ["refresh_token", "grant_type"]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sanic-swap",
            "version": __version__,
            "summary": "Token swap and refresh for apps that use Spotify's SDKs",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [],
        "paths": {
            "/swap": _token_path("swap", "Trade an authorization code for tokens.", swap),
            "/refresh": _token_path("refresh", "Trade a sealed refresh token.", refresh),
            "/api/token": _token_path(
                "token",
                "Either, as an OAuth 2.0 token endpoint (RFC 6749 section 3.2).",
                {"anyOf": [swap, refresh_by_grant_type]},
            ),
            "/api/refresh_token": _token_path("refreshToken", "The same as /refresh.", refresh),
            "/": _status_path("whoAnswers", "Who answers here; a page for browsers."),
            "/healthz": _status_path("alive", "Whether the process is alive."),
            "/readyz": _status_path(
                "ready",
                "Whether traffic is welcome; `degraded` while Spotify is in trouble.",
                {"503": _json("Starting or draining.", {})},
            ),
            "/openapi.json": _status_path("openapi", "This description."),
        },
        "components": {
            "schemas": {"Tokens": _tokens(), "Error": _error()},
            "headers": {
                "RequestId": _header("string", "Names this answer in the service's log."),
                "RetryAfter": _header("integer", "Seconds to wait before the next try."),
            },
        },
    }


def _token_path(operation: str, summary: str, schema: _Members) -> _Members:
    form = {"schema": schema}
    answers = {str(status): _refusal(status, told) for status, told in _ERRORS.items()}
    tokens = {"$ref": "#/components/schemas/Tokens"}
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "requestBody": {
                "required": True,
                "content": {"application/x-www-form-urlencoded": form, "application/json": form},
            },
            "responses": {"200": _json("Spotify's answer, its refresh token sealed.", tokens)}
            | answers,
        }
    }


def _status_path(operation: str, summary: str, more: _Members | None = None) -> _Members:
    answers = {"200": _json("It answers.", {"type": "object"}), **(more or {})}
    return {"get": {"operationId": operation, "summary": summary, "responses": answers}}


def _refusal(status: int, told: str) -> _Members:
    answer = _json(told, {"$ref": "#/components/schemas/Error"})
    if status in (429, 503):
        answer["headers"]["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    if status == 429:
        answer["headers"] |= {name: _told_by_limit(told) for name, told in _RATE_LIMIT.items()}
    return answer


def _json(told: str, schema: _Members) -> _Members:
    return {
        "description": told,
        "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}},
        "content": {"application/json": {"schema": schema}},
    }


def _schema(required: list[str], **properties: _Members) -> _Members:
    return {"type": "object", "required": required, "properties": properties}


def _told_by_limit(told: str) -> _Members:
    return {"description": told, "required": False, "schema": {"type": "integer", "minimum": 0}}


def _header(kind: str, told: str) -> _Members:
    return {"description": told, "required": True, "schema": {"type": kind}}


def _tokens() -> _Members:
    return _schema(
        ["access_token"],
        access_token={"type": "string", "minLength": 1},
        token_type={"type": "string"},
        expires_in={"type": "integer", "description": "Seconds that the access token lives."},
        refresh_token={**_SEALED, "description": "Sealed; keep it for the next refresh."},
        scope={"type": "string"},
        refresh_token_expires_in={
            "type": "integer",
            "minimum": 0,
            "description": "Seconds that the refresh token lives, if the operator has it told.",
        },
    )


def _error() -> _Members:
    text = {"type": "string", "pattern": "^[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]+$"}
    return _schema(
        ["error", "error_description"], error=text, error_description=text, error_uri=text
    )
