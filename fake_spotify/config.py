"""Reads a TOML file that names several apps and users."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from fake_spotify import choices
from fake_spotify.choices import ChoiceError

_SERVER_NAMES = frozenset({"host", "port", "seed", "control", "https", "ca_file", "apps", "users"})
KNOWN = _SERVER_NAMES | choices.REGISTRATION_NAMES | choices.POLICY_NAMES | {"client_secret_file"}
"""What may stand at the top of the file; about an app, it is about the first."""
_KNOWN_OF_APP = choices.REGISTRATION_NAMES | choices.POLICY_NAMES


def read(path: Path) -> dict[str, object]:
    """
    Read the file.

    Raises:
        ChoiceError: If it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ChoiceError(str(path), f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ChoiceError(str(path), f"is not TOML: {error}") from None


def check(members: Mapping[str, object]) -> None:
    """
    See that nothing unknown is named.

    Raises:
        ChoiceError: If something is.
    """
    choices.only(members, KNOWN, "the settings")
    for app in tables("apps", members):
        choices.only(app, _KNOWN_OF_APP, "[[apps]]")
    for user in tables("users", members):
        choices.only(user, choices.USER_NAMES, "[[users]]")


def tables(name: str, members: Mapping[str, object]) -> list[dict[str, object]]:
    """Give the tables [[name]]."""
    found = members.get(name, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise ChoiceError(name, f"must be tables, each below a line [[{name}]]")
    return found
