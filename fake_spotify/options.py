"""The settings of a fake: read from the command line, a TOML file, or Python arguments."""

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from fake_spotify import choices
from fake_spotify.choices import ChoiceError
from fake_spotify.facts.policy import Policy, Rotation
from fake_spotify.facts.registrations import DEFAULT_USERS, Registration, User
from fake_spotify.facts.shapes import TokenShapes
from fake_spotify.facts.wordings import Era

_SERVER_NAMES = frozenset({"host", "port", "seed", "control", "https", "ca_file", "apps", "users"})
_APP_NAMES = choices.REGISTRATION_NAMES | choices.POLICY_NAMES
# What the top of the file says about an app is for the first one.
_NAMES = _SERVER_NAMES | _APP_NAMES | {"client_secret_file"}


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How a fake is set up.

    Args:
        apps: At least one; the first is used wherever none is named.
        users: At least one; the first is logged in unless another is chosen.
        seed: Makes codes, tokens and ids repeatable.
        has_control: False hides everything below /_fake/.
        is_https: True serves HTTPS with a certificate made for the run.
        ca_file: Where to write the certificate of the authority that signed it; None is a
            temporary directory.
    """

    apps: tuple[tuple[Registration, Policy], ...]
    users: tuple[User, ...]
    host: str
    port: int
    seed: str | None
    has_control: bool
    is_https: bool
    ca_file: Path | None


def parse(arguments: Sequence[str]) -> Settings:
    """
    Read the command line, and the file that it names; an option wins over the file.

    Raises:
        SystemExit: With code 2, after a message that names the option, if one is wrong; with
            code 0 after --help.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    given = {name: value for name, value in vars(options).items() if value is not None}
    try:
        return settings(given)
    except ChoiceError as error:
        name, _, problem = str(error).partition(": ")
        option = f"--{name.replace('_', '-')}"
        is_known = option in parser.format_usage()
        parser.error(f"argument {option}: {problem}" if is_known else str(error))


def settings(given: Mapping[str, object]) -> Settings:
    """
    Make settings from *given*, with defaults for the rest.

    Raises:
        ChoiceError: If a choice is not possible.
    """
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
    apps = tuple(
        (choices.registration(app, shapes), choices.policy(app, policy))
        for app in ({**first, **own}, *others)
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


def _lifetime(value: str) -> float | str:
    return value if value == "never" else float(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fake-spotify",
        description="A stand-in for accounts.spotify.com that is as strict as the real one.",
        epilog="The first line on standard output is a JSON object with the URLs and credentials.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    switch = partial(add, action="store_const")
    add("--host", help="address to listen on (default 127.0.0.1)")
    add("--port", type=int, help="port to listen on (default 8090); 0 picks a free one")
    add("--client-id", metavar="ID", help="generated if not given")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--client-secret", metavar="SECRET", help="generated if not given")
    secret.add_argument("--client-secret-file", metavar="FILE", help="read the secret from FILE")
    add(
        "--redirect-uri",
        dest="redirect_uris",
        metavar="URI",
        nargs="+",
        action="extend",
        help=f"registered redirect URIs (default {choices.DEFAULT_REDIRECT_URI}, any port)",
    )
    switch("--auto-approve", const=True, help="answer /authorize with the redirect at once")
    add("--era", choices=[*Era], help="words and rotation of these years (default 2026)")
    add("--code-lifetime", type=float, metavar="SECONDS", help="default 600")
    add("--access-token-lifetime", type=float, metavar="SECONDS", help="default 3600")
    add(
        "--refresh-token-lifetime",
        type=_lifetime,
        metavar="SECONDS",
        help="from the user's authorization; default 180 days (2026) or `never` (2021)",
    )
    add("--rotation", choices=[*Rotation], help="refreshes that bring a new refresh token")
    empty = 'answer a refresh with "" as refresh_token instead of none'
    switch("--empty-refresh-token", dest="unchanged", const="empty", help=empty)
    add("--config", metavar="FILE", help="TOML file for several apps and users")
    switch("--no-control", dest="control", const=False, help="hide the control API, /_fake/")
    add("--seed", help="make codes, tokens and ids repeatable")
    https = "serve HTTPS with a certificate made for the run (needs the extra `https`)"
    switch("--https", const=True, help=https)
    add("--ca-file", metavar="FILE", help="implies --https; write the CA certificate to FILE")
    return parser
