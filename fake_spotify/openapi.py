"""Describes the control API (OpenAPI 3.1), the faults' parameters included."""

from collections.abc import Mapping
from typing import get_origin

from fake_spotify.fault_kinds import KINDS, parameters
from fake_spotify.faults import Fault

_Object = dict[str, object]

_TEXT: _Object = {"type": "string"}
_NUMBER: _Object = {"type": "number"}
_FLAG: _Object = {"type": "boolean"}
_TEXTS: _Object = {"type": "array", "items": _TEXT}
_SECONDS: _Object = {"type": "number", "exclusiveMinimum": 0}
_ANYTHING: _Object = {"type": "object"}

_CLIENT_ID: _Object = {
    "name": "client_id",
    "in": "query",
    "description": "Which app is meant; without it, the first one.",
    "schema": _TEXT,
}
_MATCH = {
    "method": _TEXT,
    "path": _TEXT,
    "client_id": _TEXT,
    "grant_type": _TEXT,
    "token": {**_TEXT, "description": "The code or token that the request carries."},
}
_ANSWERED = {
    "status": {"type": "integer", "description": "0 for no answer."},
    "error": {**_TEXT, "description": "Spotify's `error`, or the words on a page."},
}
_POLICY = {
    "era": {"enum": ["2021", "2026"]},
    "code_lifetime": _SECONDS,
    "access_token_lifetime": {"type": "integer", "minimum": 1},
    "refresh_token_lifetime": {"oneOf": [_SECONDS, {"const": "never"}]},
    "rotation": {"enum": ["off", "pkce", "all"]},
    "unchanged": {"enum": ["absent", "empty"]},
    "no_scope": {"enum": ["empty", "blank", "absent"]},
    "aged": {"enum": ["expired", "revoked"]},
    "consent": {"enum": ["ask", "agree", "cancel"]},
    "auto_approve": _FLAG,
}
_APP = {
    "client_id": _TEXT,
    "client_secret": _TEXT,
    "redirect_uris": _TEXTS,
    "name": _TEXT,
    **_POLICY,
}
_USER = dict.fromkeys(("id", "display_name", "email", "country", "product"), _TEXT)
_CODE = dict.fromkeys(("user", "scope", "redirect_uri", "code_challenge"), _TEXT)
_GRANT = {"user": _TEXT, "scope": _TEXT, "is_public": _FLAG}
_CLOCK = {
    "now": {"oneOf": [_NUMBER, {"type": "string", "format": "date-time"}]},
    "advance_seconds": _NUMBER,
    "advance_days": _NUMBER,
    "frozen": _FLAG,
}
_TYPES: dict[object, _Object] = {
    str: _TEXT,
    bool: _FLAG,
    int: {"type": "integer", "minimum": 0},
    float: {"type": "number", "minimum": 0},
}


