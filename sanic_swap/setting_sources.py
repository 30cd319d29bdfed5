"""Where the text of a setting comes from: the environment, a file of settings, a file of its own.

Problems are collected, each naming its variable; none repeats a value.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sanic_swap.settings import Variable

_LAST_NEWLINE = re.compile(r"\r?\n\Z")
ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Written:
    """
    The text of one setting.

    Attributes:
        name: Under which it was found: the variable's, an alias, or one of them with `_FILE`.
        place: `environment`, or the path of the file of settings.
    """

    text: str = field(repr=False)
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Source:
    """Names and their texts, and what to call the place."""

    place: str
    texts: Mapping[str, str] = field(repr=False)


def read_env_file(path: Path, problems: list[str]) -> dict[str, str]:
    """Return what the `NAME=value` lines of *path* say."""
    # Imported here: most deployments have no file, and start-up time counts.
    from dotenv.parser import parse_stream

    try:
        with path.open(encoding="utf-8") as lines:
            bindings = list(parse_stream(lines))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path}: cannot be read ({type(error).__name__})")
        return {}
    problems += [
        f"{path}: line {binding.original.line} is not NAME=value"
        for binding in bindings
        if binding.error or (binding.key and binding.value is None)
    ]
    return {
        binding.key: binding.value
        for binding in bindings
        if binding.key and binding.value is not None
    }


def find(variable: Variable, sources: tuple[Source, ...], problems: list[str]) -> Written | None:
    """Return the text of *variable* from the first of *sources* that has it."""
    for source in sources:
        found = list(_spelled(variable, source, problems))
        if len({written.text for written in found}) > 1:
            names = " and ".join(written.name for written in found)
            problems.append(f"{variable.name}: {names} have different values")
        if found:
            return found[0]
    if variable.required and not any(problem.startswith(variable.name) for problem in problems):
        also = f" (or {', '.join(variable.aliases)})" if variable.aliases else ""
        problems.append(f"{variable.name}: is missing{also}")
    return None


def _spelled(variable: Variable, source: Source, problems: list[str]) -> Iterator[Written]:
    """Yield the setting under each name that *source* has for it."""
    for name in variable.spellings:
        text, path = source.texts.get(name), source.texts.get(f"{name}_FILE")
        if text and path:
            problems.append(f"{variable.name}: both {name} and {name}_FILE are set")
        elif text:
            yield Written(text, name, source.place)
        elif path:
            try:
                text = Path(path).read_bytes().decode()
            except (OSError, ValueError) as error:
                problems.append(
                    f"{variable.name}: the file of {name}_FILE cannot be read"
                    f" ({type(error).__name__})"
                )
            else:
                yield Written(_LAST_NEWLINE.sub("", text), f"{name}_FILE", source.place)
        elif text == "" and name == "ENCRYPTION_SECRET":
            # Elsewhere empty means not set. Here a secret store that failed to fill it in
            # would silently log everyone out at the next restart.
            problems.append(f"{name}: is empty; make one with `sanic-swap keygen`, or remove it")
