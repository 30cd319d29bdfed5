"""All settings as one value, each a row of the table, and the rules between several of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any, NamedTuple

from sanic_swap.client_address import FORWARDED_FOR, AddressHeader
from sanic_swap.sealing.keys import RootKey, SealingContext, temporary_key
from sanic_swap.sealing.legacy import CIPHERED, UNAUTHENTICATED
from sanic_swap.secret import Secret
from sanic_swap.settings import urls, values
from sanic_swap.settings.urls import AccountsUrl
from sanic_swap.settings.values import SealingSecret
from sanic_swap.swap.limits import Rate

_SPOTIFY = AccountsUrl(urls.SPOTIFY, urls.SPOTIFY, True)


class Variable(NamedTuple):
    """One setting as the operator sees it."""

    name: str
    read: Callable[[str], Any]  # a reader of `values` or `urls`
    aliases: tuple[str, ...]
    required: bool

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name it goes by, the first one first."""
        return (self.name, *self.aliases)


def _row(name: str, read: Callable[[str], Any], default: object = MISSING, *aliases: str) -> Any:  # noqa: ANN401 - a dataclass field of whatever type it is declared with
    variable = Variable(name, read, aliases, default is MISSING)
    return field(default=default, metadata={"variable": variable})


# Settings are neither compared nor shown; the methods for it would take 1 ms of each start.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Settings:
    """Every setting; what each means stands in `docs/settings.md`. Time spans are in seconds."""

    client_id: str = _row("CLIENT_ID", values.client_id, MISSING, "SPOTIFY_CLIENT_ID")
    client_secret: Secret = _row("CLIENT_SECRET", values.secret, MISSING, "SPOTIFY_CLIENT_SECRET")
    callback_urls: tuple[str, ...] = _row(
        "CALLBACK_URL", urls.callback_urls, MISSING, "CALLBACK_URI", "SPOTIFY_CLIENT_CALLBACK_URL"
    )
    encryption_secret: SealingSecret | None = _row("ENCRYPTION_SECRET", values.sealing_secret, None)
    previous_secrets: tuple[SealingSecret, ...] = _row(
        "PREVIOUS_ENCRYPTION_SECRETS", values.opening_secrets, ()
    )
    retired_key_ids: tuple[str, ...] = _row("RETIRED_KEY_IDS", values.key_ids, ())
    unknown_key: str = _row("UNKNOWN_KEY", values.one_of("hold", "reject"), "hold")
    revoke_before: int = _row("REVOKE_BEFORE", values.moment, 0)  # Unix seconds
    legacy_tokens: tuple[str, ...] = _row("LEGACY_TOKENS", values.legacy_tokens, ())
    legacy_secrets: tuple[Secret, ...] = _row("LEGACY_SECRETS", values.legacy_secrets, ())
    legacy_closes_at: int | None = _row("LEGACY_TOKENS_UNTIL", values.end_of_day, None)
    legacy_reseal: bool = _row("LEGACY_RESEAL", values.switch, True)
    refresh_token_lifetime: int | None = _row("REFRESH_TOKEN_LIFETIME", values.lifetime, None)
    access_log: bool = _row("ACCESS_LOG", values.not_off, True)
    log_level: str = _row("LOG_LEVEL", values.one_of("debug", "info", "warning", "error"), "info")
    log_format: str = _row("LOG_FORMAT", values.one_of("text", "json"), "text")
    host: str = _row("HOST", values.address, "127.0.0.1")
    port: int = _row("PORT", values.port, 4343)
    reuse_port: bool = _row("REUSE_PORT", values.switch, False)
    accounts_url: AccountsUrl = _row("SPOTIFY_ACCOUNTS_URL", urls.accounts_url, _SPOTIFY)
    accounts_insecure: bool = _row("SPOTIFY_ACCOUNTS_INSECURE", values.switch, False)
    spotify_timeout: float = _row("SPOTIFY_TIMEOUT", values.seconds, 8.0)
    drain_timeout: float | None = _row("DRAIN_TIMEOUT", values.seconds, None)
    drain_delay: float = _row("DRAIN_DELAY", values.seconds_or_zero, 0.0)
    max_in_flight: int = _row("MAX_IN_FLIGHT", values.whole_number(1, 1_000_000), 1000)
    max_connections: int | None = _row("MAX_CONNECTIONS", values.whole_number(1, 2_000_000), None)
    client_timeout: float = _row("CLIENT_TIMEOUT", values.seconds, 10.0)
    rotation_replay: float = _row("ROTATION_REPLAY", values.seconds_or_zero, 30.0)
    revocation_guard: bool = _row("REVOCATION_GUARD", values.switch, True)
    store_url: Secret | None = _row("STORE_URL", urls.store_url, None)
    cors_origins: tuple[str, ...] = _row("CORS_ORIGINS", urls.origins, ())
    rate_limit: tuple[Rate, ...] = _row("RATE_LIMIT", values.rates, ())
    real_ip_header: str | None = _row("REAL_IP_HEADER", values.header_name, None)
    proxies_count: int | None = _row("PROXIES_COUNT", values.whole_number(1, 100), None)
    metrics_port: int | None = _row("METRICS_PORT", values.port, None)
    metrics_host: str = _row("METRICS_HOST", values.address, "127.0.0.1")
    new_relic_license_key: Secret | None = _row("NEW_RELIC_LICENSE_KEY", values.secret, None)

    def keys(self) -> tuple[RootKey, ...]:
        """Return the keys, newest first; without ENCRYPTION_SECRET that is new at each call."""
        return (self.current_key or temporary_key(), *self.previous_keys)

    @property
    def sealing_context(self) -> SealingContext:
        """What tokens are bound to."""
        return SealingContext(self.client_id, self.accounts_url.origin)

    def key_id(self, key: RootKey) -> str:
        """Return the id that *key* has here."""
        return key.key_id(self.sealing_context)

    @property
    def current_key(self) -> RootKey | None:
        """The key of ENCRYPTION_SECRET, if it is set and makes one."""
        return self.encryption_secret.key if self.encryption_secret else None

    @property
    def previous_keys(self) -> tuple[RootKey, ...]:
        """The keys of PREVIOUS_ENCRYPTION_SECRETS in their order; a short secret makes none."""
        return tuple(secret.key for secret in self.previous_secrets if secret.key)

    @property
    def key_ids_in_use(self) -> dict[str, str]:
        """The ids as the log tells them at start, so that machines can be compared."""
        previous = dict.fromkeys(map(self.key_id, self.previous_keys))
        return {
            "current": self.key_id(self.current_key) if self.current_key else "temporary",
            "previous": ",".join(previous) or "-",
            "retired": ",".join(self.retired_key_ids) or "-",
        }

    @property
    def holds_unknown(self) -> bool:
        """Whether tokens of unknown keys, and of unnamed services, are held or refused."""
        return self.unknown_key == "hold"

    @property
    def is_of_another_service(self) -> bool:
        """Whether its secret cannot have sealed a token of ours, so another service's did."""
        return self.encryption_secret is not None and self.current_key is None

    @property
    def legacy_opening_secrets(self) -> tuple[Secret, ...]:
        """LEGACY_SECRETS, or by default every secret of our own, the current one first."""
        own = (self.encryption_secret, *self.previous_secrets)
        return self.legacy_secrets or tuple(secret.secret for secret in own if secret)

    @property
    def drain_seconds(self) -> float:
        """DRAIN_TIMEOUT, or by default the longest that a request can take, and 2 s."""
        return self.spotify_timeout + 2 if self.drain_timeout is None else self.drain_timeout

    @property
    def connection_limit(self) -> int:
        """MAX_CONNECTIONS, or by default two for each request in flight."""
        return self.max_connections or 2 * self.max_in_flight

    @property
    def address_header(self) -> AddressHeader | None:
        """Where the client's address stands, if somebody is to be believed about it."""
        if self.real_ip_header is None and self.proxies_count is None:
            return None
        return AddressHeader(self.real_ip_header or FORWARDED_FOR, self.proxies_count)


