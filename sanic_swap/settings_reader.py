"""Reads the settings from the environment and a file, and finds everything wrong at once."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sanic_swap.client_address import FORWARDED_FOR
from sanic_swap.errors import SettingsError
from sanic_swap.key_list import ambiguous_key_ids, keys_named_twice
from sanic_swap.legacy_settings import legacy_problems, legacy_warnings
from sanic_swap.secret import Secret
from sanic_swap.setting_sources import ENVIRONMENT, Source, Written, find, read_env_file
from sanic_swap.setting_values import published
from sanic_swap.settings import DEFAULT_PORT, Settings, variables

_KEYGEN = "make one with `sanic-swap keygen`"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What environment and file say, right or wrong.

    Attributes:
        values: What could be read, by the name of the attribute in `Settings`.
        written: Where each setting that is set was found, likewise.
        problems: What could not be read, each naming its variable, never a value.
        contradictions: What was read and does not go together, likewise.
        names_in_file: Every name that the file of settings has.
    """

    values: Mapping[str, Any]
    written: Mapping[str, Written]
    problems: list[str]
    contradictions: list[str]
    names_in_file: tuple[str, ...]

    def settings(self) -> Settings:
        """
        Return the settings that were read.

        Raises:
            SettingsError: With every problem.
        """
        if wrong := [*self.problems, *self.contradictions]:
            raise SettingsError(wrong)
        return Settings(**self.values)

    def as_far_as_read(self) -> Settings:
        """Return settings whatever is wrong: what could not be read is empty, or the default."""
        empty = {"client_id": "", "client_secret": Secret(""), "callback_urls": ()}
        return Settings(**{**empty, **self.values})

    def wrong_about(self, *attributes: str) -> list[str]:
        """Return what is wrong with these settings, or with the file that they stand in."""
        table = variables()
        others = {table[name].name for name in table.keys() - {*attributes}}
        wrong = [*self.problems, *self.contradictions]
        return [problem for problem in wrong if problem.partition(":")[0] not in others]


def read(
    environ: Mapping[str, str],
    *,
    env_file: Path | None = None,
    key_required_because: str | None = None,
) -> Reading:
    """
    Return what *environ* and *env_file* say; the environment wins.

    Args:
        env_file: `NAME=value` lines; None reads no file.
        key_required_because: Why a made-up key will not do here, if the caller knows.
    """
    problems: list[str] = []
    from_file = read_env_file(env_file, problems) if env_file else {}
    sources = (Source(ENVIRONMENT, environ), Source(str(env_file), from_file))
    values: dict[str, Any] = {}
    written: dict[str, Written] = {}
    for attribute, variable in variables().items():
        found = find(variable, sources, problems)
        if found is None:
            continue
        written[attribute] = found
        try:
            values[attribute] = variable.read(found.text)
        except ValueError as error:
            problems.append(f"{variable.name}: {error}")
    everything = {**from_file, **environ}
    contradictions = list(_contradictions(values, everything, key_required_because))
    return Reading(values, written, problems, contradictions, tuple(from_file))


def read_settings(
    environ: Mapping[str, str],
    *,
    env_file: Path | None = None,
    key_required_because: str | None = None,
) -> Settings:
    """
    Return the settings that *environ* and *env_file* make, as `read` does.

    Raises:
        SettingsError: With every problem, each naming its variable, never a value.
    """
    reading = read(environ, env_file=env_file, key_required_because=key_required_because)
    return reading.settings()


def names_of_settings() -> list[str]:
    """Return every name under which a setting is looked for."""
    names = [spelling for variable in variables().values() for spelling in variable.spellings]
    return names + [f"{name}_FILE" for name in names]


def warnings(settings: Settings, *, now: Callable[[], float] = time.time) -> Iterator[str]:
    """
    Yield what works today and may hurt tomorrow, each naming its variable.

    Args:
        now: Unix seconds, for tests.
    """
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
    if settings.rate_limit and settings.address_header is None:
        yield (
            "RATE_LIMIT: swaps are counted by who connects; behind a proxy that is the proxy, for"
            " all clients at once, so set REAL_IP_HEADER or PROXIES_COUNT there"
        )
    if settings.revoke_before is not None and settings.revoke_before > now():
        yield (
            "REVOKE_BEFORE: is in the future; until then nobody can refresh, not even users who"
            " have just logged in"
        )
    for secret in settings.previous_secrets:
        if secret.key is not None and secret.key.from_passphrase:
            yield (
                "PREVIOUS_ENCRYPTION_SECRETS: one is taken as a passphrase; if it was meant to be"
                " several, each stands on a line of its own"
            )
        if secret.key is None:
            why = "printed in public source" if published(secret) else "too short to have sealed"
            yield (
                f"PREVIOUS_ENCRYPTION_SECRETS: one is {why}; it opens legacy tokens alone,"
                " and not even these while LEGACY_SECRETS is set"
            )
    yield from legacy_warnings(settings, now())
    yield from keys_named_twice(settings)


def _contradictions(
    found: Mapping[str, Any], everything: Mapping[str, str], key_required_because: str | None
) -> Iterator[str]:
    reasons = {
        "REUSE_PORT": found.get("reuse_port"),
        "STORE_URL": everything.get("STORE_URL") or everything.get("STORE_URL_FILE"),
        "PREVIOUS_ENCRYPTION_SECRETS": found.get("previous_secrets"),
        "LEGACY_TOKENS": found.get("legacy_tokens"),
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
    is_list = (found.get("real_ip_header") or "").lower() == FORWARDED_FOR.lower()
    if is_list and "proxies_count" not in found:
        yield (
            "REAL_IP_HEADER: X-Forwarded-For is a list, of which anybody can write the beginning;"
            " PROXIES_COUNT says which entry to believe"
        )
    if found.get("store_url") and find_spec("redis") is None:
        yield (
            "STORE_URL: needs a library that is not installed here: the extra `redis` brings it,"
            " and so does `pip install redis`"
        )
    if found.get("new_relic_license_key") and find_spec("newrelic") is None:
        yield (
            "NEW_RELIC_LICENSE_KEY: needs a library that is not installed here: the extra"
            " `newrelic` brings it, and so does `pip install newrelic`"
        )
    metrics_port = found.get("metrics_port")
    if metrics_port and metrics_port == found.get("port", DEFAULT_PORT):
        yield "METRICS_PORT: is the same as PORT; scrapes need a port of their own"
    yield from legacy_problems(found.get("legacy_tokens", ()), everything)
    secret = found.get("encryption_secret")
    if secret and secret.key and secret.key.key_id in found.get("retired_key_ids", ()):
        yield "RETIRED_KEY_IDS: names the key that ENCRYPTION_SECRET makes"
    secrets = (secret, *found.get("previous_secrets", ()))
    for key_id in ambiguous_key_ids(one.key for one in secrets if one and one.key):
        yield (
            f"PREVIOUS_ENCRYPTION_SECRETS: two different keys have the id {key_id}, so their tokens"
            " cannot be told apart; keep one of them"
        )