def document() -> _Object:
    """Give the description as a JSON object."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fake_spotify, the control API",
            "version": "1",
            "description": "State, faults, journal, clock and reset belong to one app each.",
        },
        "servers": [{"url": "/_fake"}],
        "paths": _paths(),
        "components": {
            "schemas": {
                "Problem": _object({"error": _TEXT}, required=("error",)),
                "Fault": {"oneOf": [*map(_fault, sorted(KINDS)), *map(_outage, OUTAGES)]},
            }
        },
    }


OUTAGES = ("connection_refused", "connection_ignored")
"""Faults that hit the port, and so every app, for some seconds, beginning at once."""


def _paths() -> _Object:
    one_id = {"name": "id", "in": "path", "required": True, "schema": _TEXT}
    one_app = {**one_id, "name": "client_id"}
    picks = [
        {"name": name, "in": "query", "schema": schema}
        for name, schema in {**_MATCH, **_ANSWERED}.items()
        if name != "client_id"
    ]
    limit: _Object = {
        "name": "limit",
        "in": "query",
        "description": "List the latest so many; the count is of all.",
        "schema": {"type": "integer", "minimum": 1},
    }
    return {
        "/": {"get": _operation("The same for a person, as a page", answer="text/html")},
        "/health": {"get": _operation("Alive?")},
        "/openapi.json": {"get": _operation("This description")},
        "/apps": {
            "get": _operation("Registered apps"),
            "post": _operation("Register an app; what is not named is made", 201, takes=_APP),
        },
        "/apps/{client_id}": {
            "delete": _operation("Forget an app", 204, parameters=[one_app]),
        },
        "/users": {
            "get": _operation("Who can log in", of_app=True),
            "post": _operation("Let one more user log in", 201, takes=_USER, needs=("id",)),
        },
        "/users/{id}": {
            "delete": _operation(
                "Revoke all that a user gave the app", parameters=[one_id], of_app=True
            ),
        },
        "/codes": {
            "post": _operation("Make an authorization code without a browser", 201, takes=_CODE),
        },
        "/grants": {
            "get": _operation("Living grants", of_app=True),
            "post": _operation("Make a grant without a browser and a code", 201, takes=_GRANT),
        },
        "/grants/{id}": {
            "delete": _operation("Revoke a grant", 204, parameters=[one_id], of_app=True),
        },
        "/faults": {
            "get": _operation("Faults that may still be played", of_app=True),
            # 202 for the two that hit the port: they begin at once.
            "post": _operation(
                "Plan a fault", 201, also=202, schema={"$ref": "#/components/schemas/Fault"}
            ),
            "delete": _operation("Plan no fault any more", 204, of_app=True),
        },
        "/requests": {
            "get": _operation(
                "Requests so far, and how many, as far as picked",
                parameters=[*picks, limit],
                of_app=True,
            ),
            "delete": _operation("Forget the requests so far", 204, of_app=True),
        },
        "/clock": {
            "get": _operation("The app's time, in Unix seconds", of_app=True),
            "put": _operation("Set, advance, then freeze or let go", takes=_CLOCK),
        },
        "/reset": {"post": _operation("Leave nothing behind", 204, takes={})},
    }


def _operation(
    summary: str,
    status: int = 200,
    *,
    takes: Mapping[str, object] | None = None,
    needs: tuple[str, ...] = (),
    schema: _Object | None = None,
    parameters: list[_Object] | None = None,
    of_app: bool = False,
    answer: str = "application/json",
    also: int | None = None,
) -> _Object:
    if takes is not None:
        named = takes if "client_id" in takes else {**takes, "client_id": _TEXT}
        schema = _object(named, required=needs)
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    done: _Object = {"description": summary}
    if status != 204:
        done["content"] = {answer: {"schema": _TEXT if answer == "text/html" else _ANYTHING}}
    operation: _Object = {
        "summary": summary,
        "parameters": [*(parameters or []), *([_CLIENT_ID] if of_app or schema else [])],
        "responses": {
            **{str(number): done for number in (status, also) if number is not None},
            "default": {"description": "A mistake", "content": {"application/json": problem}},
        },
    }
    if schema is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _object(properties: Mapping[str, object], *, required: tuple[str, ...] = ()) -> _Object:
    described: _Object = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    if required:
        described["required"] = list(required)
    return described


def _fault(kind: str) -> _Object:
    made = KINDS[kind]
    taken = parameters(made)
    described = _object(
        {
            "kind": {"const": kind},
            **{name: _schema(wanted) for name, (wanted, _) in taken.items()},
            "client_id": _TEXT,
            "match": _object(_MATCH),
            "times": {"oneOf": [{"type": "integer", "minimum": 1}, {"const": "forever"}]},
            "is_processed": _FLAG,
        },
        required=("kind", *(name for name, (_, is_needed) in taken.items() if is_needed)),
    )
    return {**described, "description": _summary(made)}


def _outage(kind: str) -> _Object:
    properties = {"kind": {"const": kind}, "seconds": _SECONDS}
    return _object(properties, required=("kind", "seconds"))


def _schema(wanted: object) -> _Object:
    if get_origin(wanted) is tuple:
        return _TEXTS
    return _TYPES.get(wanted, _ANYTHING)


def _summary(made: type[Fault]) -> str:
    return (made.__doc__ or "").strip().partition("\n")[0]
