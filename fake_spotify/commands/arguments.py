"""Reads options, which `options.json` lists for each command."""

import argparse
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from fake_spotify import options
from fake_spotify.choices import ChoiceError
from fake_spotify.options import Settings


def _lifetime(value: str) -> float | str:
    return value if value == "never" else float(value)


_TYPES = {"int": int, "float": float, "lifetime": _lifetime}


def parser_of(command: str, **how: Any) -> argparse.ArgumentParser:  # noqa: ANN401 (argparse's)
    """Make the parser of *command*; *how* is for argparse."""
    parser = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **how
    )
    for option in json.loads(_read("options.json"))[command]:
        flags = option.pop("flags")
        if "type" in option:
            option["type"] = _TYPES[option["type"]]
        if "const" in option:
            option["action"] = "store_const"
        elif option.get("nargs") == "+":
            option["action"] = "extend"
        parser.add_argument(*flags, **option)
    return parser


def _read(name: str) -> str:
    return files("fake_spotify.commands").joinpath(name).read_text("utf-8")


def serving_parser(program: str = "fake-spotify") -> argparse.ArgumentParser:
    return parser_of(
        "serve",
        prog=program,
        description="A stand-in for accounts.spotify.com that is as strict as the real one.",
        epilog=_read("commands.txt") if program == "fake-spotify" else None,
    )


def read_settings(
    parser: argparse.ArgumentParser, arguments: Sequence[str], *, port: int = 8090
) -> Settings:
    """Read the command line, and the file that it names; an option wins over the file.

    A wrong option is a SystemExit with code 2, after a message that names it; --help has code 0.
    """
    parsed = vars(parser.parse_args(arguments))
    given = {"port": port, **{name: it for name, it in parsed.items() if it is not None}}
    if {"client_secret", "client_secret_file"} <= given.keys():
        parser.error("argument --client-secret-file: not allowed with argument --client-secret")
    try:
        return options.settings(given)
    except ChoiceError as error:
        name, _, problem = str(error).partition(": ")
        flags = [action.option_strings for action in parser._actions if action.dest == name]  # noqa: SLF001 (argparse has no other list)
        parser.error(f"argument {flags[0][0]}: {problem}" if flags else str(error))
