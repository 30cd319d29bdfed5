"""The type of everything found about settings, and the rules between several of them.

Against these rules the service does not start; warnings are in `risks`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from typing import Any

from sanic_swap.client_address import FORWARDED_FOR
from sanic_swap.sealing.keys import RootKey
from sanic_swap.sealing.legacy import CIPHERED
from sanic_swap.settings.table import DEFAULT_PORT


class Level(Enum):
    """How bad a finding is, the worst first."""

    WRONG = "wrong"
    RISKY = "risky"
    NOT_KNOWN = "not known"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was found; it contains no secret.

    Attributes:
        variable: The setting or settings, or their file; "" for all.
        at_start: Whether each start of the service logs it, or `check` alone says it.
    """

    level: Level
    variable: str
    text: str
    at_start: bool = False

    def __str__(self) -> str:
        return f"{self.variable}: {self.text}" if self.variable else self.text


def wrong(variable: str, text: str) -> Finding:
    """Return a finding for which the service does not start."""
    return Finding(Level.WRONG, variable, text)


def contradictions(found: Mapping[str, Any], everything: Mapping[str, str]) -> Iterator[Finding]:
    """
    Yield the reasons why settings that can be read cannot be used.

    Args:
        found: The values, by the name of the attribute in `Settings`.
        everything: Each variable that is set, and its text.
    """
    yield from _about_keys(found, everything)
    yield from _about_libraries(found)
    url = found.get("accounts_url")
    if url and not url.is_private and not found.get("accounts_insecure"):
        text = "is plain http to another machine; use https or SPOTIFY_ACCOUNTS_INSECURE=on"
        yield wrong("SPOTIFY_ACCOUNTS_URL", text)
    is_list = (found.get("real_ip_header") or "").lower() == FORWARDED_FOR.lower()
    if is_list and "proxies_count" not in found:
        text = "needs PROXIES_COUNT, because clients can forge entries of X-Forwarded-For"
        yield wrong("REAL_IP_HEADER", text)
    metrics_port = found.get("metrics_port")
    if metrics_port and metrics_port == found.get("port", DEFAULT_PORT):
        yield wrong("METRICS_PORT", "is the same as PORT; metrics need their own port")
    if "plain" in found.get("legacy_tokens", ()) and not _is_set("LEGACY_TOKENS_UNTIL", everything):
        # Otherwise a stolen plain token could be sealed here for ever.
        text = "is required by LEGACY_TOKENS=plain: the last day they open, such as 2027-05-31"
        yield wrong("LEGACY_TOKENS_UNTIL", text)


def _about_keys(found: Mapping[str, Any], everything: Mapping[str, str]) -> Iterator[Finding]:
    reasons = {
        "REUSE_PORT": found.get("reuse_port"),
        "STORE_URL": _is_set("STORE_URL", everything),
        "PREVIOUS_ENCRYPTION_SECRETS": found.get("previous_secrets"),
        "LEGACY_TOKENS": found.get("legacy_tokens"),
        "FLY_MACHINE_ID": everything.get("FLY_MACHINE_ID"),
    }
    because = next((name for name, value in reasons.items() if value), None)
    if because and not everything.get("ENCRYPTION_SECRET") and "encryption_secret" not in found:
        text = f"is required because {because} is set; create one with `sanic-swap keygen`"
        yield wrong("ENCRYPTION_SECRET", text)
    secrets = (found.get("encryption_secret"), *found.get("previous_secrets", ()))
    keys = [secret.key for secret in secrets if secret and secret.key]
    current = secrets[0].key.key_id if secrets[0] else None
    if current in found.get("retired_key_ids", ()):
        yield wrong("RETIRED_KEY_IDS", "contains the key of ENCRYPTION_SECRET")
    by_id: dict[str, RootKey] = {}
    for key in keys:
        # Nobody could tell whose tokens are whose.
        if by_id.setdefault(key.key_id, key).root != key.root:
            text = f"two different keys have the id {key.key_id}; keep one of them"
            yield wrong("PREVIOUS_ENCRYPTION_SECRETS", text)


def _about_libraries(found: Mapping[str, Any]) -> Iterator[Finding]:
    ciphers = CIPHERED.intersection(found.get("legacy_tokens", ()))
    for variable, is_needed, library, extra in (
        ("STORE_URL", found.get("store_url"), "redis", "redis"),
        ("NEW_RELIC_LICENSE_KEY", found.get("new_relic_license_key"), "newrelic", "newrelic"),
        ("LEGACY_TOKENS", ciphers, "cryptography", "legacy"),
    ):
        if is_needed and find_spec(library) is None:
            text = f"needs the extra `{extra}`, or `pip install {library}`"
            yield wrong(variable, text)


def _is_set(name: str, everything: Mapping[str, str]) -> bool:
    return bool(everything.get(name) or everything.get(f"{name}_FILE"))
