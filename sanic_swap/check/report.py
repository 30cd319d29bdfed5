"""`check`: what is wrong or risky about the settings, as a text table or as JSON."""

import asyncio
import json
import shutil
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sanic_swap.check.against import Loss, losses
from sanic_swap.check.risks import ask_spotify, ask_store, risks
from sanic_swap.sealing.keys import RootKey
from sanic_swap.secret import Secret
from sanic_swap.server.kernel import allow_open_files
from sanic_swap.settings.reading import ENVIRONMENT, Finding, Level, Reading, read
from sanic_swap.settings.table import Settings, variables
from sanic_swap.settings.values import SealingSecret, opening_secrets
from sanic_swap.swap.limits import Rate

_NARROWEST, _WIDEST = 80, 100  # characters
_INDENT = "  "
_SHOWN_OF_CLIENT_ID = 8  # characters; a client secret put there by mistake stays hidden
# Defaults that follow from other settings, and the properties that compute them.
_COMPUTED = {"drain_timeout": "drain_seconds", "max_connections": "connection_limit"}
# Moments and durations are shown as the operator wrote them.
_AS_WRITTEN = ("legacy_closes_at", "refresh_token_lifetime", "revoke_before")
# What must be right before Spotify can be asked, and before tokens can be compared.
_ASKS_SPOTIFY: tuple[str, ...] = ("client_id", "client_secret", "accounts_url")
_SEALS = ("client_id", "accounts_url", "encryption_secret", "previous_secrets", "retired_key_ids")
_REFUSES = ("unknown_key", "revoke_before", "legacy_tokens", "legacy_secrets", "legacy_closes_at")


class Row(NamedTuple):
    """One setting."""

    name: str
    value: str  # no secret
    source: str


class Report(NamedTuple):
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
        return int((Level.RISKY in levels or bool(self.losses)) and not self.only_errors)

    def as_json(self) -> str:
        """Return one JSON object."""
        report = {
            "exit_code": self.exit_code,
            "settings": [row._asdict() for row in self.rows],
            **{level.value.replace(" ", "_"): self._texts(level) for level in Level},
            "losses": [loss._asdict() | {"fate": loss.fate.value} for loss in self.losses],
        }
        return json.dumps(report)

    def lines(self, width: int) -> Iterator[str]:
        """Yield lines of at most *width* characters, as far as words allow."""
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


def check(
    environ: Mapping[str, str],
    *,
    env_file: Path | None,
    against: Path | None,  # older settings, whose tokens should still open
    offline: bool,  # ask neither Spotify nor the store
    as_json: bool,
    shows_defaults: bool,
    only_errors: bool,
) -> int:
    """Print everything that is known about the settings, and return the exit code."""
    reading = read(environ, env_file=env_file)
    findings = list(_of_settings(reading, environ))
    asked = {"CLIENT_ID, CLIENT_SECRET": (ask_spotify, _ASKS_SPOTIFY)}
    if reading.as_far_as_read.store_url is not None:
        asked["STORE_URL"] = (ask_store, ("store_url",))
    for name, (ask, needs) in asked.items():
        if offline:
            findings.append(Finding(Level.NOT_KNOWN, name, "not tried (--offline)"))
        elif not reading.wrong_about(*needs):
            level, text = asyncio.run(ask(reading.as_far_as_read))
            findings.append(Finding(level, name, text))
    compared, lost = _compare(against, reading) if against else ([], [])
    findings += compared
    report = Report(rows(reading, with_defaults=shows_defaults), findings, lost, only_errors)
    width = min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
    print(report.as_json() if as_json else "\n".join(report.lines(width)))
    return report.exit_code


def rows(reading: Reading, *, with_defaults: bool = True) -> list[Row]:
    """Return one row for each setting; without defaults for those that are set or should be."""
    chosen = {*reading.written, "encryption_secret"}
    return [
        Row(variable.name, _value(attribute, reading), _source(attribute, reading))
        for attribute, variable in variables().items()
        if with_defaults or variable.required or attribute in chosen
    ]


