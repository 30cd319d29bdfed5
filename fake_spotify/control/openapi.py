"""Describes the control API (OpenAPI 3.1).

`openapi.json` is written by hand; the parts that every operation shares, and the faults, are
added here.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources import files
from typing import Any, get_origin

from fake_spotify.faults.kinds import KINDS, OUTAGES, parameters, sentence
from fake_spotify.faults.queue import LONGEST_SECONDS

_Object = dict[str, object]

_TEXT: _Object = {"type": "string"}
_TYPES: dict[object, _Object] = {
    str: _TEXT,
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0},
    float: {"type": "number", "minimum": 0, "maximum": LONGEST_SECONDS},
}
_MISTAKE = {
    "description": "A mistake",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def document() -> _Object:
    described = json.loads(
        files("fake_spotify.control").joinpath("openapi.json").read_text("utf-8")
    )
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
    schemas = components["schemas"]
    outage = schemas.pop("Outage")
    faults = [_fault(kind, schemas["Fault"]) for kind in sorted(KINDS)]
    schemas["Fault"] = {"oneOf": [*faults, *(_with_kind(kind, outage) for kind in OUTAGES)]}
    return dict(described)


def _fault(kind: str, planned: Mapping[str, Any]) -> _Object:
    taken = parameters(KINDS[kind])
    schema = _with_kind(kind, planned)
    schema["properties"] |= {name: _schema(type_) for name, (type_, _) in taken.items()}
    for found in fields(KINDS[kind]):
        if isinstance(found.default, str | int | float):
            schema["properties"][found.name] |= {"default": found.default}
    schema["required"] += [name for name, (_, is_required) in taken.items() if is_required]
    return {**schema, "description": sentence(KINDS[kind])}


def _with_kind(kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = {"kind": {"const": kind}, **schema["properties"]}
    return {**schema, "properties": properties, "required": [*schema["required"]]}


def _schema(type_: object) -> _Object:
    if get_origin(type_) is tuple:
        return {"type": "array", "items": _TEXT}
    return dict(_TYPES.get(type_, {"type": "object"}))
