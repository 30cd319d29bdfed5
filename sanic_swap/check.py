"""`check`: what is wrong, risky or fine about the settings, before they cost something."""

import asyncio
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sanic_swap.check_report import Finding, Level, Report, rows
from sanic_swap.legacy_survival import is_of_another_service
from sanic_swap.risks import other_names, risks
from sanic_swap.setting_values import opening_secrets
from sanic_swap.settings import Settings
from sanic_swap.settings_reader import Reading, read
from sanic_swap.survival import losses

_NARROWEST, _WIDEST = 80, 100  # characters
# What has to be right before Spotify can be asked, and before tokens can be compared.
_ASKS_SPOTIFY = ("client_id", "client_secret", "accounts_url")
_MAKES_TOKENS = (
    "client_id",
    "accounts_url",
    "encryption_secret",
    "previous_secrets",
    "retired_key_ids",
    "unknown_key",
    "revoke_before",
    "legacy_tokens",
    "legacy_secrets",
    "legacy_closes_at",
)


def check(
    environ: Mapping[str, str],
    *,
    env_file: Path | None,
    against: Path | None,
    offline: bool,
    as_json: bool,
) -> int:
    """
    Print everything that can be said about the settings, and return the exit code.

    Args:
        against: Older settings, whose tokens should still open.
        offline: Do not ask Spotify.
    """
    reading = read(environ, env_file=env_file)
    report = Report(rows(reading), list(_of_settings(reading, environ)), [])
    if offline:
        report.add(Level.NOT_KNOWN, "CLIENT_ID, CLIENT_SECRET: Spotify was not asked (--offline)")
    elif not reading.wrong_about(*_ASKS_SPOTIFY):
        # Imported here: nothing else of `check` needs an HTTP client.
        from sanic_swap.check_spotify import finding_of_spotify

        report.findings.append(asyncio.run(finding_of_spotify(reading.as_far_as_read())))
    if against is not None:
        _compare(against, reading, report)
    width = min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
    print(report.as_json() if as_json else report.as_text(width))
    return report.exit_code


def _of_settings(reading: Reading, environ: Mapping[str, str]) -> Iterator[Finding]:
    wrong = [*reading.problems, *reading.contradictions]
    yield from (Finding(Level.WRONG, problem) for problem in wrong)
    for risk in risks(reading.as_far_as_read(), environ, reading.names_in_file):
        # Of what is wrong already, the default that stands in for it says nothing.
        if not any(risk.partition(":")[0] == problem.partition(":")[0] for problem in wrong):
            yield Finding(Level.RISKY, risk)
    if others := other_names(reading.names_in_file):
        yield Finding(Level.NOT_KNOWN, f"{', '.join(others)}: in the file, but no setting of ours")
    if not wrong:
        yield Finding(Level.FINE, f"{len(reading.written)} settings are set, and make a service")


def _compare(against: Path, reading: Reading, report: Report) -> None:
    """Add what becomes of the tokens that the settings in *against* have made."""
    old, wrong = _older(against)
    for problem in wrong:
        named = problem if problem.startswith(str(against)) else f"{against}: {problem}"
        report.add(Level.WRONG, named)
    if wrong or reading.wrong_about(*_MAKES_TOKENS):
        report.add(Level.NOT_KNOWN, f"{against}: not compared, because something is wrong")
        return
    is_of_another = is_of_another_service(old) and not old.legacy_tokens
    if doubt := _doubt(old):
        # Which tokens another service has made decides on whether they open.
        report.add(Level.RISKY if is_of_another else Level.NOT_KNOWN, f"{against}: {doubt}")
    report.losses += losses(old, reading.as_far_as_read(), time.time())
    if not report.losses and not is_of_another:
        report.add(Level.FINE, f"{against}: every token that it made or took still opens")


def _doubt(old: Settings) -> str | None:
    """Say what the settings leave open about the service that had them."""
    if old.legacy_tokens:
        return None
    name_it = "LEGACY_TOKENS=node, ruby, fernet or plain in it says which tokens it has made"
    if is_of_another_service(old):
        return f"its ENCRYPTION_SECRET makes no key, so another swap service's; {name_it}"
    secret = old.encryption_secret
    if secret is None or secret.key is None or secret.key.from_passphrase:
        return f"taken for settings of this service; if another had them, {name_it}"
    return None


def _older(path: Path) -> tuple[Settings, list[str]]:
    """
    Return older settings, and what is wrong with them as far as it matters to tokens.

    They may be another swap service's: a secret from which no key of ours is made stays in
    them without a key, and that this service would not start with them is no matter.
    """
    reading = read({}, env_file=path)
    settings = reading.as_far_as_read()
    wrong = [text for text in reading.wrong_about(*_MAKES_TOKENS) if text in reading.problems]
    written = reading.written.get("encryption_secret")
    match opening_secrets(written.text) if written else ():
        case (secret,) if secret.key is None:
            settings = replace(settings, encryption_secret=secret)
            wrong = [text for text in wrong if not text.startswith("ENCRYPTION_SECRET:")]
    return settings, wrong
