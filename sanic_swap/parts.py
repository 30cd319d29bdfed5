"""Makes the parts of the service from its settings, one builder for each room; opens nothing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sanic_swap.access_log import AccessLog
from sanic_swap.api import GRANT_TYPES
from sanic_swap.error_table import OUTCOMES, outcome_of, outcomes_below
from sanic_swap.errors import SpotifyError
from sanic_swap.grant_id import GrantIds
from sanic_swap.in_flight import InFlight
from sanic_swap.key_list import opening_key_ids
from sanic_swap.keys import new_secret, root_key
from sanic_swap.legacy_settings import CIPHERED
from sanic_swap.legacy_tokens import LegacyTokens, Opener
from sanic_swap.logs import configure_logging
from sanic_swap.ops import PATHS, Readiness
from sanic_swap.parameters import CallbackUrls, ParameterRules
from sanic_swap.revocations import Revocations
from sanic_swap.sealing import KeyRing, SealingContext
from sanic_swap.secret import Secret
from sanic_swap.settings import Settings
from sanic_swap.shared_refreshes import SharedRefreshes
from sanic_swap.spotify import SpotifyAccounts
from sanic_swap.store import StoreHealth
from sanic_swap.store_flights import StoreFlights
from sanic_swap.store_sealing import StoreSealer
from sanic_swap.swap import TokenSwap

if TYPE_CHECKING:
    from sanic_swap.metrics import Metrics
    from sanic_swap.new_relic import NewRelic
    from sanic_swap.rate_limit import RateLimit
    from sanic_swap.redis_store import RedisStore


class Sealing(NamedTuple):
    """What opens tokens, and seals them."""

    keys: KeyRing
    legacy: LegacyTokens
    grant_ids: GrantIds
    store_sealer: StoreSealer


class Monitoring(NamedTuple):
    """Who hears of requests and of calls to Spotify."""

    access_log: AccessLog | None
    metrics: "Metrics | None"
    new_relic: "NewRelic | None"

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Watch what happens in the block as one call to Spotify."""
        metrics = nullcontext() if self.metrics is None else self.metrics.calling()
        with metrics, nullcontext() if self.new_relic is None else self.new_relic.calling():
            yield


@dataclass(frozen=True, slots=True)
class Parts:
    """The service of one process; nothing of it is open before `opened`."""

    settings: Settings
    rules: ParameterRules
    monitoring: Monitoring
    spotify: SpotifyAccounts
    store: "RedisStore | None"
    refreshes: SharedRefreshes
    revocations: Revocations | None
    swap: TokenSwap
    in_flight: InFlight

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold open what the service needs, and close it in reverse order."""
        settings, (_, metrics, new_relic) = self.settings, self.monitoring
        async with AsyncExitStack() as stack:
            if metrics is not None and settings.metrics_port is not None:
                served = metrics.served(settings.metrics_host, settings.metrics_port)
                await stack.enter_async_context(served)
            if new_relic is not None:
                stack.push_async_callback(new_relic.close)
            await stack.enter_async_context(self.spotify)
            if self.store is not None:
                await stack.enter_async_context(self.store)
            if self.revocations is not None:
                stack.push_async_callback(self.revocations.close)
            stack.push_async_callback(self.refreshes.close)
            yield


def make_parts(settings: Settings, readiness: Readiness) -> Parts:
    """
    Return the service that *settings* describe.

    Args:
        readiness: Learns which parts may be in trouble, and lets metrics know of a drain.
    """
    sealing, monitoring = make_sealing(settings), _make_monitoring(settings)
    spotify = _make_spotify(settings, monitoring)
    store = _make_store(settings)
    refreshes = _make_refreshes(settings, sealing, store)
    revocations = _make_revocations(settings, store)
    in_flight = InFlight(settings.max_in_flight)
    swap = TokenSwap(
        spotify,
        sealing.keys,
        sealing.grant_ids,
        sealing.legacy,
        refreshes,
        lifetime_seconds=settings.refresh_token_lifetime,
        rate_limit=_make_rate_limit(settings, store),
        revocations=revocations,
    )
    readiness.troubles.append(lambda: spotify.troubled)
    if store is not None:
        readiness.troubles.append(lambda: store.health.is_lost)
    if revocations is not None:
        readiness.troubles.append(lambda: revocations.is_holding)
    if monitoring.metrics is not None:
        # Imported here: the library takes time to load, and most services do without.
        from sanic_swap.metrics_state import State

        health = None if store is None else store.health
        monitoring.metrics.read_from(
            State(spotify, refreshes, revocations, health, in_flight, lambda: readiness.draining)
        )
    rules = make_rules(settings)
    return Parts(
        settings, rules, monitoring, spotify, store, refreshes, revocations, swap, in_flight
    )


def make_rules(settings: Settings) -> ParameterRules:
    """Return what requests of this app must keep to."""
    return ParameterRules(settings.client_id, CallbackUrls(settings.callback_urls))


def make_sealing(settings: Settings) -> Sealing:
    """Return what opens and seals tokens: by the keys of *settings*, or by a temporary one."""
    secret = settings.encryption_secret
    current = root_key(new_secret()) if secret is None or secret.key is None else secret.key
    context = SealingContext(settings.client_id, settings.accounts_url.origin)
    previous = [secret.key for secret in settings.previous_secrets if secret.key]
    keys = KeyRing(
        current,
        context,
        previous=previous,
        retired=settings.retired_key_ids,
        hold_unknown=settings.unknown_key == "hold" and secret is not None,
        revoke_before=settings.revoke_before,
    )
    return Sealing(
        keys,
        _make_legacy(settings),
        GrantIds(settings.client_secret),
        StoreSealer(current, context, previous=previous),
    )


def _make_legacy(settings: Settings) -> LegacyTokens:
    """Return what opens other services' tokens; a key for each secret and format is derived now."""
    if settings.revoke_before:  # of no such token is known when it was authorized
        return LegacyTokens({})
    hold = settings.unknown_key == "hold" and settings.encryption_secret is not None
    openers: dict[str, list[Opener]] = (
        {"plain": [bytes]} if "plain" in settings.legacy_tokens else {}
    )
    if ciphered := CIPHERED & set(settings.legacy_tokens):
        # Imported here: it is an optional extra, and start-up time counts.
        from sanic_swap.legacy_ciphers import OPENERS

        for name in ciphered:
            made = (OPENERS[name](secret) for secret in settings.legacy_opening_secrets)
            openers[name] = [opener for opener in made if opener is not None]
    return LegacyTokens(
        openers,
        hold=hold and not settings.legacy_tokens,
        closes_at=settings.legacy_closes_at,
        reseal=settings.legacy_reseal,
    )


