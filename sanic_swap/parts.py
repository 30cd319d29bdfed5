"""Makes the parts of the service from its settings; opens nothing."""

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from sanic_swap.grant_id import GrantIds
from sanic_swap.in_flight import InFlight
from sanic_swap.key_ring import KeyRing, SealingContext
from sanic_swap.keys import Keys
from sanic_swap.legacy import CIPHERED, LegacyTokens, Opener
from sanic_swap.parameters import CallbackUrls, ParameterRules
from sanic_swap.revocations import Revocations
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


def make_spotify(settings: Settings) -> SpotifyAccounts:
    """Return the client of the accounts service that *settings* name."""
    return SpotifyAccounts(
        settings.accounts_url.url,
        settings.client_id,
        settings.client_secret,
        timeout_seconds=settings.spotify_timeout,
    )


def make_rules(settings: Settings) -> ParameterRules:
    """Return what requests of this app must keep to."""
    return ParameterRules(settings.client_id, CallbackUrls(settings.callback_urls))


def make_key_ring(settings: Settings, keys: Keys | None = None) -> KeyRing:
    """Return what seals and opens with *keys*, by default those of *settings*."""
    keys = keys or settings.keys()
    return KeyRing(
        keys.current,
        SealingContext(settings.client_id, settings.accounts_url.origin),
        previous=keys.previous,
        retired=settings.retired_key_ids,
        hold_unknown=settings.holds_unknown,
        revoke_before=settings.revoke_before,
    )


def make_legacy_tokens(settings: Settings) -> LegacyTokens:
    """Return what opens other services' tokens; a key for each secret and format is derived now."""
    if settings.revoke_before:  # of no such token is known when it was authorized
        return LegacyTokens({})
    openers: dict[str, list[Opener]] = (
        {"plain": [bytes]} if "plain" in settings.legacy_tokens else {}
    )
    if wanted := CIPHERED & set(settings.legacy_tokens):
        # Imported here: it is an optional extra, and start-up time counts.
        from sanic_swap.legacy_ciphers import OPENERS

        for name in wanted:
            made = (OPENERS[name](secret) for secret in settings.legacy_opening_secrets)
            openers[name] = [opener for opener in made if opener is not None]
    return LegacyTokens(
        openers,
        hold=settings.holds_unknown and not settings.legacy_tokens,
        closes_at=settings.legacy_closes_at,
        reseal=settings.legacy_reseal,
    )


def make_store(settings: Settings) -> "RedisStore | None":
    """Return what all machines share, if there is anything."""
    if settings.store_url is None:
        return None
    # Imported here: it is an optional extra, and start-up time counts.
    from sanic_swap.redis_store import RedisStore

    app = Secret(f"{settings.client_id} {settings.accounts_url.origin}")
    return RedisStore(settings.store_url, GrantIds(settings.client_secret).of(app), StoreHealth())


def make_rate_limit(settings: Settings, store: "RedisStore | None" = None) -> "RateLimit | None":
    """Return what counts requests, if the operator wants them counted."""
    if not settings.rate_limit:
        return None
    # Imported here, because the library is large and most services do without.
    from sanic_swap.rate_limit import RateLimit

    if store is None:
        return RateLimit(settings.rate_limit)
    from sanic_swap.shared_counts import SharedCounts

    key = sha256(settings.client_secret.reveal().encode()).digest()
    return RateLimit(settings.rate_limit, lambda: SharedCounts(store, key))


def make_refreshes(
    settings: Settings, keys: Keys, store: "RedisStore | None" = None
) -> SharedRefreshes:
    """Return what decides which refreshes ask Spotify."""
    everywhere = None
    if store is not None:
        sealer = StoreSealer(
            keys.current,
            SealingContext(settings.client_id, settings.accounts_url.origin),
            previous=keys.previous,
        )
        everywhere = StoreFlights(store, sealer, timeout_seconds=settings.spotify_timeout)
    return SharedRefreshes(replay_seconds=settings.rotation_replay, everywhere=everywhere)


def make_revocations(settings: Settings, store: "RedisStore | None" = None) -> Revocations | None:
    """Return what doubts refusals, unless the operator believes them all."""
    if not settings.revocation_guard:
        return None
    return Revocations(timeout_seconds=settings.spotify_timeout, everywhere=store)


def make_metrics(
    settings: Settings,
    *,
    spotify: SpotifyAccounts,
    refreshes: SharedRefreshes,
    revocations: Revocations | None,
    store: "RedisStore | None",
    in_flight: InFlight,
    is_draining: Callable[[], bool],
) -> "Metrics | None":
    """Return what counts for Prometheus, if it is to be read; it hears of Spotify by itself."""
    if settings.metrics_port is None:
        return None
    # Imported here: the library takes time to load, and most services do without.
    from sanic_swap.metrics import Metrics
    from sanic_swap.metrics_state import State

    health = None if store is None else store.health
    state = State(spotify, refreshes, revocations, health, in_flight, is_draining)
    formats = [name for name in settings.legacy_tokens if name != "none"]
    own = [key.key_id for key in (settings.current_key, *settings.previous_keys) if key]
    metrics = Metrics(list(dict.fromkeys(own)), formats, state)
    spotify.watchers.append(metrics.calling)
    return metrics


def make_new_relic(settings: Settings, spotify: SpotifyAccounts) -> "NewRelic | None":
    """Return New Relic's agent, if it is wanted; it hears of Spotify by itself."""
    if settings.new_relic_license_key is None:
        return None
    # Imported here: it is an optional extra, and starts threads.
    from sanic_swap.new_relic import NewRelic

    new_relic = NewRelic(settings.new_relic_license_key, settings.accounts_url.origin)
    spotify.watchers.append(new_relic.calling)
    return new_relic


def make_swap(
    settings: Settings,
    spotify: SpotifyAccounts,
    keys: Keys,
    rate_limit: "RateLimit | None" = None,
    refreshes: SharedRefreshes | None = None,
    revocations: Revocations | None = None,
) -> TokenSwap:
    """Return what the endpoints and the commands do."""
    return TokenSwap(
        spotify,
        make_key_ring(settings, keys),
        GrantIds(settings.client_secret),
        make_legacy_tokens(settings),
        refreshes or make_refreshes(settings, keys),
        lifetime_seconds=settings.refresh_token_lifetime,
        rate_limit=rate_limit,
        revocations=revocations,
    )
