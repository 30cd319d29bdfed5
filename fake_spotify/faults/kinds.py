"""All faults by their names, and their form as JSON objects."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, fields
from typing import get_args, get_origin, get_type_hints

from fake_spotify.choices import ChoiceError, hint, only, seconds
from fake_spotify.faults import answers, wires
from fake_spotify.faults.queue import Fault, check_wait


def _kind(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower().replace("o_auth", "oauth")


def _classes() -> Iterator[type[Fault]]:
    bases = {answers.Replacement, answers.Variation, wires.Damage}
    for module in (answers, wires):
        for name, found in vars(module).items():
            is_fault = isinstance(found, type) and issubclass(found, Fault)
            if is_fault and found.__module__ == module.__name__ and not name.startswith("_"):
                yield from {found} - bases


KINDS = {_kind(found.__name__): found for found in _classes()}
"""Each fault's class by its kind, which is its name in lower case with underscores."""

OUTAGES = ("connection_refused", "connection_ignored")
"""Faults of the port, which affect every app, for some seconds from now."""

PLAN_NAMES = ("match", "times", "is_processed")


def kind_of(fault: Fault) -> str:
    return _kind(type(fault).__name__)


def outage_seconds(members: Mapping[str, object]) -> float:
    """Read how long a fault of the port lasts; a ChoiceError if *members* are others."""
    only(members, frozenset({"kind", "seconds"}), "this fault, which hits the port")
    return check_wait("seconds", seconds("seconds", members.get("seconds")))


def sentence(kind: type[Fault]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def members_of(fault: Fault) -> dict[str, object]:
    return {"kind": kind_of(fault), **asdict(fault)}


def from_members(members: Mapping[str, object]) -> Fault:
    """Make a fault of `kind` and the parameters of that kind; a ChoiceError if they do not fit."""
    if "kind" not in members:
        raise ChoiceError("kind", f"is missing; {hint('', (*KINDS, *OUTAGES))}")
    kind = str(members["kind"])
    found = KINDS.get(kind)
    if found is None:
        raise ChoiceError("kind", f"{kind} is not known; {hint(kind, (*KINDS, *OUTAGES))}")
    known = parameters(found)
    given = {name: value for name, value in members.items() if name != "kind"}
    for name in given:
        if name not in known:
            raise ChoiceError(name, f"is not for {kind}; {hint(name, (*known, *PLAN_NAMES))}")
    for name, (_, is_required) in known.items():
        if is_required and name not in given:
            raise ChoiceError(name, f"is needed for {kind}")
    return found(**{name: _read(name, value, known[name][0]) for name, value in given.items()})


def parameters(kind: type[Fault]) -> dict[str, tuple[object, bool]]:
    """Return the type of each parameter of *kind*, and whether it must be given."""
    hints = get_type_hints(kind)
    return {
        found.name: (
            hints[found.name],
            found.default is MISSING and found.default_factory is MISSING,
        )
        for found in fields(kind)
    }


_TYPE_NAMES: dict[object, str] = {
    int: "a whole number",
    float: "a number",
    str: "a string",
    bool: "true or false",
}


def _read(name: str, value: object, type_: object) -> object:
    origin = get_origin(type_)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_read(name, item, str) for item in value)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        inner = get_args(type_)[1]
        return {
            str(key): item if inner is object else _read(name, item, inner)
            for key, item in value.items()
        }
    if type_ is float and type(value) is int:
        return _read(name, float(value), float)
    if type_ in {int, float, str, bool} and type(value) is type_:
        if isinstance(value, int | float) and value < 0:
            raise ChoiceError(name, "must not be negative")
        return value
    other = "a list of strings" if origin is tuple else "an object"
    raise ChoiceError(name, f"must be {_TYPE_NAMES.get(type_, other)}")