def variables() -> dict[str, Variable]:
    """Return the table: each setting's variable by the name of its attribute."""
    return {row.name: row.metadata["variable"] for row in fields(Settings)}


def known_names() -> set[str]:
    """Return every name that a setting goes by."""
    names = [name for variable in variables().values() for name in variable.spellings]
    return {*names, *(f"{name}_FILE" for name in names)}


def contradictions(
    settings: Settings, environ: Mapping[str, str], now: float
) -> Iterator[tuple[str, str]]:
    """Yield each variable that can be read and cannot be used beside the others, and the reason.

    *settings* have defaults in place of what cannot be read; *environ* has what the file of
    settings adds; *now* is in Unix seconds.
    """
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
        yield "ENCRYPTION_SECRET", text
    current = settings.current_key
    if current and settings.key_id(current) in settings.retired_key_ids:
        yield "RETIRED_KEY_IDS", "contains the key of ENCRYPTION_SECRET"
    ids = {key: settings.key_id(key) for key in (current, *settings.previous_keys) if key}
    for key_id, count in Counter(ids.values()).items():
        if count > 1:  # nobody could tell whose tokens are whose
            text = f"two different keys have the id {key_id}; keep one of them"
            yield "PREVIOUS_ENCRYPTION_SECRETS", text
    if settings.revoke_before > now:
        text = "is in the future: every refresh would be refused, even after a new login"
        yield "REVOKE_BEFORE", text
    unauthenticated = [name for name in settings.legacy_tokens if name in UNAUTHENTICATED]
    if unauthenticated and settings.legacy_closes_at is None:
        # Otherwise a stolen or forged token could be sealed here for ever.
        text = "is required by LEGACY_TOKENS=%s: the last day they open, such as %s"
        day = datetime.fromtimestamp(now + 184 * 86_400, UTC).date()
        yield "LEGACY_TOKENS_UNTIL", text % (",".join(unauthenticated), day)
    for variable, is_needed, library, extra in (
        ("STORE_URL", settings.store_url, "redis", "redis"),
        ("NEW_RELIC_LICENSE_KEY", settings.new_relic_license_key, "newrelic", "newrelic"),
        ("LEGACY_TOKENS", CIPHERED & {*settings.legacy_tokens}, "cryptography", "legacy"),
    ):
        if is_needed and find_spec(library) is None:
            yield variable, f"needs the extra `{extra}`, or `pip install {library}`"
    if not settings.accounts_url.is_private and not settings.accounts_insecure:
        text = "is plain http to another machine; use https or SPOTIFY_ACCOUNTS_INSECURE=on"
        yield "SPOTIFY_ACCOUNTS_URL", text
    is_list = (settings.real_ip_header or "").lower() == FORWARDED_FOR.lower()
    if is_list and settings.proxies_count is None:
        text = "needs PROXIES_COUNT, because clients can forge entries of X-Forwarded-For"
        yield "REAL_IP_HEADER", text
    if settings.metrics_port and settings.metrics_port == settings.port:
        yield "METRICS_PORT", "is the same as PORT; metrics need their own port"
