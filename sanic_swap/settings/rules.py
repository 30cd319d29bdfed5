"""What settings need of each other and of this machine; the service does not start without."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from sanic_swap.client_address import FORWARDED_FOR
from sanic_swap.sealing.keys import RootKey
from sanic_swap.sealing.legacy import CIPHERED
from sanic_swap.settings.findings import Finding, wrong
from sanic_swap.settings.table import DEFAULT_PORT


def contradictions(
    found: Mapping[str, Any], everything: Mapping[str, str], key_required_because: str | None
) -> Iterator[Finding]:
    """
    Yield what was read and does not make a service.

    Args:
        found: The values, by the name of the attribute in `Settings`.
        everything: Each variable that is set, and its text.
        key_required_because: Why a made-up key will not do here, if the caller knows.
    """
    yield from _about_keys(found, everything, key_required_because)
    yield from _about_libraries(found)
    url = found.get("accounts_url")
    if url and not url.is_private and not found.get("accounts_insecure"):
        text = "plain http is for this machine alone, or needs SPOTIFY_ACCOUNTS_INSECURE=on"
        yield wrong("SPOTIFY_ACCOUNTS_URL", text)
    is_list = (found.get("real_ip_header") or "").lower() == FORWARDED_FOR.lower()
    if is_list and "proxies_count" not in found:
        text = "clients can forge X-Forwarded-For; PROXIES_COUNT says which entry to believe"
        yield wrong("REAL_IP_HEADER", text)
    metrics_port = found.get("metrics_port")
    if metrics_port and metrics_port == found.get("port", DEFAULT_PORT):
        yield wrong("METRICS_PORT", "is the same as PORT; scrapes need a port of their own")
    if "plain" in found.get("legacy_tokens", ()) and not _is_set("LEGACY_TOKENS_UNTIL", everything):
        # Whoever has stolen a plain token could have it sealed here for ever.
        text = "is required by LEGACY_TOKENS=plain: the last day they open, such as 2027-05-31"
        yield wrong("LEGACY_TOKENS_UNTIL", text)


def _about_keys(
    found: Mapping[str, Any], everything: Mapping[str, str], key_required_because: str | None
) -> Iterator[Finding]:
    reasons = {
        "REUSE_PORT": found.get("reuse_port"),
        "STORE_URL": _is_set("STORE_URL", everything),
        "PREVIOUS_ENCRYPTION_SECRETS": found.get("previous_secrets"),
        "LEGACY_TOKENS": found.get("legacy_tokens"),
        "FLY_MACHINE_ID": everything.get("FLY_MACHINE_ID"),
    }
    because = key_required_because or next(
        (f"{name} is set" for name, value in reasons.items() if value), None
    )
    if because and not everything.get("ENCRYPTION_SECRET") and "encryption_secret" not in found:
        text = f"is missing, and required because {because}; make one with `sanic-swap keygen`"
        yield wrong("ENCRYPTION_SECRET", text)
    secrets = (found.get("encryption_secret"), *found.get("previous_secrets", ()))
    keys = [secret.key for secret in secrets if secret and secret.key]
    current = secrets[0].key.key_id if secrets[0] else None
    if current in found.get("retired_key_ids", ()):
        yield wrong("RETIRED_KEY_IDS", "names the key that ENCRYPTION_SECRET makes")
    by_id: dict[str, RootKey] = {}
    for key in keys:
        # Their tokens could not be told apart.
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
