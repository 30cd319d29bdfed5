"""The options of the command `fake-spotify`, read into settings."""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from fake_spotify import choices, config
from fake_spotify.apps import DEFAULT_USERS
from fake_spotify.choices import ChoiceError
from fake_spotify.policy import Policy, Rotation
from fake_spotify.randomness import Dice
from fake_spotify.settings import AppSettings, Settings
from fake_spotify.wordings import Era


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
        name, _, wanted = str(error).partition(": ")
        option = f"--{name.replace('_', '-')}"
        known = option in parser.format_usage()
        parser.error(f"argument {option}: {wanted}" if known else str(error))


def settings(given: dict[str, object]) -> Settings:
    """
    Make settings of what was *given*, with defaults for the rest.

    Raises:
        ChoiceError: If something cannot be.
    """
    given = dict(given)
    path = given.pop("config", None)
    members = given if path is None else {**config.read(Path(str(path))), **given}
    config.check(members)
    seed = None if "seed" not in members else str(members["seed"])
    dice = Dice(seed)
    policy = choices.policy(members, Policy())
    return Settings(
        apps=_apps(members, policy, dice),
        users=tuple(map(choices.user, config.tables("users", members))) or DEFAULT_USERS,
        host=choices.text("host", members.get("host", "127.0.0.1")),
        port=_port(members.get("port", 8090)),
        seed=seed,
        has_control=choices.flag("control", members.get("control", True)),
        is_https=_is_https(members),
        ca_file=Path(choices.text("ca_file", members["ca_file"])) if "ca_file" in members else None,
    )


def _apps(members: dict[str, object], policy: Policy, dice: Dice) -> tuple[AppSettings, ...]:
    own = {name: members[name] for name in choices.REGISTRATION_NAMES if name in members}
    if "client_secret_file" in members:
        own["client_secret"] = _secret(Path(str(members["client_secret_file"])))
    tables = config.tables("apps", members) or [{}]
    # What the command line says about an app is about the first.
    first, *others = ({**tables[0], **own}, *tables[1:])
    apps = tuple(
        AppSettings(choices.registration(app, dice), choices.policy(app, policy))
        for app in (first, *others)
    )
    if len({app.registration.client_id for app in apps}) < len(apps):
        raise ChoiceError("client_id", "two apps have the same")
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


def _is_https(members: dict[str, object]) -> bool:
    wanted = choices.flag("https", members.get("https", False)) or "ca_file" in members
    if wanted and find_spec("trustme") is None:
        raise ChoiceError("https", "needs the package trustme: install the extra `https`")
    return wanted


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
    add("--host", help="address to listen on (default 127.0.0.1)")
    add("--port", type=int, help="port to listen on (default 8090); 0 picks a free one")
    add("--client-id", metavar="ID", help="made if not given")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--client-secret", metavar="SECRET", help="made if not given")
    secret.add_argument("--client-secret-file", metavar="FILE", help="reads the secret from FILE")
    add(
        "--redirect-uri",
        dest="redirect_uris",
        metavar="URI",
        nargs="+",
        action="extend",
        help=f"registered redirect URIs (default {choices.DEFAULT_REDIRECT_URI}, any port)",
    )
    add(
        "--auto-approve",
        action="store_const",
        const=True,
        help="answer /authorize with the redirect at once",
    )
    add("--era", choices=[*Era], help="wordings and rotation of these years (default 2026)")
    add("--code-lifetime", type=float, metavar="SECONDS", help="default 600")
    add("--access-token-lifetime", type=float, metavar="SECONDS", help="default 3600")
    add(
        "--refresh-token-lifetime",
        type=_lifetime,
        metavar="SECONDS",
        help="from the user's authorization; default 180 days (2026) or `never` (2021)",
    )
    add("--rotation", choices=[*Rotation], help="refreshes that bring a new refresh token")
    add(
        "--empty-refresh-token",
        dest="unchanged",
        action="store_const",
        const="empty",
        help='a refresh answers "" as refresh_token, in place of none',
    )
    add("--config", metavar="FILE", help="TOML file for several apps and users")
    add(
        "--no-control",
        dest="control",
        action="store_const",
        const=False,
        help="hide the control API, /_fake/",
    )
    add("--seed", help="make codes, tokens and ids repeatable")
    add(
        "--https",
        action="store_const",
        const=True,
        help="serve HTTPS with a certificate made for the purpose (needs the extra `https`)",
    )
    add("--ca-file", metavar="FILE", help="implies --https; where to write what clients must trust")
    return parser
