"""The settings of a fake: read from what was chosen, and from a TOML file that it names."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fake_spotify import choices
from fake_spotify.choices import ChoiceError
from fake_spotify.facts.registrations import DEFAULT_USERS, Policy, Registration, User
from fake_spotify.facts.shapes import TokenShapes

_SERVER_NAMES = frozenset(
    {"host", "port", "seed", "control", "allowed_hosts", "https", "ca_file", "apps", "users"}
)
_APP_NAMES = choices.REGISTRATION_NAMES | choices.POLICY_NAMES
# What the top of the file says about an app is for the first one.
_NAMES = _SERVER_NAMES | _APP_NAMES | {"client_secret_file", "random_credentials"}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a fake is set up; it has an app and a user at least."""

    apps: tuple[tuple[Registration, Policy], ...]  # the first is used wherever none is named
    users: tuple[User, ...]  # the first is logged in unless another is chosen
    host: str
    port: int
    seed: str | None
    has_control: bool
    allowed_hosts: tuple[str, ...]  # in lower case; the control API answers to them, too
    is_https: bool
    ca_file: Path | None  # gets what clients must trust; None is a temporary directory


def settings(given: Mapping[str, object]) -> Settings:
    """Make settings from *given*, with defaults for the rest; a ChoiceError if one is wrong."""
    members = dict(given)
    path = members.pop("config", None)
    if path is not None:
        members = {**_read_file(Path(str(path))), **members}
    choices.only(members, _NAMES, "the settings")
    seed = None if "seed" not in members else str(members["seed"])
    users = _tables("users", members, choices.USER_NAMES)
    return Settings(
        apps=_apps(members, TokenShapes(seed)),
        users=tuple(map(choices.user, users)) or DEFAULT_USERS,
        host=choices.text("host", members.get("host", "127.0.0.1")),
        port=_port(members.get("port", 8090)),
        seed=seed,
        has_control=choices.flag("control", members.get("control", True)),
        allowed_hosts=tuple(
            host.lower()
            for host in choices.texts("allowed_hosts", members.get("allowed_hosts", ()))
        ),
        is_https=_is_https(members),
        ca_file=Path(choices.text("ca_file", members["ca_file"])) if "ca_file" in members else None,
    )


def _read_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ChoiceError(str(path), f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ChoiceError(str(path), f"is not TOML: {error}") from None


def _tables(
    name: str, members: Mapping[str, object], known: frozenset[str]
) -> list[dict[str, object]]:
    tables = members.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ChoiceError(name, f"must be tables, each under a line [[{name}]]")
    for table in tables:
        choices.only(table, known, f"[[{name}]]")
    return tables


def _apps(
    members: Mapping[str, object], shapes: TokenShapes
) -> tuple[tuple[Registration, Policy], ...]:
    own = {name: members[name] for name in choices.REGISTRATION_NAMES if name in members}
    if "client_secret_file" in members:
        own["client_secret"] = _secret(Path(str(members["client_secret_file"])))
    first, *others = _tables("apps", members, _APP_NAMES) or [{}]
    policy = choices.policy(members, Policy())
    is_random = choices.flag("random_credentials", members.get("random_credentials", False))
    apps = tuple(
        (
            choices.registration(
                {**({} if is_random else choices.fixed_credentials(number)), **app}, shapes
            ),
            choices.policy(app, policy),
        )
        for number, app in enumerate(({**first, **own}, *others))
    )
    if len({registration.client_id for registration, _ in apps}) < len(apps):
        raise ChoiceError("client_id", "two apps have the same one")
    return apps


def _secret(path: Path) -> str:
    try:
        return choices.text("client_secret_file", path.read_text().strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ChoiceError("client_secret_file", f"cannot be read: {error}") from None


def _port(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 65535:
        raise ChoiceError("port", "must be a number from 0 (picks a free one) to 65535")
    return value


def _is_https(members: Mapping[str, object]) -> bool:
    is_chosen = choices.flag("https", members.get("https", False)) or "ca_file" in members
    if is_chosen and find_spec("trustme") is None:
        raise ChoiceError("https", "needs the package trustme: install the extra `https`")
    return is_chosen
