"""`check`: says what is wrong or risky about the settings before they are deployed."""

import asyncio
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from sanic_swap.check.against import Loss, losses
from sanic_swap.check.report import Report, rows
from sanic_swap.check.risks import risks
from sanic_swap.errors import CredentialsRefused, SpotifyError
from sanic_swap.secret import Secret
from sanic_swap.server.kernel import allow_open_files
from sanic_swap.settings.findings import Finding, Level
from sanic_swap.settings.reading import Reading, read
from sanic_swap.settings.table import Settings
from sanic_swap.settings.values import SealingSecret, opening_secrets

_NARROWEST, _WIDEST = 80, 100  # characters
# What must be right before Spotify can be asked, and before tokens can be compared.
_ASKS_SPOTIFY: tuple[str, ...] = ("client_id", "client_secret", "accounts_url")
_SEALS = ("client_id", "accounts_url", "encryption_secret", "previous_secrets", "retired_key_ids")
_REFUSES = ("unknown_key", "revoke_before", "legacy_tokens", "legacy_secrets", "legacy_closes_at")


def check(
    environ: Mapping[str, str],
    *,
    env_file: Path | None,
    against: Path | None,
    offline: bool,
    as_json: bool,
    shows_defaults: bool,
    only_errors: bool,
) -> int:
    """Print everything that is known about the settings, and return the exit code.

    Args:
        against: A file of older settings, whose tokens should still open.
        offline: Do not ask Spotify or the store.
    """
    reading = read(environ, env_file=env_file)
    table = rows(reading, with_defaults=shows_defaults)
    report = Report(table, list(_of_settings(reading, environ)), [], only_errors=only_errors)
    report.findings += _of_file(env_file)
    settings = reading.as_far_as_read()
    asked = {"CLIENT_ID, CLIENT_SECRET": (_ASKS_SPOTIFY, _of_spotify)}
    if settings.store_url is not None:
        asked["STORE_URL"] = (("store_url",), _of_store)
    for name, (needs, ask) in asked.items():
        if offline:
            report.findings.append(Finding(Level.NOT_KNOWN, name, "not tried (--offline)"))
        elif not reading.wrong_about(*needs):
            level, text = asyncio.run(ask(settings))
            report.findings.append(Finding(level, name, text))
    if against is not None:
        findings, report.losses = _compare(against, reading)
        report.findings += findings
    width = min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
    print(report.as_json() if as_json else report.as_text(width))
    return report.exit_code


def _of_settings(reading: Reading, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield from reading.wrong
    wrong = {finding.variable for finding in reading.wrong}
    for risk in risks(reading.as_far_as_read(), environ, reading):
        # A wrong setting has its default here, about which nothing needs to be said.
        if risk.variable not in wrong:
            yield risk
    if not wrong:
        if (too_few := allow_open_files(reading.as_far_as_read())) is not None:
            yield too_few
        count = len(reading.written)
        yield Finding(Level.FINE, "", f"{count} settings are set, and the service can start")


def _of_file(path: Path | None) -> Iterator[Finding]:
    """Yield a note if other users of this machine can read a file of settings."""
    with suppress(OSError):
        mode = path.stat().st_mode if path else 0
        if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
            text = "other users of this machine can read it; chmod 600 prevents that"
            yield Finding(Level.NOTE, str(path), text)


async def _of_store(settings: Settings) -> tuple[Level, str]:
    # Imported here: it is an optional extra.
    from sanic_swap.store.redis import RedisStore

    store = RedisStore(settings.store_url or Secret(""))
    async with AsyncExitStack() as closing:
        closing.push_async_exit(store)  # entered, it would ask and log until it is answered
        reason = await store.failure()
    return (Level.RISKY, f"unreachable: {reason}") if reason else (Level.FINE, "answers")


async def _of_spotify(settings: Settings) -> tuple[Level, str]:
    # Imported here: nothing else of `check` needs an HTTP client.
    from sanic_swap.spotify.accounts import SpotifyAccounts

    host, seconds = settings.accounts_url.host, settings.spotify_timeout
    app = (settings.client_id, settings.client_secret)
    async with SpotifyAccounts(settings.accounts_url.url, *app, timeout_seconds=seconds) as spotify:
        try:
            await spotify.verify_credentials(seconds)
        except CredentialsRefused:
            return Level.WRONG, f"refused by {host}"
        except SpotifyError as error:
            return Level.RISKY, f"could not be tried at {host}: {error}"
    return Level.FINE, f"accepted by {host}"


def _compare(path: Path, reading: Reading) -> tuple[list[Finding], list[Loss]]:
    """Return what happens to the tokens of the settings in *path*."""
    place = str(path)
    new = reading.as_far_as_read()
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
    settings = reading.as_far_as_read()
    about_tokens = reading.wrong_about(*_SEALS, *_REFUSES)
    wrong = [problem for problem in about_tokens if problem in reading.problems]
    written = reading.written.get("encryption_secret")
    match opening_secrets(written.text) if written else ():
        case (secret,) if secret.key is None or _is_of_another_service(secret, new):
            without_key = replace(secret, key=None)
            settings = replace(settings, encryption_secret=without_key)
            wrong = [problem for problem in wrong if problem.variable != "ENCRYPTION_SECRET"]
    return settings, wrong


def _is_of_another_service(secret: SealingSecret, new: Settings) -> bool:
    ours = (new.encryption_secret, *new.previous_secrets)
    is_passphrase = secret.key is not None and secret.key.from_passphrase
    return is_passphrase and secret.secret in new.legacy_secrets and secret not in ours
