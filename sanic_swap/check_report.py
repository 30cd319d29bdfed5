"""What `check` has found, as a table for people or one JSON object; no secret is in either."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sanic_swap.loss import Loss
from sanic_swap.setting_sources import ENVIRONMENT, Written
from sanic_swap.setting_values import AccountsUrl, SealingSecret
from sanic_swap.settings import Settings, variables
from sanic_swap.settings_reader import Reading

_INDENT = "  "
_SHOWN_OF_CLIENT_ID = 8  # enough to know it by; whoever swaps id and secret gives little away
# Values that are shown as they were written, because no secret can be read as one.
_AS_WRITTEN = ("legacy_closes_at", "refresh_token_lifetime", "revoke_before")
# Texts that are shown as they were read. Another text may hold a password: it is "set".
_SHOWN = frozenset(
    {
        "callback_urls",
        "cors_origins",
        "host",
        "legacy_tokens",
        "log_format",
        "log_level",
        "metrics_host",
        "real_ip_header",
        "retired_key_ids",
        "unknown_key",
    }
)


class Level(Enum):
    """What a finding means, the worst first."""

    WRONG = "wrong"
    RISKY = "risky"
    NOT_KNOWN = "not known"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; the text begins with the name of a variable."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: its name, its value as far as it may be seen, and where it stands."""

    name: str
    value: str
    source: str


@dataclass(slots=True)
class Report:
    """
    Everything that `check` has to say.

    Attributes:
        losses: What would log out or hold whom, compared with older settings.
    """

    rows: list[Row]
    findings: list[Finding]
    losses: list[Loss]

    def add(self, level: Level, text: str) -> None:
        """Add one finding."""
        self.findings.append(Finding(level, text))

    @property
    def exit_code(self) -> int:
        """2 if something is wrong, 1 if it is risky or a token would not open, else 0."""
        levels = {finding.level for finding in self.findings}
        if Level.WRONG in levels:
            return 2
        return 1 if Level.RISKY in levels or self.losses else 0

    def as_json(self) -> str:
        """Return one JSON object."""
        told: dict[str, object] = {
            "exit_code": self.exit_code,
            "settings": [
                {"name": row.name, "value": row.value, "source": row.source} for row in self.rows
            ],
        }
        for level in Level:
            told[level.value.replace(" ", "_")] = self._texts(level)
        told["losses"] = [
            {"what": loss.what, "who": loss.who, "fate": loss.fate.value, "remedy": loss.remedy}
            for loss in self.losses
        ]
        return json.dumps(told)

    def as_text(self, width: int) -> str:
        """Return lines of at most *width* characters, as far as words allow."""
        return "\n".join([*self._table(width), *self._sections(width), "", self._verdict()])

    def _table(self, width: int) -> Iterator[str]:
        yield "Settings"
        names = max(len(row.name) for row in self.rows)
        sources = max(len(row.source) for row in self.rows)
        for row in self.rows:
            # Last, so that a long address stays in one piece.
            head = f"{_INDENT}{row.name:{names}}  {row.source:{sources}}  "
            yield from _wrapped(row.value, width, head, " " * len(head))

    def _sections(self, width: int) -> Iterator[str]:
        for level in Level:
            if texts := self._texts(level):
                yield f"\n{level.value.capitalize()}"
                for text in texts:
                    yield from _wrapped(text, width)
        if self.losses:
            yield "\nWho would notice (held: 503 until it is mended; logged out: invalid_grant)"
            for loss in self.losses:
                told = f"{loss.fate.value}: {loss.who}. {loss.what}. Remedy: {loss.remedy}"
                yield from _wrapped(told, width)

    def _verdict(self) -> str:
        counts = [
            f"{len(texts)} {level.value}"
            for level in (Level.WRONG, Level.RISKY)
            if (texts := self._texts(level))
        ]
        if self.losses:
            counts.append("tokens would not open")
        return f"{', '.join(counts) or 'Nothing wrong, nothing risky'} (exit code {self.exit_code})"

    def _texts(self, level: Level) -> list[str]:
        return [finding.text for finding in self.findings if finding.level is level]


def rows(reading: Reading) -> list[Row]:
    """Return one row for each setting there is, set or not."""
    effective = reading.as_far_as_read()
    return [
        Row(
            variable.name,
            _value(attribute, reading, effective),
            _source(variable.name, reading.written.get(attribute)),
        )
        for attribute, variable in variables().items()
    ]


def _value(attribute: str, reading: Reading, effective: Settings) -> str:
    if attribute in reading.written and attribute not in reading.values:
        return "wrong, see below"
    if attribute not in reading.written and variables()[attribute].required:
        return "missing"
    match attribute:
        case "client_id":
            return f"{effective.client_id[:_SHOWN_OF_CLIENT_ID]}…"
        case "encryption_secret" if effective.encryption_secret is None:
            return "made up at start"
        case "drain_timeout":
            return f"{effective.drain_seconds:g}"
        case "rate_limit" if effective.rate_limit:
            return ", ".join(
                f"{rate.requests} in {rate.seconds} s" for rate in effective.rate_limit
            )
        case "max_connections":
            return str(effective.connection_limit)
        case name if name in _AS_WRITTEN:
            written = reading.written.get(attribute)
            return written.text if written else "not set"
    return _shown(attribute, getattr(effective, attribute))


def _shown(attribute: str, value: object) -> str:
    match value:
        case None | ():
            return "not set"
        case bool():
            return "on" if value else "off"
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case AccountsUrl():
            return value.url
        case SealingSecret():
            return f"set, key {value.key.key_id}" if value.key else "set, makes no key"
        case tuple() if all(isinstance(entry, SealingSecret) for entry in value):
            return "; ".join(_shown(attribute, entry) for entry in value)
        case tuple() if attribute in _SHOWN:
            return ", ".join(map(str, value))
        case str() if attribute in _SHOWN:
            return value
    return "set"


def _source(name: str, written: Written | None) -> str:
    if written is None:
        return "default"
    place = written.place if written.place == ENVIRONMENT else Path(written.place).name
    return place if written.name == name else f"{written.name} in {place}"


def _wrapped(text: str, width: int, first: str = _INDENT, others: str = _INDENT * 2) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