def _make_spotify(settings: Settings, monitoring: Monitoring) -> SpotifyAccounts:
    spotify = SpotifyAccounts(
        settings.accounts_url.url,
        settings.client_id,
        settings.client_secret,
        timeout_seconds=settings.spotify_timeout,
    )
    if monitoring.metrics is not None or monitoring.new_relic is not None:
        spotify.watchers.append(monitoring.calling)
    return spotify


def _make_store(settings: Settings) -> "RedisStore | None":
    if settings.store_url is None:
        return None
    # Imported here: it is an optional extra, and start-up time counts.
    from sanic_swap.redis_store import RedisStore

    app = Secret(f"{settings.client_id} {settings.accounts_url.origin}")
    return RedisStore(settings.store_url, GrantIds(settings.client_secret).of(app), StoreHealth())


def _make_rate_limit(settings: Settings, store: "RedisStore | None") -> "RateLimit | None":
    if not settings.rate_limit:
        return None
    # Imported here, because the library is large and most services do without.
    from sanic_swap.rate_limit import RateLimit

    if store is None:
        return RateLimit(settings.rate_limit)
    from sanic_swap.shared_counts import SharedCounts

    key = sha256(settings.client_secret.reveal().encode()).digest()
    return RateLimit(settings.rate_limit, lambda: SharedCounts(store, key))


def _make_refreshes(
    settings: Settings, sealing: Sealing, store: "RedisStore | None"
) -> SharedRefreshes:
    everywhere = None
    if store is not None:
        everywhere = StoreFlights(
            store, sealing.store_sealer, timeout_seconds=settings.spotify_timeout
        )
    return SharedRefreshes(replay_seconds=settings.rotation_replay, everywhere=everywhere)


def _make_revocations(settings: Settings, store: "RedisStore | None") -> Revocations | None:
    if not settings.revocation_guard:
        return None
    return Revocations(timeout_seconds=settings.spotify_timeout, everywhere=store)


def _make_monitoring(settings: Settings) -> Monitoring:
    lines, line_format = configure_logging(settings.log_level, settings.log_format)
    is_logged = settings.access_log and settings.log_level in ("debug", "info")
    access_log = AccessLog(lines, line_format) if is_logged else None
    metrics = new_relic = None
    if settings.metrics_port is not None:
        # Imported here: the library takes time to load, and most services do without.
        from sanic_swap.metrics import Labels, Metrics

        labels = Labels(
            token_paths=tuple(GRANT_TYPES),
            other_paths=PATHS,
            outcomes=OUTCOMES,
            call_outcomes=outcomes_below(SpotifyError),
            key_ids=opening_key_ids(settings),
            formats=[name for name in settings.legacy_tokens if name != "none"],
        )
        metrics = Metrics(labels, outcome_of)
    if settings.new_relic_license_key is not None:
        # Imported here: it is an optional extra, and starts threads.
        from sanic_swap.new_relic import NewRelic

        new_relic = NewRelic(settings.new_relic_license_key, settings.accounts_url.origin)
    return Monitoring(access_log, metrics, new_relic)
