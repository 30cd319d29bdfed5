"""The findings of `check` as a text table or as JSON, without secrets."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sanic_swap.check.against import Loss
from sanic_swap.sealing.keys import RootKey
from sanic_swap.secret import Secret
from sanic_swap.settings.findings import Finding, Level
from sanic_swap.settings.reading import ENVIRONMENT, Reading
from sanic_swap.settings.table import Settings, variables
from sanic_swap.settings.values import SealingSecret
from sanic_swap.swap.limits import Rate

_INDENT = "  "
_SHOWN_OF_CLIENT_ID = 8  # characters; a client secret put there by mistake stays hidden
# Defaults that follow from other settings, and the properties that compute them.
_COMPUTED = {"drain_timeout": "drain_seconds", "max_connections": "connection_limit"}
# Moments and durations are shown as the operator wrote them.
_AS_WRITTEN = ("legacy_closes_at", "refresh_token_lifetime", "revoke_before")


@dataclass(frozen=True, slots=True)
class Row:
    """One setting; *value* is no secret."""

    name: str
    value: str
    source: str


@dataclass(slots=True)
class Report:
    """Everything that `check` says; *losses* compare with older settings."""

    rows: list[Row]
    findings: list[Finding]
    losses: list[Loss]
    only_errors: bool = False

    @property
    def exit_code(self) -> int:
        """2 if something is wrong, 1 if it is risky or a token would not open, else 0."""
        levels = {finding.level for finding in self.findings}
        if Level.WRONG in levels:
            return 2
        if self.only_errors:
            return 0
        return 1 if Level.RISKY in levels or self.losses else 0

    def as_json(self) -> str:
        """Return one JSON object."""
        report: dict[str, object] = {
            "exit_code": self.exit_code,
            "settings": [asdict(row) for row in self.rows],
            **{level.value.replace(" ", "_"): self._texts(level) for level in Level},
            "losses": [{**asdict(loss), "fate": loss.fate.value} for loss in self.losses],
        }
        return json.dumps(report)

    def as_text(self, width: int) -> str:
        """Return lines of at most *width* characters, as far as words allow."""
        return "\n".join(self._lines(width))

    def _lines(self, width: int) -> Iterator[str]:
        yield "Settings"
        names = max(len(row.name) for row in self.rows)
        sources = max(len(row.source) for row in self.rows)
        for row in self.rows:
            # Last, so that a long address stays in one piece.
            head = f"{_INDENT}{row.name:{names}}  {row.source:{sources}}  "
            yield from _wrapped(row.value, width, head, " " * len(head))
        counts = []
        for level in Level:
            if texts := self._texts(level):
                yield f"\n{level.value.capitalize()}"
                for text in texts:
                    yield from _wrapped(text, width)
                if level in (Level.WRONG, Level.RISKY):
                    counts.append(f"{len(texts)} {level.value}")
        if self.losses:
            counts.append("tokens would not open")
            yield "\nAffected users (held: 503 until it is fixed; logged out: invalid_grant)"
            for loss in self.losses:
                text = f"{loss.fate.value}: {loss.who}. {loss.what}. Remedy: {loss.remedy}"
                yield from _wrapped(text, width)
        in_sum = ", ".join(counts) or "Nothing wrong, nothing risky"
        yield f"\n{in_sum} (exit code {self.exit_code})"

    def _texts(self, level: Level) -> list[str]:
        return [str(finding) for finding in self.findings if finding.level is level]


def rows(reading: Reading, *, with_defaults: bool = True) -> list[Row]:
    """Return one row for each setting; without defaults for those that are set or should be."""
    return [
        Row(variable.name, _value(attribute, reading), _source(attribute, reading))
        for attribute, variable in variables().items()
        if with_defaults
        or attribute in reading.written
        or variable.required
        or attribute == "encryption_secret"
    ]


def _value(attribute: str, reading: Reading) -> str:
    written = reading.written.get(attribute)
    if written and attribute not in reading.values:
        return "wrong, see below"
    if written is None and variables()[attribute].required:
        return "missing"
    if attribute in _AS_WRITTEN:
        return written.text if written else "not set"
    settings = reading.as_far_as_read()
    value = _shown(getattr(settings, _COMPUTED.get(attribute, attribute)), settings)
    if attribute == "client_id":
        return f"{value[:_SHOWN_OF_CLIENT_ID]}…"
    return "temporary key" if attribute == "encryption_secret" and not written else value


def _shown(value: object, settings: Settings) -> str:
    """Return *value* without secrets, which hide themselves."""
    match value:
        case None | ():
            return "not set"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case SealingSecret(key=RootKey() as key) if settings.client_id:
            return f"set, key {settings.key_id(key)}"
        case Secret():
            return "set"
        case Rate():
            return f"{value.requests} in {value.seconds} s"
        case tuple():
            separator = "; " if isinstance(value[0], SealingSecret) else ", "
            return separator.join(_shown(one, settings) for one in value)
    return str(value)


def _source(attribute: str, reading: Reading) -> str:
    written = reading.written.get(attribute)
    if written is None:
        return "default"
    place = written.place if written.place == ENVIRONMENT else Path(written.place).name
    is_usual = written.name == variables()[attribute].name
    return place if is_usual else f"{written.name} in {place}"


def _wrapped(text: str, width: int, first: str = _INDENT, others: str = _INDENT * 2) -> list[str]:
    wrapper = textwrap.TextWrapper(width, first, others, break_long_words=False)
    wrapper.break_on_hyphens = False
    return wrapper.wrap(text)
