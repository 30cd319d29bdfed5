"""What is counted for Prometheus as it happens, and the port where it is read.

Imported only when METRICS_PORT is set. What the parts of the service know of themselves is
read from them by `state`, at each scrape. No label's value comes from outside: each is one of a
set that is known at start.
"""

import asyncio
import platform
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    Metric,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.registry import Collector

from sanic_swap import __version__
from sanic_swap.errors import REFUSED_TOKENS, CannotListen, SpotifyError
from sanic_swap.logs import log
from sanic_swap.monitoring.version import commit
from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.trace import Answered

_OTHER = "other"  # the endpoint of requests for none of ours
_UNKNOWN_KEY, _LEGACY = "unknown", "legacy"
_LAG_EVERY_SECONDS = 0.5
# Up to the longest that a request may take by default; Spotify's usual answer takes 0.1 s.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0, 10.0)
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_DAY = 86_400  # seconds
_DAYS = (0.0, 1.0, 7.0, 14.0, 28.0, 56.0, 90.0, 120.0, 150.0, 180.0)
_MOST_GRANTS = 100_000  # of one day; shares do not need more


class Metrics:
    """The metrics of one process."""

    def __init__(
        self,
        *,
        token_paths: Iterable[str],  # what apps post to; each comes with each outcome
        outcomes: Iterable[str],  # how token requests may end
        call_outcomes: Mapping[type[SpotifyError], str],  # how calls to Spotify may fail
        keys: Mapping[str, str],  # by use; each has key ids that commas separate, or `-`
        ring: KeyRing,  # names the keys that open tokens, and those whose tokens are held
        formats: Iterable[str],  # of other services' tokens that open here
        lifetime_seconds: int,  # from a user's authorization to its end
    ) -> None:
        self._call_outcomes = call_outcomes
        self._held_key_ids = frozenset(ring.misplaced_key_ids)
        # Else each counter has a second line, which Prometheus does not use.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        build = {"version": __version__, "commit": commit(), "python": platform.python_version()}
        Info("sanic_swap_build", "What runs here.", registry=registry).info(build)
        key_info = Gauge(
            "sanic_swap_key_info", "The keys in the settings.", ("key", "use"), registry=registry
        )
        for use, ids in keys.items():
            for key_id in () if ids == "-" else ids.split(","):
                key_info.labels(key_id, use).set(1)
        self._grants = Grants(registry, lifetime_seconds)
        histogram = partial(Histogram, buckets=_SECONDS, registry=registry)
        self._requests = self._counter(
            "requests", "Answers, by endpoint and outcome.", endpoint=token_paths, outcome=outcomes
        )
        self._durations = histogram(
            "sanic_swap_request_duration_seconds",
            "From a request's complete head to its answer.",
            ("endpoint",),
        )
        self._calls = self._counter(
            "spotify_calls",
            "Calls to Spotify, each try by itself, by how they ended.",
            outcome=("tokens", "cancelled", *call_outcomes.values()),
        )
        self._call_durations = histogram(
            "sanic_swap_spotify_call_duration_seconds",
            "How long calls to Spotify took, each try by itself.",
        )
        self._opened = self._counter(
            "tokens_opened", "Sealed tokens that opened, by the key they name.", key=ring.key_ids
        )
        self._refused = self._counter(
            "tokens_refused", "Refresh tokens that do not open here, by why.", reason=REFUSED_TOKENS
        )
        self._held = self._counter(
            "tokens_held",
            "Refresh tokens whose key or format is not configured (503), by key if we know it.",
            key=(_UNKNOWN_KEY, _LEGACY, *self._held_key_ids),
        )
        self._imports = self._counter(
            "imports", "Tokens of other services that opened, by their format.", format=formats
        )
        self._lag = histogram(
            "sanic_swap_event_loop_lag_seconds",
            "How much later than due a timer fires.",
            buckets=_LAG_SECONDS,
        )

    def _counter(self, name: str, meaning: str, **labels: Iterable[str]) -> Counter:
        # At 0 for each value: Prometheus sees no increase in what begins with 1.
        counter = Counter(f"sanic_swap_{name}", meaning, labels, registry=self._registry)
        for values in product(*labels.values()):
            counter.labels(*values)
        return counter

    def read_from(self, read: Callable[[], Iterator[Metric]]) -> None:
        """Read at each scrape what *read* yields, too; another thread calls it."""
        self._registry.register(_Reader(read))

    def count(self, answered: Answered) -> None:
        """Count one answer."""
        trace = answered.trace
        endpoint = trace.path or _OTHER
        self._requests.labels(endpoint, answered.outcome).inc()
        self._durations.labels(endpoint).observe(answered.seconds)
        if answered.outcome == "token_refused":
            self._refused.labels(answered.reason).inc()
        elif answered.outcome == "token_held":
            key_id = trace.refused_key_id
            known = key_id if key_id in self._held_key_ids else _UNKNOWN_KEY
            self._held.labels(_LEGACY if key_id is None else known).inc()
        self._grants.count(answered)
        if trace.key_id is not None:
            self._opened.labels(trace.key_id).inc()
        if trace.imported is not None:
            self._imports.labels(trace.imported).inc()

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Count what happens in the block as one call to Spotify."""
        began, outcome = time.perf_counter(), "cancelled"
        try:
            yield
            outcome = "tokens"
        except SpotifyError as error:
            outcome = self._call_outcomes[type(error)]
            raise
        finally:
            self._calls.labels(outcome).inc()
            self._call_durations.observe(time.perf_counter() - began)

    @asynccontextmanager
    async def served(self, host: str, port: int) -> AsyncIterator[None]:
        """Answer scrapes on a port of their own until the block ends; or raise CannotListen.

        From a thread: a busy event loop must not hide that it is busy.
        """
        try:
            server, thread = start_http_server(port, host, self._registry)
        except OSError as error:
            raise CannotListen("METRICS_PORT, METRICS_HOST", host, port, error) from None
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{server.server_port}/metrics"
        log.info("metrics", extra={"fields": {"url": url}})
        watch = asyncio.create_task(self._watch_lag())
        try:
            yield
        finally:
            watch.cancel()
            await asyncio.wait([watch])
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            thread.join()

    async def _watch_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_EVERY_SECONDS
            await asyncio.sleep(_LAG_EVERY_SECONDS)
            self._lag.observe(max(0.0, loop.time() - due))


class Grants:
    """How long authorizations still last, and how many Spotify ended: of each grant once a day."""

    def __init__(
        self,
        registry: CollectorRegistry,
        lifetime_seconds: int,  # from a user's authorization to its end
        now: Callable[[], float] = time.time,
    ) -> None:
        self._lifetime_seconds, self._now = lifetime_seconds, now
        self._day = 0
        self._seen: set[tuple[str, str | None]] = set()
        self._refused = Counter(
            "sanic_swap_grants_refused", "Grants that Spotify refused.", registry=registry
        )
        self._remaining = Histogram(
            "sanic_swap_authorization_remaining_days",
            "Days that users' authorizations still last.",
            buckets=_DAYS,
            registry=registry,
        )

    def count(self, answered: Answered) -> None:
        """Count the grant of one answer, if it has one that is new today."""
        trace, now = answered.trace, self._now()
        if trace.grant is None or answered.outcome not in ("ok", "grant_refused"):
            return
        if self._day != now // _DAY:
            self._day = int(now // _DAY)
            self._seen.clear()
        if (answered.outcome, trace.grant) in self._seen or len(self._seen) >= _MOST_GRANTS:
            return
        self._seen.add((answered.outcome, trace.grant))
        if answered.outcome == "grant_refused":
            if trace.key_id is not None:  # other services' tokens may be anybody's invention
                self._refused.inc()
            return
        self._seen.add(("ok", trace.rotated_to))
        if trace.authorized_at:
            left = trace.authorized_at + self._lifetime_seconds - now
            self._remaining.observe(left / _DAY)


class _Reader(Collector):
    def __init__(self, read: Callable[[], Iterator[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        return self._read()
