"""Makes the parts of the service from its settings; opens nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256
from typing import TYPE_CHECKING

from sanic_swap.grant_id import GrantIds
from sanic_swap.key_list import opening_key_ids
from sanic_swap.keys import RootKey, new_secret, root_key
from sanic_swap.legacy_settings import CIPHERED
from sanic_swap.legacy_tokens import LegacyTokens, Opener
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


def make_spotify(
    settings: Settings, observe: Callable[[], AbstractContextManager[None]] = nullcontext
) -> SpotifyAccounts:
    """Return the client of the accounts service that *settings* name."""
    return SpotifyAccounts(
        settings.accounts_url.url,
        settings.client_id,
        settings.client_secret,
        timeout_seconds=settings.spotify_timeout,
        observe=observe,
    )


def make_rules(settings: Settings) -> ParameterRules:
    """Return what requests of this app must keep to."""
    return ParameterRules(settings.client_id, CallbackUrls(settings.callback_urls))


def make_key_ring(settings: Settings) -> KeyRing:
    """Return the keys of *settings*, or one key for the life of this process."""
    hold = settings.unknown_key == "hold" and settings.encryption_secret is not None
    return KeyRing(
        _current_key(settings),
        SealingContext(settings.client_id, settings.accounts_url.origin),
        previous=[secret.key for secret in settings.previous_secrets if secret.key],
        retired=settings.retired_key_ids,
        hold_unknown=hold,
        revoke_before=settings.revoke_before,
    )


def make_legacy_tokens(settings: Settings) -> LegacyTokens:
    """Return what opens other services' tokens; a key for each secret and format is derived now."""
    if settings.revoke_before:  # of no such token is known when it was authorized
        return LegacyTokens({})
    hold = settings.unknown_key == "hold" and settings.encryption_secret is not None
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
        hold=hold and not settings.legacy_tokens,
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


def make_refreshes(settings: Settings, store: "RedisStore | None" = None) -> SharedRefreshes:
    """Return what decides which refreshes ask Spotify."""
    everywhere = None
    if store is not None:
        sealer = StoreSealer(
            _current_key(settings),
            SealingContext(settings.client_id, settings.accounts_url.origin),
            previous=[secret.key for secret in settings.previous_secrets if secret.key],
        )
        everywhere = StoreFlights(store, sealer, timeout_seconds=settings.spotify_timeout)
    return SharedRefreshes(replay_seconds=settings.rotation_replay, everywhere=everywhere)


def make_revocations(settings: Settings, store: "RedisStore | None" = None) -> Revocations | None:
    """Return what doubts refusals, unless the operator believes them all."""
    if not settings.revocation_guard:
        return None
    return Revocations(timeout_seconds=settings.spotify_timeout, everywhere=store)


def make_metrics(settings: Settings) -> "Metrics | None":
    """Return what counts for Prometheus, if it is to be read."""
    if settings.metrics_port is None:
        return None
    # Imported here: the library takes time to load, and most services do without.
    from sanic_swap.metrics import Metrics

    formats = [name for name in settings.legacy_tokens if name != "none"]
    return Metrics(opening_key_ids(settings), formats)


def make_new_relic(settings: Settings) -> "NewRelic | None":
    """Return New Relic's agent, if it is wanted."""
    if settings.new_relic_license_key is None:
        return None
    # Imported here: it is an optional extra, and starts threads.
    from sanic_swap.new_relic import NewRelic

    return NewRelic(settings.new_relic_license_key, settings.accounts_url.origin)


def make_observer(
    metrics: "Metrics | None", new_relic: "NewRelic | None"
) -> Callable[[], AbstractContextManager[None]]:
    """Return what makes the context of each call to Spotify."""
    if metrics is None:
        return nullcontext if new_relic is None else new_relic.calling
    if new_relic is None:
        return metrics.calling

    @contextmanager
    def both() -> Iterator[None]:
        with metrics.calling(), new_relic.calling():
            yield

    return both


def make_swap(
    settings: Settings,
    spotify: SpotifyAccounts,
    rate_limit: "RateLimit | None" = None,
    refreshes: SharedRefreshes | None = None,
    revocations: Revocations | None = None,
) -> TokenSwap:
    """Return what the endpoints and the commands do."""
    return TokenSwap(
        spotify,
        make_key_ring(settings),
        GrantIds(settings.client_secret),
        make_legacy_tokens(settings),
        refreshes or make_refreshes(settings),
        lifetime_seconds=settings.refresh_token_lifetime,
        rate_limit=rate_limit,
        revocations=revocations,
    )


def _current_key(settings: Settings) -> RootKey:
    if settings.encryption_secret is not None and settings.encryption_secret.key is not None:
        return settings.encryption_secret.key
    return root_key(new_secret())
