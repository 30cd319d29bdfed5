"""
Describes the control API (OpenAPI 3.1).

`openapi.json` holds what is written by hand. What is the same in every operation, and the faults,
are added here.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import get_origin

from fake_spotify.fault_kinds import KINDS, parameters
from fake_spotify.fault_queue import Fault

_Object = dict[str, object]

OUTAGES = ("connection_refused", "connection_ignored")
"""Faults that hit the port, and so every app, for some seconds, beginning at once."""

_TEXT: _Object = {"type": "string"}
_TYPES: dict[object, _Object] = {
    str: _TEXT,
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0},
    float: {"type": "number", "minimum": 0},
}
_MISTAKE = {
    "description": "A mistake",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def document() -> _Object:
    """Return the description as a JSON object."""
    described = json.loads(files("fake_spotify").joinpath("openapi.json").read_text("utf-8"))
    components = described["components"]
    shared = {
        f"#/components/parameters/{name}": parameter
        for name, parameter in components.pop("parameters").items()
    }
    for operations in described["paths"].values():
        for operation in operations.values():
            operation["parameters"] = [
                shared.get(parameter.get("$ref"), parameter)
                for parameter in operation["parameters"]
            ]
            for response in operation["responses"].values():
                response["description"] = operation["summary"]
            operation["responses"]["default"] = _MISTAKE
    faults = [*map(_fault, sorted(KINDS)), *map(_outage, OUTAGES)]
    components["schemas"]["Fault"] = {"oneOf": faults}
    return dict(described)


def _fault(kind: str) -> _Object:
    made = KINDS[kind]
    taken = parameters(made)
    properties = {
        "kind": {"const": kind},
        **{name: _schema(type_) for name, (type_, _) in taken.items()},
        "client_id": _TEXT,
        "match": _object(
            {
                **dict.fromkeys(("method", "path", "client_id", "grant_type"), _TEXT),
                "token": {**_TEXT, "description": "The code or token that the request carries."},
            }
        ),
        "times": {"oneOf": [{"type": "integer", "minimum": 1}, {"const": "forever"}]},
        "is_processed": {"type": "boolean"},
    }
    required = ("kind", *(name for name, (_, is_required) in taken.items() if is_required))
    return {**_object(properties, required=required), "description": _summary(made)}


def _outage(kind: str) -> _Object:
    seconds = {"type": "number", "exclusiveMinimum": 0}
    return _object({"kind": {"const": kind}, "seconds": seconds}, required=("kind", "seconds"))


def _object(properties: Mapping[str, object], *, required: tuple[str, ...] = ()) -> _Object:
    described = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**described, "required": list(required)} if required else described


def _schema(type_: object) -> _Object:
    if get_origin(type_) is tuple:
        return {"type": "array", "items": _TEXT}
    return _TYPES.get(type_, {"type": "object"})


def _summary(made: type[Fault]) -> str:
    return (made.__doc__ or "").strip().partition("\n")[0]
