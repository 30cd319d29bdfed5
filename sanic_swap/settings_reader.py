"""Reads the settings from the environment and a file, and finds everything wrong at once."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sanic_swap.errors import SettingsError
from sanic_swap.setting_values import published
from sanic_swap.settings import Settings, Variable, variables

# Named in the documentation of the whole service, and not built into this version.
_LATER = (
    "LEGACY_SECRETS",
    "LEGACY_TOKENS_UNTIL",
    "LEGACY_RESEAL",
    "ROTATION_REPLAY",
    "REVOCATION_GUARD",
    "RATE_LIMIT",
    "REAL_IP_HEADER",
    "PROXIES_COUNT",
    "STORE_URL",
    "METRICS_PORT",
    "METRICS_HOST",
    "NEW_RELIC_LICENSE_KEY",
)
_LAST_NEWLINE = re.compile(r"\r?\n\Z")
_KEYGEN = "make one with `sanic-swap keygen`"


def read_settings(
    environ: Mapping[str, str],
    *,
    env_file: Path | None = None,
    key_required_because: str | None = None,
) -> Settings:
    """
    Return the settings that *environ* and *env_file* make; the environment wins.

    Args:
        env_file: `NAME=value` lines; None reads no file.
        key_required_because: Why a made-up key will not do here, if the caller knows.

    Raises:
        SettingsError: With every problem, each naming its variable, never a value.
    """
    problems: list[str] = []
    from_file = _read_file(env_file, problems) if env_file else {}
    found: dict[str, Any] = {}
    for attribute, variable in variables().items():
        text = _text_of(variable, environ, from_file, problems)
        if text is None:
            continue
        try:
            found[attribute] = variable.read(text)
        except ValueError as error:
            problems.append(f"{variable.name}: {error}")
    everything = {**from_file, **environ}
    problems += _contradictions(found, everything, key_required_because)
    if problems:
        raise SettingsError(problems)
    not_built = tuple(
        name for name in _LATER if everything.get(name) or everything.get(f"{name}_FILE")
    )
    return Settings(**found, not_built=not_built)


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what works today and may hurt tomorrow, each naming its variable."""
    key = settings.encryption_secret.key if settings.encryption_secret else None
    if key is None:
        yield (
            "ENCRYPTION_SECRET: not set, so a key was made up for this process alone; every"
            f" restart logs everyone out. For anything but a try, {_KEYGEN}"
        )
    elif key.from_passphrase:
        yield f"ENCRYPTION_SECRET: a passphrase; a key is stronger and starts faster: {_KEYGEN}"
    if not settings.accounts_url.is_private:
        yield "SPOTIFY_ACCOUNTS_INSECURE: the client secret travels in clear to Spotify's stand-in"
    for secret in settings.previous_secrets:
        if secret.key is not None and secret.key.from_passphrase:
            yield (
                "PREVIOUS_ENCRYPTION_SECRETS: one is taken as a passphrase; if it was meant to be"
                " several, each stands on a line of its own"
            )
        if secret.key is None:
            why = "printed in public source" if published(secret) else "too short to have sealed"
            yield f"PREVIOUS_ENCRYPTION_SECRETS: one is {why}; it opens none of our tokens"
    for name in settings.not_built:
        yield f"{name}: set, but this version does not have that feature yet"
    if set(settings.foreign_tokens) - {"none"}:
        yield "LEGACY_TOKENS: this version opens no other service's tokens yet; they are held back"


def _read_file(path: Path, problems: list[str]) -> dict[str, str]:
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


def _text_of(
    variable: Variable,
    environ: Mapping[str, str],
    from_file: Mapping[str, str],
    problems: list[str],
) -> str | None:
    for source in (environ, from_file):
        texts = dict(_spelled(variable, source, problems))
        if len(set(texts.values())) > 1:
            problems.append(f"{variable.name}: {' and '.join(texts)} have different values")
        if texts:
            return next(iter(texts.values()))
    if variable.required and not any(problem.startswith(variable.name) for problem in problems):
        also = f" (or {', '.join(variable.aliases)})" if variable.aliases else ""
        problems.append(f"{variable.name}: is missing{also}")
    return None


def _spelled(
    variable: Variable, source: Mapping[str, str], problems: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield each name under which *source* has the setting, and its text."""
    for name in variable.spellings:
        text, path = source.get(name), source.get(f"{name}_FILE")
        if text and path:
            problems.append(f"{variable.name}: both {name} and {name}_FILE are set")
        elif text:
            yield name, text
        elif path:
            try:
                text = Path(path).read_bytes().decode()
            except (OSError, ValueError) as error:
                problems.append(
                    f"{variable.name}: the file of {name}_FILE cannot be read"
                    f" ({type(error).__name__})"
                )
            else:
                yield f"{name}_FILE", _LAST_NEWLINE.sub("", text)
        elif text == "" and name == "ENCRYPTION_SECRET":
            # Elsewhere empty means not set. Here a secret store that failed to fill it in
            # would silently log everyone out at the next restart.
            problems.append(f"{name}: is empty; {_KEYGEN}, or remove it")


def _contradictions(
    found: Mapping[str, Any], everything: Mapping[str, str], key_required_because: str | None
) -> Iterator[str]:
    reasons = {
        "REUSE_PORT": found.get("reuse_port"),
        "STORE_URL": everything.get("STORE_URL") or everything.get("STORE_URL_FILE"),
        "PREVIOUS_ENCRYPTION_SECRETS": found.get("previous_secrets"),
        "LEGACY_TOKENS": found.get("foreign_tokens"),
        "FLY_MACHINE_ID": everything.get("FLY_MACHINE_ID"),
    }
    because = key_required_because or next(
        (f"{name} is set" for name, value in reasons.items() if value), None
    )
    if because and not everything.get("ENCRYPTION_SECRET") and "encryption_secret" not in found:
        yield f"ENCRYPTION_SECRET: is missing, and required because {because}; {_KEYGEN}"
    url = found.get("accounts_url")
    if url and not url.is_private and not found.get("accounts_insecure"):
        yield (
            "SPOTIFY_ACCOUNTS_URL: plain http is for this machine alone;"
            " SPOTIFY_ACCOUNTS_INSECURE=on allows it elsewhere"
        )
    secret = found.get("encryption_secret")
    if secret and secret.key and secret.key.key_id in found.get("retired_key_ids", ()):
        yield "RETIRED_KEY_IDS: names the key that ENCRYPTION_SECRET makes"
