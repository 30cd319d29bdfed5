"""`check`: says what is wrong or risky about the settings before they are deployed."""

import asyncio
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sanic_swap.commands.against import Loss, losses
from sanic_swap.commands.report import Report, rows
from sanic_swap.errors import CredentialsRefused, SpotifyError
from sanic_swap.settings.findings import Finding, Level
from sanic_swap.settings.reading import Reading, read
from sanic_swap.settings.risks import risks
from sanic_swap.settings.table import Settings
from sanic_swap.settings.values import opening_secrets

_NARROWEST, _WIDEST = 80, 100  # characters
# What must be right before Spotify can be asked, and before tokens can be compared.
_ASKS_SPOTIFY = ("client_id", "client_secret", "accounts_url")
_SEALS = ("client_id", "accounts_url", "encryption_secret", "previous_secrets", "retired_key_ids")
_REFUSES = ("unknown_key", "revoke_before", "legacy_tokens", "legacy_secrets", "legacy_closes_at")


def check(
    environ: Mapping[str, str],
    *,
    env_file: Path | None,
    against: Path | None,
    offline: bool,
    as_json: bool,
) -> int:
    """
    Print everything that is known about the settings, and return the exit code.

    Args:
        against: A file of older settings, whose tokens should still open.
        offline: Do not ask Spotify.
    """
    reading = read(environ, env_file=env_file)
    report = Report(rows(reading), list(_of_settings(reading, environ)), [])
    if offline:
        not_asked = "not tried (--offline)"
        report.findings.append(Finding(Level.NOT_KNOWN, "CLIENT_ID, CLIENT_SECRET", not_asked))
    elif not reading.wrong_about(*_ASKS_SPOTIFY):
        report.findings.append(asyncio.run(_of_spotify(reading.as_far_as_read())))
    if against is not None:
        findings, report.losses = _compare(against, reading)
        report.findings += findings
    width = min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
    print(report.as_json() if as_json else report.as_text(width))
    return report.exit_code


def _of_settings(reading: Reading, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield from reading.wrong
    wrong = {finding.variable for finding in reading.wrong}
    for risk in risks(reading.as_far_as_read(), environ, reading.names_in_file):
        # A wrong setting has its default here, about which nothing needs to be said.
        if risk.variable not in wrong:
            yield risk
    if not wrong:
        count = len(reading.written)
        yield Finding(Level.FINE, "", f"{count} settings are set, and the service can start")


async def _of_spotify(settings: Settings) -> Finding:
    """Ask Spotify whether it takes CLIENT_ID and CLIENT_SECRET."""
    # Imported here: nothing else of `check` needs an HTTP client.
    from sanic_swap.spotify.accounts import SpotifyAccounts

    level, text = Level.FINE, "accepted by Spotify"
    async with SpotifyAccounts(
        settings.accounts_url.url,
        settings.client_id,
        settings.client_secret,
        timeout_seconds=settings.spotify_timeout,
    ) as spotify:
        try:
            await spotify.verify_credentials(settings.spotify_timeout)
        except CredentialsRefused:
            level, text = Level.WRONG, "refused by Spotify"
        except SpotifyError as error:
            level, text = Level.RISKY, f"could not be tried: {error}"
    return Finding(level, "CLIENT_ID, CLIENT_SECRET", text)


def _compare(path: Path, reading: Reading) -> tuple[list[Finding], list[Loss]]:
    """Return what happens to the tokens of the settings in *path*."""
    place = str(path)
    old, wrong = _older(path)
    findings = [
        problem if problem.variable == place else Finding(Level.WRONG, place, str(problem))
        for problem in wrong
    ]
    if wrong or reading.wrong_about(*_SEALS, *_REFUSES):
        not_compared = "not compared, because settings are wrong"
        return [*findings, Finding(Level.NOT_KNOWN, place, not_compared)], []
    name_it = "set LEGACY_TOKENS=node, ruby, fernet or plain in it"
    lost = losses(old, reading.as_far_as_read(), time.time())
    if old.is_of_another_service and not old.legacy_tokens:
        # Whether its tokens open depends on their format.
        doubt = f"belongs to another swap service (its ENCRYPTION_SECRET makes no key); {name_it}"
        return [Finding(Level.RISKY, place, doubt)], lost
    if not old.legacy_tokens and (old.current_key is None or old.current_key.from_passphrase):
        doubt = f"is taken for settings of this service; if they are another's, {name_it}"
        findings.append(Finding(Level.NOT_KNOWN, place, doubt))
    if not lost:
        findings.append(Finding(Level.FINE, place, "every token of these settings still opens"))
    return findings, lost


def _older(path: Path) -> tuple[Settings, list[Finding]]:
    """
    Return older settings, and the problems that concern tokens.

    They may be another swap service's, with which this one would not start: a secret that
    makes no key of ours is kept without a key.
    """
    reading = read({}, env_file=path)
    settings = reading.as_far_as_read()
    about_tokens = reading.wrong_about(*_SEALS, *_REFUSES)
    wrong = [problem for problem in about_tokens if problem in reading.problems]
    written = reading.written.get("encryption_secret")
    match opening_secrets(written.text) if written else ():
        case (secret,) if secret.key is None:
            settings = replace(settings, encryption_secret=secret)
            wrong = [problem for problem in wrong if problem.variable != "ENCRYPTION_SECRET"]
    return settings, wrong
