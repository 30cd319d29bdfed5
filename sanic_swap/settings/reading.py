"""Reads the settings from the environment and files, and reports all problems at once."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sanic_swap.errors import SettingsError
from sanic_swap.secret import Secret
from sanic_swap.settings.findings import Finding, contradictions, wrong
from sanic_swap.settings.table import Settings, Variable, known_names, variables
from sanic_swap.settings.typos import is_placeholder, similar, surroundings

ENVIRONMENT = "environment"
_LAST_NEWLINE = re.compile(r"\r?\n\Z")


@dataclass(frozen=True, slots=True)
class Written:
    """The text of one setting.

    Attributes:
        name: Under which it was found: the variable's, an alias, or one of them with `_FILE`.
        place: `environment`, or the path of the file of settings.
    """

    text: str = field(repr=False)
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What environment and file say, right or wrong.

    Attributes:
        values: What could be read, by the name of the attribute in `Settings`.
        written: Where each setting that is set was found, likewise.
        problems: What could not be read.
        contradictions: What was read and does not go together.
        names_in_file: Every name that the file of settings has.
    """

    values: dict[str, Any] = field(default_factory=dict)
    written: dict[str, Written] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)
    contradictions: list[Finding] = field(default_factory=list)
    names_in_file: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[Finding]:
        """Everything for which the service does not start."""
        return [*self.problems, *self.contradictions]

    def settings(self) -> Settings:
        """Return the settings that were read.

        Raises:
            SettingsError: With every problem.
        """
        if self.wrong:
            raise SettingsError([str(finding) for finding in self.wrong])
        return Settings(**self.values)

    def as_far_as_read(self) -> Settings:
        """Return settings whatever is wrong: what could not be read is empty, or the default."""
        empty = {"client_id": "", "client_secret": Secret(""), "callback_urls": ()}
        return Settings(**{**empty, **self.values})

    def wrong_about(self, *attributes: str) -> list[Finding]:
        """Return what is wrong with these settings, or with the file that they stand in."""
        table = variables()
        others = {table[name].name for name in table.keys() - {*attributes}}
        return [finding for finding in self.wrong if finding.variable not in others]


def read(
    environ: Mapping[str, str],
    *,
    env_file: Path | None = None,
    now: Callable[[], float] = time.time,
) -> Reading:
    """Return what *environ* and the `NAME=value` lines of *env_file* say; *environ* wins.

    Args:
        now: Unix seconds, for tests.
    """
    reading = Reading()
    from_file = _read_env_file(env_file, reading.problems) if env_file else {}
    reading.names_in_file.extend(from_file)
    sources = {ENVIRONMENT: environ, str(env_file): from_file}
    for attribute, variable in variables().items():
        try:
            if found := _found(variable, sources):
                reading.written[attribute] = found[0]
                reading.values[attribute] = _value(variable, found)
        except ValueError as error:
            reading.problems.append(wrong(variable.name, str(error)))
    # What could not be read has been told, and has its default here.
    known = {problem.variable for problem in reading.problems}
    for finding in contradictions(reading.as_far_as_read(), {**from_file, **environ}, now()):
        if finding.variable not in known:
            reading.contradictions.append(finding)
    return reading


def _read_env_file(path: Path, problems: list[Finding]) -> dict[str, str]:
    """Return what the `NAME=value` lines of *path* say."""
    # Imported here: most deployments have no file, and start-up time counts.
    from dotenv.parser import parse_stream

    try:
        with path.open(encoding="utf-8-sig") as lines:
            bindings = list(parse_stream(lines))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(wrong(str(path), f"cannot be read ({type(error).__name__})"))
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
            problems.append(wrong(str(path), f"line {line} is not NAME=value"))
    for name, numbers in lines_of.items():
        if len(numbers) > 1 and name in known_names():
            text = f"{name} is set on lines {' and '.join(numbers)}; keep one of them"
            problems.append(wrong(str(path), text))
    return found


def is_of_kubernetes(name: str, texts: Mapping[str, str]) -> bool:
    """Say whether Kubernetes has set this variable, for a Service of that name."""
    return name.endswith("_PORT") and texts.get(name, "").startswith(("tcp://", "udp://"))


def _found(variable: Variable, sources: Mapping[str, Mapping[str, str]]) -> list[Written]:
    """Return *variable* as the first of *sources* that has it writes it, under each of its names.

    Raises:
        ValueError: If it is missing though required, or cannot be found out.
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
            yield Written(text, name, place)
        elif path:
            try:
                text = Path(path).read_bytes().decode()
            except (OSError, ValueError) as error:
                why = f"the file of {name}_FILE cannot be read ({type(error).__name__})"
                raise ValueError(why) from None
            yield Written(_LAST_NEWLINE.sub("", text), f"{name}_FILE", place)
        elif text == "" and name == "ENCRYPTION_SECRET":
            # Elsewhere empty means not set. Here, a secret store that failed to fill it in
            # would log everybody out at the next restart.
            raise ValueError("is empty; make one with `sanic-swap keygen`, or remove it")


def _value(variable: Variable, found: Sequence[Written]) -> object:
    """Return what the text means; raise ValueError, without the text, if it means nothing."""
    text = found[0].text
    if any(other.text != text for other in found):
        names = " and ".join(written.name for written in found)
        raise ValueError(f"{names} have different values")
    if variable.required and is_placeholder(text):
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
