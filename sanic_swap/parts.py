"""Makes the parts of the service from its settings; nothing is open before `Parts.opened`."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sanic_swap.logs import configure_logging
from sanic_swap.monitoring.access_log import AccessLog
from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import GrantIds, RootKey
from sanic_swap.sealing.legacy import CIPHERED, LegacyTokens, Opener
from sanic_swap.settings.table import Settings
from sanic_swap.spotify.accounts import SpotifyAccounts
from sanic_swap.spotify.credentials import Credentials
from sanic_swap.swap.limits import Counts, InFlight, RateLimit
from sanic_swap.swap.revocations import AUTHORIZATION_SECONDS, Revocations
from sanic_swap.swap.sharing import OtherMachines
from sanic_swap.swap.token_swap import TokenSwap
from sanic_swap.web.endpoints import GRANT_TYPES, HEALTH_PATHS, Readiness
from sanic_swap.web.error_table import CALL_OUTCOMES, OUTCOMES
from sanic_swap.web.token_requests import ParameterRules

if TYPE_CHECKING:
    from sanic_swap.monitoring.metrics import Metrics
    from sanic_swap.monitoring.new_relic import NewRelic
    from sanic_swap.store.redis import RedisStore


class Sealing(NamedTuple):
    """What opens tokens, and seals them; the store's values, too."""

    keys: Sequence[RootKey]  # newest first
    ring: KeyRing
    legacy: LegacyTokens
    grant_ids: GrantIds


class Parts:
    """The service of one process; nothing of it is open before `opened`.

    What is an optional extra, or takes time to load, is imported where it is made. None stands
    for what the settings leave out.
    """

    access_log: AccessLog | None = None
    metrics: "Metrics | None" = None
    new_relic: "NewRelic | None" = None
    store: "RedisStore | None" = None
    revocations: Revocations | None = None

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        sealing = make_sealing(settings)
        # Once more after the command line, for the writer: access log and metrics need it.
        self.lines, line_format = configure_logging(settings.log_level, settings.log_format)
        if settings.access_log and settings.log_level in ("debug", "info"):
            quiet = frozenset() if settings.log_level == "debug" else HEALTH_PATHS
            self.access_log = AccessLog(self.lines, line_format, quiet)
        self.metrics = _make_metrics(settings, sealing.ring)
        if settings.new_relic_license_key is not None:
            from sanic_swap.monitoring.new_relic import NewRelic

            origin = settings.accounts_url.origin
            self.new_relic = NewRelic(settings.new_relic_license_key, origin)
        self.spotify = SpotifyAccounts(
            settings.accounts_url.url,
            settings.client_id,
            settings.client_secret,
            timeout_seconds=settings.spotify_timeout,
            observe=self._calling if self.metrics or self.new_relic else nullcontext,
        )
        self.credentials = Credentials(self.spotify)
        if settings.store_url is not None:
            from sanic_swap.store.redis import RedisStore

            self.store = RedisStore(settings.store_url)
        if settings.revocation_guard:
            self.revocations = Revocations(timeout_seconds=settings.spotify_timeout)
        self.swap = self._make_swap(sealing)
        self.in_flight = InFlight(settings.max_in_flight)
        self.rules = ParameterRules(settings.client_id, settings.callback_urls, self.swap.holds)
        self.readiness = Readiness(self._words, lambda: self.credentials.are_good)
        if self.metrics is not None:
            self._show_state(self.metrics)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold open what the service needs; close it in reverse order, each task awaited."""
        settings = self.settings
        async with AsyncExitStack() as stack:
            if self.metrics is not None and settings.metrics_port is not None:
                served = self.metrics.served(settings.metrics_host, settings.metrics_port)
                await stack.enter_async_context(served)
            if self.new_relic is not None:
                stack.push_async_callback(self.new_relic.close)
            await stack.enter_async_context(self.spotify)
            if self.store is not None:
                await stack.enter_async_context(self.store)
            if self.revocations is not None:
                stack.push_async_callback(self.revocations.close)
            stack.push_async_callback(self.swap.refreshes.close)
            yield

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Watch what happens in the block as one call to Spotify."""
        metrics = nullcontext() if self.metrics is None else self.metrics.calling()
        with metrics, nullcontext() if self.new_relic is None else self.new_relic.calling():
            yield

    def _words(self) -> dict[str, str]:
        """Return what each part that may be in trouble says of itself."""
        words = {"credentials": self.credentials.word, "spotify": self.spotify.word}
        if self.store is not None:
            words["store"] = self.store.word
        if self.revocations is not None:
            words["revocation_guard"] = "active" if self.revocations.is_holding else "ok"
        return words

    def _show_state(self, metrics: "Metrics") -> None:
        from sanic_swap.monitoring.state import of_service

        refreshes, revocations, store = self.swap.refreshes, self.revocations, self.store
        parts = self.spotify, refreshes, revocations, store, self.in_flight, self.lines
        metrics.read_from(lambda: of_service(*parts, lambda: self.readiness.phase == "draining"))

    def _make_swap(self, sealing: Sealing) -> TokenSwap:
        settings = self.settings
        other_machines: OtherMachines | None = None
        counts: Counts | None = None
        if self.store is not None:
            from sanic_swap.store.counts import StoreCounts
            from sanic_swap.store.flights import StoreFlights, StoreSealer

            secret = settings.client_secret.reveal().encode()
            counts = StoreCounts(self.store, sha256(secret).digest())
            other_machines = StoreFlights(
                self.store,
                StoreSealer(sealing.keys, settings.sealing_context),
                timeout_seconds=settings.spotify_timeout,
                replay_seconds=settings.rotation_replay,
            )
        return TokenSwap(
            self.spotify,
            sealing.ring,
            sealing.grant_ids,
            sealing.legacy,
            replay_seconds=settings.rotation_replay,
            other_machines=other_machines,
            rate_limit=RateLimit(settings.rate_limit, counts),
            revocations=self.revocations,
            lifetime_seconds=settings.refresh_token_lifetime,
        )


