"""What is counted for Prometheus, and the port where it is read.

Imported only when METRICS_PORT is set. What happens is counted here as it happens; what
the parts of the service know of themselves is read from them by `state`, at each scrape.
No label's value comes from outside: each is one of a set that is known at start.
"""

import asyncio
import platform
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from time import perf_counter

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
from sanic_swap.monitoring.grants import Grants
from sanic_swap.monitoring.version import commit
from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.trace import Answered

_OTHER = "other"  # the endpoint of requests for none of ours
_UNKNOWN_KEY, _LEGACY = "unknown", "legacy"
_LAG_EVERY_SECONDS = 0.5
# Up to the longest that a request may take by default; Spotify's usual answer takes 0.1 s.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0, 10.0)
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The metrics of one process.

    Args:
        token_paths, other_paths: The endpoints; those that apps post to come with each outcome.
        outcomes: How token requests may end.
        call_outcomes: How calls to Spotify may fail, by the kind of error.
        keys: Uses (`current`, `previous`, `retired`), each with ids that commas separate, or `-`.
        ring: Names the keys that open tokens, and those whose tokens are held.
        formats: Of other services' tokens that open here.
        lifetime_seconds: From a user's authorization to its end.
    """

    def __init__(
        self,
        *,
        token_paths: Iterable[str],
        other_paths: Iterable[str],
        outcomes: Iterable[str],
        call_outcomes: Mapping[type[SpotifyError], str],
        keys: Mapping[str, str],
        ring: KeyRing,
        formats: Iterable[str],
        lifetime_seconds: int,
    ) -> None:
        self._endpoints = frozenset((*token_paths, *other_paths))
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
        endpoint = trace.path if trace.path in self._endpoints else _OTHER
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
        began, outcome = perf_counter(), "cancelled"
        try:
            yield
            outcome = "tokens"
        except SpotifyError as error:
            outcome = self._call_outcomes[type(error)]
            raise
        finally:
            self._calls.labels(outcome).inc()
            self._call_durations.observe(perf_counter() - began)

    @asynccontextmanager
    async def served(self, host: str, port: int) -> AsyncIterator[None]:
        """Answer scrapes on a port of their own until the block ends.

        From a thread: a busy event loop must not hide that it is busy.

        Raises:
            CannotListen: If the port cannot be had.
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


@dataclass(frozen=True, slots=True, eq=False)  # Prometheus keeps it by its identity
class _Reader(Collector):
    read: Callable[[], Iterator[Metric]]

    def collect(self) -> Iterator[Metric]:
        return self.read()
