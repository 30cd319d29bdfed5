"""Reads the settings from the environment and files, and finds everything wrong at once."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from sanic_swap.errors import SettingsError
from sanic_swap.secret import Secret
from sanic_swap.settings.table import Settings, Variable, contradictions, known_names, variables
from sanic_swap.settings.values import surroundings

ENVIRONMENT = "environment"
# What examples write where a value belongs.
_PLACEHOLDER = r"…|\.{3}|<.*>|change[-_ ]?me|your[-_ ][\w -]*|x{3,}|todo"
_SIMILARITY = 0.8  # of two names; 1 is equal, CALBACK_URL is 0.96 of CALLBACK_URL


class Level(Enum):
    """How bad a finding is, the worst first."""

    WRONG = "wrong"
    RISKY = "risky"
    NOT_KNOWN = "not known"
    NOTE = "note"
    FINE = "fine"


class Finding(NamedTuple):
    """One thing that was found about settings; it contains no secret."""

    level: Level
    variable: str  # the setting or settings, or their file; "" for all
    text: str
    at_start: bool = False  # whether each start of the service logs it, or `check` alone says it

    def __str__(self) -> str:
        return f"{self.variable}: {self.text}" if self.variable else self.text


class Written(NamedTuple):
    """The text of one setting, and where it was found."""

    text: Secret
    name: str  # the variable's, an alias, or one of them with `_FILE`
    place: str  # `ENVIRONMENT`, or the path of the file of settings


class Reading:
    """What environment and file say, right or wrong."""

    as_far_as_read: Settings  # whatever is wrong; what could not be read is empty, or the default

    def __init__(self, env_file: Path | None) -> None:
        self.env_file = env_file
        self.values: dict[str, Any] = {}  # what could be read, by its attribute in `Settings`
        self.written: dict[str, Written] = {}  # each setting that is set, likewise
        self.problems: list[Finding] = []  # what could not be read
        self.wrong: list[Finding] = []  # that, and what could and does not go together
        self.names_in_file: list[str] = []  # settings or not

    def settings(self) -> Settings:
        """Return the settings that were read; raise SettingsError with everything wrong."""
        if self.wrong:
            raise SettingsError([str(finding) for finding in self.wrong])
        return self.as_far_as_read

    def wrong_about(self, *attributes: str) -> list[Finding]:
        """Return what is wrong with these settings, or with the file that they stand in."""
        table = variables()
        others = {table[name].name for name in table.keys() - {*attributes}}
        return [finding for finding in self.wrong if finding.variable not in others]


def read(
    environ: Mapping[str, str],
    *,
    env_file: Path | None = None,
    now: Callable[[], float] = time.time,  # Unix seconds, for tests
) -> Reading:
    """Return what *environ* and the `NAME=value` lines of *env_file* say; *environ* wins."""
    reading = Reading(env_file)
    from_file = _read_env_file(env_file, reading.problems) if env_file else {}
    reading.names_in_file.extend(from_file)
    sources = {ENVIRONMENT: environ, str(env_file): from_file}
    for attribute, variable in variables().items():
        try:
            if found := _found(variable, sources):
                reading.written[attribute] = found[0]
                reading.values[attribute] = _value(variable, found)
        except ValueError as error:
            reading.problems.append(Finding(Level.WRONG, variable.name, str(error)))
    empty = {"client_id": "", "client_secret": Secret(""), "callback_urls": ()}
    reading.as_far_as_read = settings = Settings(**{**empty, **reading.values})
    reading.wrong.extend(reading.problems)
    known = {problem.variable for problem in reading.problems}
    for name, text in contradictions(settings, {**from_file, **environ}, now()):
        if name not in known:  # it has its default there, and has been told
            reading.wrong.append(Finding(Level.WRONG, name, text))
    return reading


def _read_env_file(path: Path, problems: list[Finding]) -> dict[str, str]:
    # Imported here: most deployments have no file, and start-up time counts.
    from dotenv.parser import parse_stream

    def complain(text: str) -> None:
        problems.append(Finding(Level.WRONG, str(path), text))

    try:
        with path.open(encoding="utf-8-sig") as lines:
            bindings = list(parse_stream(lines))
    except (OSError, UnicodeDecodeError) as error:
        complain(f"cannot be read ({type(error).__name__})")
        return {}
    found: dict[str, str] = {}
    lines_of: dict[str, list[str]] = {}
    for binding in bindings:
        text = binding.original.string
        line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
        if binding.key and binding.value is not None:
            found[binding.key] = binding.value
            lines_of.setdefault(binding.key, []).append(str(line))
        elif binding.key or binding.error:
            complain(f"line {line} is not NAME=value")
    for name, numbers in lines_of.items():
        if len(numbers) > 1 and name in known_names():
            complain(f"{name} is set on lines {' and '.join(numbers)}; keep one of them")
    return found


def is_of_kubernetes(name: str, texts: Mapping[str, str]) -> bool:
    """Say whether Kubernetes has set this variable, for a Service of that name."""
    return name.endswith("_PORT") and texts.get(name, "").startswith(("tcp://", "udp://"))


def similar(name: str, names: Iterable[str]) -> str | None:
    """Return the one of *names* that is most like *name*, if one is so much that it is a typo."""
    # Imported here: most starts miss nothing, and start-up time counts.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, 1, _SIMILARITY)), None)


def _found(variable: Variable, sources: Mapping[str, Mapping[str, str]]) -> list[Written]:
    """Return how the first of *sources* that has *variable* writes it, under each of its names.

    Raise ValueError if it is required and missing, or cannot be found out.
    """
    for place, texts in sources.items():
        if is_of_kubernetes(variable.name, texts):
            continue
        if found := list(_spelled(variable, place, texts)):
            return found
    if variable.required:
        also = f" (or {', '.join(variable.aliases)})" if variable.aliases else ""
        known = known_names()
        unknown = [name for texts in sources.values() for name in texts if name not in known]
        typo = next(filter(None, (similar(name, unknown) for name in variable.spellings)), None)
        hint = f"; {typo} is set: is that a typo?" if typo else ""
        raise ValueError(f"is missing{also}{hint}")
    return []


def _spelled(variable: Variable, place: str, texts: Mapping[str, str]) -> Iterator[Written]:
    """Yield the setting for each name under which *texts* has it."""
    for name in variable.spellings:
        text, path = texts.get(name), texts.get(f"{name}_FILE")
        if text and path:
            raise ValueError(f"both {name} and {name}_FILE are set")
        if text:
            yield Written(Secret(text), name, place)
        elif path:
            try:
                text = Path(path).read_bytes().decode()
            except (OSError, ValueError) as error:
                why = f"the file of {name}_FILE cannot be read ({type(error).__name__})"
                raise ValueError(why) from None
            yield Written(Secret(re.sub(r"\r?\n\Z", "", text)), f"{name}_FILE", place)
        elif text == "" and name == "ENCRYPTION_SECRET":
            # Elsewhere empty means not set. Here, a secret store that failed to fill it in
            # would log everybody out at the next restart.
            raise ValueError("is empty; make one with `sanic-swap keygen`, or remove it")


def _value(variable: Variable, found: Sequence[Written]) -> object:
    """Return what the text means; raise ValueError, without the text, if it means nothing."""
    secret = found[0].text
    if any(other.text != secret for other in found):
        names = " and ".join(written.name for written in found)
        raise ValueError(f"{names} have different values")
    text = secret.reveal()
    if variable.required and re.fullmatch(_PLACEHOLDER, text.strip().lower()):
        raise ValueError("is still the placeholder of an example")
    try:
        text.encode()
        return variable.read(text)
    except UnicodeEncodeError:
        raise ValueError("is not valid UTF-8") from None
    except ValueError as error:
        complaint, around = str(error), surroundings(text)
        if around and around not in complaint:
            complaint += f"; it has {around} next to it"
        raise ValueError(complaint) from None
