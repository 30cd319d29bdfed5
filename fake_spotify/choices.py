"""Reads what was chosen in a file, an option or a control request into values."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from fake_spotify.facts.policy import Aged, Consent, NoScope, Policy, Rotation, Unchanged, of_era
from fake_spotify.facts.registrations import Registration, User
from fake_spotify.facts.shapes import TokenShapes
from fake_spotify.facts.wordings import Era

Members = Mapping[str, object]

DEFAULT_REDIRECT_URI = "http://127.0.0.1/callback"

_E = TypeVar("_E", bound=StrEnum)


class ChoiceError(ValueError):
    """A choice that is not possible; the message names it."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")


def text(name: str, value: object) -> str:
    """Read a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise ChoiceError(name, "must be a string that is not empty")
    return value


def flag(name: str, value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ChoiceError(name, "must be true or false")
    return value


def seconds(name: str, value: object) -> float:
    """Read a positive number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e10:
        raise ChoiceError(name, "must be a number of seconds above 0")
    return value


def texts(name: str, value: object) -> tuple[str, ...]:
    """Read a list of strings."""
    if not isinstance(value, list | tuple):
        raise ChoiceError(name, "must be a list of strings")
    return tuple(text(name, item) for item in value)


def only(members: Members, known: frozenset[str], where: str) -> None:
    """Refuse unknown *members*: a misspelt name must not be ignored."""
    for name in members:
        if name not in known:
            names = ", ".join(sorted(known))
            raise ChoiceError(name, f"is not known in {where}; known are {names}")


def _one_of(kind: type[_E]) -> Callable[[str, object], _E]:
    def read(name: str, value: object) -> _E:
        try:
            return kind(str(value))
        except ValueError:
            raise ChoiceError(name, f"must be one of {', '.join(kind)}") from None

    return read


def _whole_seconds(name: str, value: object) -> int:
    number = seconds(name, value)
    if number != int(number):
        raise ChoiceError(name, "must be a whole number of seconds")
    return int(number)


def _seconds_or_never(name: str, value: object) -> float | None:
    return None if value in {None, "never"} else seconds(name, value)


_era = _one_of(Era)
_POLICY: dict[str, Callable[[str, object], object]] = {
    "era": _era,
    "code_lifetime": seconds,
    "access_token_lifetime": _whole_seconds,
    "refresh_token_lifetime": _seconds_or_never,
    "rotation": _one_of(Rotation),
    "unchanged": _one_of(Unchanged),
    "no_scope": _one_of(NoScope),
    "aged": _one_of(Aged),
    "consent": _one_of(Consent),
}
POLICY_NAMES = frozenset(_POLICY) | {"auto_approve"}
REGISTRATION_NAMES = frozenset({"client_id", "client_secret", "redirect_uris", "name"})
USER_NAMES = frozenset({"id", "display_name", "email", "country", "product"})


def policy(members: Members, base: Policy) -> Policy:
    """
    Change *base* by those of *members* that are policy; others are ignored.

    An era brings its own defaults, except for what *members* names.
    """
    if "era" in members:
        era = _era("era", members["era"])
        if era is not base.era:
            base = replace(of_era(era), consent=base.consent)
    chosen = {name: read(name, members[name]) for name, read in _POLICY.items() if name in members}
    if "auto_approve" in members:
        approves = flag("auto_approve", members["auto_approve"])
        chosen["consent"] = Consent.AGREE if approves else Consent.ASK
    return replace(base, **chosen)  # type: ignore[arg-type]  # each reader gives its field's type


def registration(members: Members, shapes: TokenShapes) -> Registration:
    """Read an app; missing credentials are generated."""
    return Registration(
        text("client_id", members["client_id"]) if "client_id" in members else shapes.hex_id(),
        text("client_secret", members["client_secret"])
        if "client_secret" in members
        else shapes.hex_id(),
        texts("redirect_uris", members.get("redirect_uris", ())) or (DEFAULT_REDIRECT_URI,),
        text("name", members.get("name", "An app")),
    )


def user(members: Members) -> User:
    """Read a user; only the id is required."""
    user_id = text("id", members.get("id"))
    return User(
        user_id,
        text("display_name", members.get("display_name", user_id)),
        text("email", members.get("email", f"{user_id}@example.com")),
        text("country", members.get("country", "SE")),
        text("product", members.get("product", "premium")),
    )