def make_sealing(settings: Settings) -> Sealing:
    """Return what opens and seals tokens: by the keys of *settings*, or by a temporary one."""
    keys = settings.keys()
    ring, legacy = make_key_ring(settings, keys), _make_legacy(settings)
    return Sealing(keys, ring, legacy, GrantIds(settings.client_secret))


def make_key_ring(settings: Settings, keys: Sequence[RootKey] = ()) -> KeyRing:
    """Return what seals and opens with *keys*, by default those of *settings*."""
    return KeyRing(
        keys or settings.keys(),
        settings.sealing_context,
        retired=settings.retired_key_ids,
        hold_unknown=settings.holds_unknown,
        other_origins=settings.accounts_url.other_origins,
        revoke_before=settings.revoke_before,
    )


def _make_legacy(settings: Settings) -> LegacyTokens:
    """Return what opens other services' tokens; a key for each secret and format is derived now."""
    if settings.revoke_before:  # of no such token is known when it was authorized
        return LegacyTokens({})
    openers: dict[str, list[Opener]] = {}
    if "plain" in settings.legacy_tokens:
        openers["plain"] = [bytes]
    if ciphered := CIPHERED & set(settings.legacy_tokens):
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


def _make_metrics(settings: Settings, ring: KeyRing) -> "Metrics | None":
    if settings.metrics_port is None:
        return None
    from sanic_swap.monitoring.metrics import Metrics

    return Metrics(
        token_paths=GRANT_TYPES,
        outcomes=OUTCOMES,
        call_outcomes=CALL_OUTCOMES,
        keys=settings.key_ids_in_use,
        ring=ring,
        formats=[name for name in settings.legacy_tokens if name != "none"],
        lifetime_seconds=settings.refresh_token_lifetime or AUTHORIZATION_SECONDS,
    )
