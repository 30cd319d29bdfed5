"""All faults by the names they have over HTTP, and how a JSON object becomes one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from typing import get_args, get_origin, get_type_hints

from fake_spotify import fault_answers, fault_variations, fault_wires
from fake_spotify.choices import ChoiceError
from fake_spotify.faults import Fault


def _kind(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower().replace("o_auth", "oauth")


def _classes() -> Iterator[type[Fault]]:
    for module in (fault_answers, fault_variations, fault_wires):
        for name, found in vars(module).items():
            if isinstance(found, type) and issubclass(found, Fault) and not name.startswith("_"):
                yield found


KINDS = {_kind(found.__name__): found for found in _classes() if is_dataclass(found)}
"""Each fault's class by its kind, which is its name in lower case with underscores."""


def kind_of(fault: Fault) -> str:
    """Give the name that *fault* has over HTTP."""
    return _kind(type(fault).__name__)


def members_of(fault: Fault) -> dict[str, object]:
    """Give *fault* as the JSON object that makes it."""
    return {"kind": kind_of(fault), **asdict(fault)}  # type: ignore[call-overload]  # all are dataclasses


def from_members(members: Mapping[str, object]) -> Fault:
    """
    Make a fault of a JSON object: `kind`, and what that kind takes.

    Raises:
        ChoiceError: If there is no such kind, or it takes something else.
    """
    kind = members.get("kind")
    made = KINDS.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise ChoiceError("kind", f"must be one of {', '.join(sorted(KINDS))}")
    wanted = parameters(made)
    given = {name: value for name, value in members.items() if name != "kind"}
    for name in given:
        if name not in wanted:
            taken = f"takes {', '.join(wanted)}" if wanted else "takes nothing"
            raise ChoiceError(name, f"is not for {kind}, which {taken}")
    for name, (_, is_required) in wanted.items():
        if is_required and name not in given:
            raise ChoiceError(name, f"is needed for {kind}")
    return made(**{name: _read(name, value, wanted[name][0]) for name, value in given.items()})


def parameters(kind: type[Fault]) -> dict[str, tuple[object, bool]]:
    """Tell what *kind* takes: the type of each, and whether it must be given."""
    hints = get_type_hints(kind)
    return {
        found.name: (
            hints[found.name],
            found.default is MISSING and found.default_factory is MISSING,
        )
        for found in fields(kind)  # type: ignore[arg-type]  # all are dataclasses
    }


_NAMES: dict[object, str] = {
    int: "a whole number",
    float: "a number",
    str: "a string",
    bool: "true or false",
}


def _read(name: str, value: object, wanted: object) -> object:
    origin = get_origin(wanted)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_read(name, item, str) for item in value)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        inner = get_args(wanted)[1]
        return {
            str(key): item if inner is object else _read(name, item, inner)
            for key, item in value.items()
        }
    if wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
        if value < 0:
            raise ChoiceError(name, "must not be negative")
        return float(value)
    if wanted is int and type(value) is int:
        if value < 0:
            raise ChoiceError(name, "must not be negative")
        return value
    if wanted in {str, bool} and type(value) is wanted:
        return value
    raise ChoiceError(name, f"must be {_NAMES.get(wanted, _word(origin))}")


def _word(origin: object) -> str:
    return "a list of strings" if origin is tuple else "an object"
