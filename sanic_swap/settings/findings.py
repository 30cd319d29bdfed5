"""The type of everything found about settings, and the rules between several of them.

Against these rules the service does not start; warnings are in `check.risks`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from importlib.util import find_spec

from sanic_swap.client_address import FORWARDED_FOR
from sanic_swap.sealing.keys import RootKey
from sanic_swap.sealing.legacy import CIPHERED, UNAUTHENTICATED
from sanic_swap.settings.table import Settings


class Level(Enum):
    """How bad a finding is, the worst first."""

    WRONG = "wrong"
    RISKY = "risky"
    NOT_KNOWN = "not known"
    NOTE = "note"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; it contains no secret.

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


def contradictions(settings: Settings, environ: Mapping[str, str], now: float) -> Iterator[Finding]:
    """Yield the reasons why settings that can be read cannot be used.

    Args:
        settings: With defaults in place of what cannot be read.
        environ: With what the file of settings adds.
        now: Unix seconds.
    """
    yield from _about_keys(settings, environ)
    if settings.revoke_before > now:
        text = "is in the future: every refresh would be refused, even after a new login"
        yield wrong("REVOKE_BEFORE", text)
    unauthenticated = [name for name in settings.legacy_tokens if name in UNAUTHENTICATED]
    if unauthenticated and settings.legacy_closes_at is None:
        # Otherwise a stolen or forged token could be sealed here for ever.
        text = "is required by LEGACY_TOKENS=%s: the last day they open, such as %s"
        day = datetime.fromtimestamp(now + 184 * 86_400, UTC).date()
        yield wrong("LEGACY_TOKENS_UNTIL", text % (",".join(unauthenticated), day))
    for variable, is_needed, library, extra in (
        ("STORE_URL", settings.store_url, "redis", "redis"),
        ("NEW_RELIC_LICENSE_KEY", settings.new_relic_license_key, "newrelic", "newrelic"),
        ("LEGACY_TOKENS", CIPHERED & {*settings.legacy_tokens}, "cryptography", "legacy"),
    ):
        if is_needed and find_spec(library) is None:
            yield wrong(variable, f"needs the extra `{extra}`, or `pip install {library}`")
    if not settings.accounts_url.is_private and not settings.accounts_insecure:
        text = "is plain http to another machine; use https or SPOTIFY_ACCOUNTS_INSECURE=on"
        yield wrong("SPOTIFY_ACCOUNTS_URL", text)
    is_list = (settings.real_ip_header or "").lower() == FORWARDED_FOR.lower()
    if is_list and settings.proxies_count is None:
        text = "needs PROXIES_COUNT, because clients can forge entries of X-Forwarded-For"
        yield wrong("REAL_IP_HEADER", text)
    if settings.metrics_port and settings.metrics_port == settings.port:
        yield wrong("METRICS_PORT", "is the same as PORT; metrics need their own port")


def _about_keys(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    reasons = {
        "REUSE_PORT": settings.reuse_port,
        "STORE_URL": settings.store_url or environ.get("STORE_URL"),  # also one to be corrected
        "PREVIOUS_ENCRYPTION_SECRETS": settings.previous_secrets,
        "LEGACY_TOKENS": {*settings.legacy_tokens} - {"none"},
        "FLY_MACHINE_ID": environ.get("FLY_MACHINE_ID"),
    }
    because = next((name for name, value in reasons.items() if value), None)
    if because and settings.encryption_secret is None:
        text = f"is required because {because} is set; create one with `sanic-swap keygen`"
        yield wrong("ENCRYPTION_SECRET", text)
    current = settings.current_key
    if current and settings.key_id(current) in settings.retired_key_ids:
        yield wrong("RETIRED_KEY_IDS", "contains the key of ENCRYPTION_SECRET")
    by_id: dict[str, RootKey] = {}
    for key in filter(None, (current, *settings.previous_keys)):
        key_id = settings.key_id(key)
        # Nobody could tell whose tokens are whose.
        if by_id.setdefault(key_id, key).root != key.root:
            text = f"two different keys have the id {key_id}; keep one of them"
            yield wrong("PREVIOUS_ENCRYPTION_SECRETS", text)