def _value(attribute: str, reading: Reading) -> str:
    written, settings = reading.written.get(attribute), reading.as_far_as_read
    if written and attribute not in reading.values:
        return "wrong, see below"
    if written is None and variables()[attribute].required:
        return "missing"
    if attribute in _AS_WRITTEN:
        return written.text.reveal() if written else "not set"
    if attribute == "client_id":
        return f"{settings.client_id[:_SHOWN_OF_CLIENT_ID]}…"
    if attribute == "encryption_secret" and not written:
        return "temporary key"
    return _shown(getattr(settings, _COMPUTED.get(attribute, attribute)), settings)


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
        case tuple() if type(value) is tuple:  # not a named one
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


def _of_settings(reading: Reading, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield from reading.wrong
    wrong = {finding.variable for finding in reading.wrong}
    for risk in risks(reading, environ):
        # A wrong setting has its default here, about which nothing needs to be said.
        if risk.level is Level.NOTE or risk.variable not in wrong:
            yield risk
    if not wrong:
        if (too_few := allow_open_files(reading.as_far_as_read)) is not None:
            yield too_few
        count = len(reading.written)
        yield Finding(Level.FINE, "", f"{count} settings are set, and the service can start")


def _compare(path: Path, reading: Reading) -> tuple[list[Finding], list[Loss]]:
    """Return what happens to the tokens of the settings in *path*."""
    place, new = str(path), reading.as_far_as_read
    old, wrong = _older(path, new)
    findings = [
        problem if problem.variable == place else Finding(Level.WRONG, place, str(problem))
        for problem in wrong
    ]
    if wrong or reading.wrong_about(*_SEALS, *_REFUSES):
        not_compared = "not compared, because settings are wrong"
        return [*findings, Finding(Level.NOT_KNOWN, place, not_compared)], []
    name_it = "set LEGACY_TOKENS=node, ruby, fernet or plain in it"
    lost = losses(old, new, time.time())
    if old.is_of_another_service and not old.legacy_tokens:
        # Whether its tokens open depends on their format.
        doubt = f"belongs to another swap service (its secret seals nothing here); {name_it}"
        return [Finding(Level.RISKY, place, doubt)], lost
    if not old.legacy_tokens and (old.current_key is None or old.current_key.from_passphrase):
        doubt = f"is taken for settings of this service; if they are another's, {name_it}"
        doubt += ", and move its ENCRYPTION_SECRET to LEGACY_SECRETS"
        findings.append(Finding(Level.NOT_KNOWN, place, doubt))
    if not lost:
        findings.append(Finding(Level.FINE, place, "every token of these settings still opens"))
    return findings, lost


def _older(path: Path, new: Settings) -> tuple[Settings, list[Finding]]:
    """Return older settings, and the problems that concern tokens.

    They may be another swap service's, with which this one would not start. Its secret is
    kept without a key: it makes none, or *new* says that it opens other services' tokens.
    """
    reading = read({}, env_file=path)
    settings = reading.as_far_as_read
    about_tokens = reading.wrong_about(*_SEALS, *_REFUSES)
    wrong = [problem for problem in about_tokens if problem in reading.problems]
    written = reading.written.get("encryption_secret")
    ours = (new.encryption_secret, *new.previous_secrets)
    with suppress(ValueError):  # it is not set, or what is wrong with it has been found
        [secret] = opening_secrets(written.text.reveal() if written else "")
        is_imported = secret.secret in new.legacy_secrets and secret not in ours
        if secret.key is None or (secret.key.from_passphrase and is_imported):
            settings = replace(settings, encryption_secret=secret._replace(key=None))
            wrong = [problem for problem in wrong if problem.variable != "ENCRYPTION_SECRET"]
    return settings, wrong
