"""Makes the parts of the service from its settings, one builder for each room; opens nothing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sanic_swap.errors import REFUSED_TOKENS, SpotifyError
from sanic_swap.logs import Lines, configure_logging
from sanic_swap.monitoring.access_log import AccessLog
from sanic_swap.sealing.grant_id import GrantIds
from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import Keys
from sanic_swap.sealing.legacy import CIPHERED, LegacyTokens, Opener
from sanic_swap.settings.table import Settings
from sanic_swap.spotify.accounts import SpotifyAccounts
from sanic_swap.spotify.credentials import Credentials
from sanic_swap.swap.limits import Counts, InFlight, RateLimit
from sanic_swap.swap.revocation_guard import AUTHORIZATION_SECONDS
from sanic_swap.swap.revocations import Revocations
from sanic_swap.swap.sharing import OtherMachines
from sanic_swap.swap.token_swap import TokenSwap
from sanic_swap.web.api import GRANT_TYPES
from sanic_swap.web.error_table import OUTCOMES, outcome_of, outcomes_below
from sanic_swap.web.ops import HEALTH_PATHS, PATHS, Readiness
from sanic_swap.web.parameters import CallbackUrls, ParameterRules

if TYPE_CHECKING:
    from sanic_swap.monitoring.metrics import Metrics
    from sanic_swap.monitoring.new_relic import NewRelic
    from sanic_swap.store.redis import RedisStore


class Sealing(NamedTuple):
    """What opens tokens, and seals them; the store's values, too."""

    keys: Keys
    ring: KeyRing
    legacy: LegacyTokens
    grant_ids: GrantIds


class Monitoring(NamedTuple):
    """What watches requests and calls to Spotify."""

    lines: Lines
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
    credentials: Credentials
    store: "RedisStore | None"
    revocations: Revocations | None
    swap: TokenSwap
    in_flight: InFlight

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold open what the service needs; close it in reverse order, each task awaited."""
        settings, (_, _, metrics, new_relic) = self.settings, self.monitoring
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
            stack.push_async_callback(self.swap.refreshes.close)
            yield


def make_parts(settings: Settings, readiness: Readiness) -> Parts:
    """
    Return the service that *settings* describe.

    Args:
        readiness: Learns which parts may be in trouble, and lets metrics know of a drain.
    """
    sealing = make_sealing(settings)
    monitoring = _make_monitoring(settings, sealing.ring)
    spotify = _make_spotify(settings, monitoring)
    store = _make_store(settings)
    revocations = None
    if settings.revocation_guard:
        revocations = Revocations(timeout_seconds=settings.spotify_timeout)
    swap = _make_swap(settings, sealing, spotify, store, revocations)
    in_flight = InFlight(settings.max_in_flight)
    credentials = Credentials(spotify)
    readiness.are_credentials_good = lambda: credentials.are_good
    readiness.words["credentials"] = lambda: credentials.word
    readiness.words["spotify"] = lambda: spotify.word
    if store is not None:
        readiness.words["store"] = lambda: store.word
    if revocations is not None:
        readiness.words["revocation_guard"] = lambda: "active" if revocations.is_holding else "ok"
    if monitoring.metrics is not None:
        # Imported here: the library takes time to load, and most services do without.
        from sanic_swap.monitoring.state import State

        refreshes, is_draining = swap.refreshes, lambda: readiness.draining
        keys = tuple(settings.key_ids_in_use.items())
        monitoring.metrics.read_from(
            State(
                spotify,
                refreshes,
                revocations,
                store,
                in_flight,
                keys,
                monitoring.lines,
                is_draining,
            )
        )
    callbacks = CallbackUrls(settings.callback_urls)
    rules = ParameterRules(settings.client_id, callbacks, swap.holds)
    return Parts(
        settings, rules, monitoring, spotify, credentials, store, revocations, swap, in_flight
    )


def make_sealing(settings: Settings) -> Sealing:
    """Return what opens and seals tokens: by the keys of *settings*, or by a temporary one."""
    keys = settings.keys()
    return Sealing(
        keys,
        make_key_ring(settings, keys),
        _make_legacy(settings),
        GrantIds(settings.client_secret),
    )


def make_key_ring(settings: Settings, keys: Keys | None = None) -> KeyRing:
    """Return what seals and opens with *keys*, by default those of *settings*."""
    keys = keys or settings.keys()
    return KeyRing(
        keys.current,
        settings.sealing_context,
        previous=keys.previous,
        retired=settings.retired_key_ids,
        hold_unknown=settings.holds_unknown,
        other_origins=settings.accounts_url.other_origins,
        revoke_before=settings.revoke_before,
    )


def _make_legacy(settings: Settings) -> LegacyTokens:
    """Return what opens other services' tokens; a key for each secret and format is derived now."""
    if settings.revoke_before:  # of no such token is known when it was authorized
        return LegacyTokens({})
    openers: dict[str, list[Opener]] = (
        {"plain": [bytes]} if "plain" in settings.legacy_tokens else {}
    )
    if ciphered := CIPHERED & set(settings.legacy_tokens):
        # Imported here: it is an optional extra, and start-up time counts.
        from sanic_swap.sealing.legacy_ciphers import OPENERS

        for name in ciphered:
            made = (OPENERS[name](secret) for secret in settings.legacy_opening_secrets)
            openers[name] = [opener for opener in made if opener is not None]
    return LegacyTokens(
        openers,
        hold=settings.holds_unknown and not settings.legacy_tokens,
        closes_at=settings.legacy_closes_at,
        reseal=settings.legacy_reseal,
    )


