"""Reads what was chosen in a file, an option or a control request into values."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Literal, get_args, get_origin, get_type_hints

from fake_spotify.facts import redirects
from fake_spotify.facts.registrations import MOST_LISTED_USERS, Policy, Registration, User, of_era
from fake_spotify.facts.shapes import TokenShapes
from fake_spotify.facts.wordings import Era

Members = Mapping[str, object]

DEFAULT_REDIRECT_URI = "http://127.0.0.1/callback"


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
    if not isinstance(value, bool):
        raise ChoiceError(name, "must be true or false")
    return value


def seconds(name: str, value: object) -> float:
    """Read a positive number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e10:
        raise ChoiceError(name, "must be a number of seconds above 0")
    return value


def texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ChoiceError(name, "must be a list of strings")
    return tuple(text(name, item) for item in value)


def only(members: Members, known: frozenset[str], where: str) -> None:
    """Refuse unknown *members*: a misspelt name must not be ignored."""
    for name in members:
        if name not in known:
            raise ChoiceError(name, f"is not known in {where}; {hint(name, known)}")


def hint(name: str, known: Iterable[str]) -> str:
    """List what is *known*, and name the one that *name* is probably meant to be."""
    names = sorted(known)
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")
    meant = get_close_matches(plain, names, n=1)
    return "".join(f"did you mean {one}? " for one in meant) + f"known are {', '.join(names)}"


def _one_of(*known: str) -> Callable[[str, object], str]:
    def read(name: str, value: object) -> str:
        if str(value) not in known:
            raise ChoiceError(name, f"must be one of {', '.join(known)}")
        return str(value)

    return read


def _whole_seconds(name: str, value: object) -> int:
    number = seconds(name, value)
    if number != int(number):
        raise ChoiceError(name, "must be a whole number of seconds")
    return int(number)


def _seconds_or_never(name: str, value: object) -> float | None:
    return None if value in {None, "never"} else seconds(name, value)


def _listed_users(name: str, value: object) -> tuple[str, ...]:
    users = texts(name, value)
    if len(users) > MOST_LISTED_USERS:
        raise ChoiceError(name, f"must be at most {MOST_LISTED_USERS}, as at Spotify")
    return users


def _count_or_none(name: str, value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ChoiceError(name, "must be a whole number from 1")
    return value


def _era(name: str, value: object) -> Era:
    return Era(_one_of(*Era)(name, value))


_POLICY: dict[str, Callable[[str, object], object]] = {
    "era": _era,
    "code_lifetime": seconds,
    "access_token_lifetime": _whole_seconds,
    "refresh_token_lifetime": _seconds_or_never,
    "listed_users": _listed_users,
    "owner_premium": flag,
    "quota_calls": _count_or_none,
    "revocation_ends_access_tokens": flag,
    **{
        name: _one_of(*get_args(type_))
        for name, type_ in get_type_hints(Policy).items()
        if get_origin(type_) is Literal
    },
}
POLICY_NAMES = frozenset(_POLICY) | {"auto_approve"}
REGISTRATION_NAMES = frozenset({"client_id", "client_secret", "redirect_uris", "name", "developer"})
USER_NAMES = frozenset({"id", "display_name", "email", "country", "product", "picture"})


def policy(members: Members, base: Policy) -> Policy:
    """Change *base* by those of *members* that are policy; others are ignored.

    An era brings its own defaults, except for what *members* names.
    """
    if "era" in members:
        era = _era("era", members["era"])
        if era is not base.era:
            base = replace(of_era(era), consent=base.consent)
    chosen = {name: read(name, members[name]) for name, read in _POLICY.items() if name in members}
    if "auto_approve" in members:
        approves = flag("auto_approve", members["auto_approve"])
        chosen["consent"] = "agree" if approves else "ask"
    return replace(base, **chosen)  # type: ignore[arg-type]  # each reader gives its field's type


def fixed_credentials(number: int) -> dict[str, object]:
    """Return the credentials that app *number* (from 0) has at every start."""
    return {
        name: hashlib.sha256(f"fake_spotify {name} {number}".encode()).hexdigest()[:32]
        for name in ("client_id", "client_secret")
    }


def registration(members: Members, shapes: TokenShapes) -> Registration:
    """Read an app; missing credentials are generated."""
    uris = texts("redirect_uris", members.get("redirect_uris", ())) or (DEFAULT_REDIRECT_URI,)
    for uri in uris:
        if not redirects.is_uri(uri):
            problem = f"{uri} is no URI without a fragment (RFC 3986; a scheme has no underscore)"
            raise ChoiceError("redirect_uris", problem)
    return Registration(
        text("client_id", members.get("client_id", shapes.hex_id())),
        text("client_secret", members.get("client_secret", shapes.hex_id())),
        uris,
        text("name", members.get("name", "An app")),
        text("developer", members.get("developer", "developer")),
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
        text("picture", members["picture"]) if members.get("picture") else "",
    )
