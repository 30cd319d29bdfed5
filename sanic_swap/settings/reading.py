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
from sanic_swap.settings.hints import is_placeholder, misspelt
from sanic_swap.settings.surroundings import surroundings
from sanic_swap.settings.table import Settings, Variable, known_names, variables

ENVIRONMENT = "environment"
_LAST_NEWLINE = re.compile(r"\r?\n\Z")


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
class Reading:
    """
    What environment and file say, right or wrong.

    Attributes:
        values: What could be read, by the name of the attribute in `Settings`.
        written: Where each setting that is set was found, likewise.
        problems: What could not be read.
        contradictions: What was read and does not go together.
        names_in_file: Every name that the file of settings has.
    """

    values: Mapping[str, Any]
    written: Mapping[str, Written]
    problems: list[Finding]
    contradictions: list[Finding]
    names_in_file: tuple[str, ...]

    @property
    def wrong(self) -> list[Finding]:
        """Everything for which the service does not start."""
        return [*self.problems, *self.contradictions]

    def settings(self) -> Settings:
        """
        Return the settings that were read.

        Raises:
            SettingsError: With every problem.
        """
        if self.wrong:
            raise SettingsError([str(finding) for finding in self.wrong])
        return Settings(**self.values)

    def as_far_as_read(self) -> Settings:
        """Return settings whatever is wrong: what could not be read is empty, or the default."""
        return _with_defaults(self.values)

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
    """
    Return what *environ* and the `NAME=value` lines of *env_file* say; *environ* wins.

    Args:
        now: Unix seconds, for tests.
    """
    problems: list[Finding] = []
    from_file = _read_env_file(env_file, problems) if env_file else {}
    sources = ((ENVIRONMENT, environ), (str(env_file), from_file))
    values: dict[str, Any] = {}
    written: dict[str, Written] = {}
    for attribute, variable in variables().items():
        found = _find(variable, sources, problems)
        if found is None:
            continue
        written[attribute] = found
        if variable.required and is_placeholder(found.text):
            problems.append(wrong(variable.name, "is still the placeholder of an example"))
            continue
        try:
            values[attribute] = variable.read(found.text)
        except ValueError as error:
            text, around = str(error), surroundings(found.text)
            if around and around not in text:
                text += f"; it has {around} next to it"
            problems.append(wrong(variable.name, text))
    settings = _with_defaults(values)
    against_each_other = contradictions(settings, {**from_file, **environ}, now())
    return Reading(values, written, problems, list(against_each_other), tuple(from_file))


def _with_defaults(values: Mapping[str, Any]) -> Settings:
    empty = {"client_id": "", "client_secret": Secret(""), "callback_urls": ()}
    return Settings(**{**empty, **values})


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
        if binding.error or (binding.key and binding.value is None):
            problems.append(wrong(str(path), f"line {line} is not NAME=value"))
        elif binding.key and binding.value is not None:
            found[binding.key] = binding.value
            lines_of.setdefault(binding.key, []).append(str(line))
    problems += [
        wrong(str(path), f"{name} is set on lines {' and '.join(numbers)}; keep one of them")
        for name, numbers in lines_of.items()
        if len(numbers) > 1 and name in known_names()
    ]
    return found


def is_of_kubernetes(name: str, texts: Mapping[str, str]) -> bool:
    """Say whether Kubernetes has set this variable, for a Service of that name."""
    return name.endswith("_PORT") and texts.get(name, "").startswith(("tcp://", "udp://"))


def _find(
    variable: Variable,
    sources: Sequence[tuple[str, Mapping[str, str]]],
    problems: list[Finding],
) -> Written | None:
    """Return the text of *variable* from the first of *sources* that sets it."""
    for place, texts in sources:
        if is_of_kubernetes(variable.name, texts):
            continue
        found = list(_spelled(variable, place, texts, problems))
        if len({written.text for written in found}) > 1:
            names = " and ".join(written.name for written in found)
            problems.append(wrong(variable.name, f"{names} have different values"))
        if found:
            return found[0]
    if variable.required and variable.name not in {problem.variable for problem in problems}:
        also = f" (or {', '.join(variable.aliases)})" if variable.aliases else ""
        known = known_names()
        unknown = [name for _, texts in sources for name in texts if name not in known]
        typo = misspelt(variable.spellings, unknown)
        hint = f"; {typo} is set: is that a typo?" if typo else ""
        problems.append(wrong(variable.name, f"is missing{also}{hint}"))
    return None


def _spelled(
    variable: Variable, place: str, texts: Mapping[str, str], problems: list[Finding]
) -> Iterator[Written]:
    """Yield the setting for each name under which *texts* has it."""
    for name in variable.spellings:
        text, path = texts.get(name), texts.get(f"{name}_FILE")
        if text and path:
            problems.append(wrong(variable.name, f"both {name} and {name}_FILE are set"))
        elif text:
            yield Written(text, name, place)
        elif path:
            try:
                text = Path(path).read_bytes().decode()
            except (OSError, ValueError) as error:
                why = f"the file of {name}_FILE cannot be read ({type(error).__name__})"
                problems.append(wrong(variable.name, why))
            else:
                yield Written(_LAST_NEWLINE.sub("", text), f"{name}_FILE", place)
        elif text == "" and name == "ENCRYPTION_SECRET":
            # Elsewhere empty means not set. Here, a secret store that failed to fill it in
            # would log everybody out at the next restart.
            why = "is empty; make one with `sanic-swap keygen`, or remove it"
            problems.append(wrong(name, why))