def _make_spotify(settings: Settings, monitoring: Monitoring) -> SpotifyAccounts:
    is_watched = monitoring.metrics is not None or monitoring.new_relic is not None
    return SpotifyAccounts(
        settings.accounts_url.url,
        settings.client_id,
        settings.client_secret,
        timeout_seconds=settings.spotify_timeout,
        observe=monitoring.calling if is_watched else nullcontext,
    )


def _make_store(settings: Settings) -> "RedisStore | None":
    if settings.store_url is None:
        return None
    # Imported here: it is an optional extra, and start-up time counts.
    from sanic_swap.store.redis import RedisStore

    return RedisStore(settings.store_url)


def _make_swap(
    settings: Settings,
    sealing: Sealing,
    spotify: SpotifyAccounts,
    store: "RedisStore | None",
    revocations: Revocations | None,
) -> TokenSwap:
    keys = sealing.keys
    other_machines: OtherMachines | None = None
    counts: Counts | None = None
    if store is not None:
        from sanic_swap.store.counts import StoreCounts
        from sanic_swap.store.flights import StoreFlights
        from sanic_swap.store.sealing import StoreSealer

        counts = StoreCounts(store, sha256(settings.client_secret.reveal().encode()).digest())
        other_machines = StoreFlights(
            store,
            StoreSealer(keys.current, settings.sealing_context, previous=keys.previous),
            timeout_seconds=settings.spotify_timeout,
            replay_seconds=settings.rotation_replay,
        )
    return TokenSwap(
        spotify,
        sealing.ring,
        sealing.grant_ids,
        sealing.legacy,
        replay_seconds=settings.rotation_replay,
        other_machines=other_machines,
        rate_limit=RateLimit(settings.rate_limit, counts),
        revocations=revocations,
        lifetime_seconds=settings.refresh_token_lifetime,
    )


def _make_monitoring(settings: Settings, ring: KeyRing) -> Monitoring:
    lines, line_format = configure_logging(settings.log_level, settings.log_format)
    is_logged = settings.access_log and settings.log_level in ("debug", "info")
    quiet = frozenset() if settings.log_level == "debug" else HEALTH_PATHS
    access_log = AccessLog(lines, line_format, quiet) if is_logged else None
    metrics = new_relic = None
    if settings.metrics_port is not None:
        # Imported here: the library takes time to load, and most services do without.
        from sanic_swap.monitoring.metrics import Labels, Metrics

        labels = Labels(
            token_paths=tuple(GRANT_TYPES),
            other_paths=PATHS,
            outcomes=OUTCOMES,
            call_outcomes=outcomes_below(SpotifyError),
            key_ids=ring.key_ids,
            held_key_ids=ring.misplaced_key_ids,
            refused_tokens=REFUSED_TOKENS,
            formats=[name for name in settings.legacy_tokens if name != "none"],
        )
        lifetime = settings.refresh_token_lifetime or AUTHORIZATION_SECONDS
        metrics = Metrics(labels, outcome_of, lifetime)
    if settings.new_relic_license_key is not None:
        # Imported here: it is an optional extra, and starts threads.
        from sanic_swap.monitoring.new_relic import NewRelic

        new_relic = NewRelic(settings.new_relic_license_key, settings.accounts_url.origin)
    return Monitoring(lines, access_log, metrics, new_relic)
