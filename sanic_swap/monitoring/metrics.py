"""What is counted for Prometheus, and the port where it is read.

Imported only when METRICS_PORT is set. What happens is counted here as it happens; what
the parts of the service know of themselves is read from them by `metrics_state`, at each
scrape. No label's value comes from outside: each is one of a set that is known at start.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.registry import Collector

from sanic_swap.errors import CannotListen, SpotifyError
from sanic_swap.logs import log
from sanic_swap.monitoring.grants import Grants
from sanic_swap.trace import Answered

_OTHER = "other"  # the endpoint of requests for none of ours
_LAG_EVERY_SECONDS = 0.5
# Up to the longest that a request may take by default; Spotify's usual answer takes 0.1 s.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0, 10.0)
_UNKNOWN_KEY, _LEGACY = "unknown", "legacy"
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass(frozen=True, slots=True)
class Labels:
    """
    Every value that a label may have, so that each series begins with 0.

    Prometheus sees no increase in what begins with 1.

    Attributes:
        token_paths, other_paths: The endpoints; those that apps post to come with each outcome.
        outcomes: How requests may end.
        call_outcomes: How calls to Spotify may fail.
        key_ids: Of every key that opens tokens here.
        held_key_ids: Of keys that the settings know and whose tokens are held nevertheless.
        refused_tokens: Why a token may not open.
        formats: Of other services' tokens that open here.
    """

    token_paths: Iterable[str]
    other_paths: Iterable[str]
    outcomes: Iterable[str]
    call_outcomes: Iterable[str]
    key_ids: Iterable[str]
    held_key_ids: Iterable[str]
    refused_tokens: Iterable[str]
    formats: Iterable[str]


class Metrics:
    """
    The metrics of one process.

    Args:
        outcome_of: Names the outcome of a call to Spotify that failed.
        lifetime_seconds: From a user's authorization to its end.
    """

    def __init__(
        self,
        labels: Labels,
        outcome_of: Callable[[SpotifyError], str],
        lifetime_seconds: int,
    ) -> None:
        self._outcome_of = outcome_of
        # Twice the lines, for what Prometheus does not use.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._grants = Grants(self._registry, lifetime_seconds)
        self._requests = Counter(
            "sanic_swap_requests",
            "Requests that were answered, by endpoint and how they ended.",
            ("endpoint", "outcome"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "sanic_swap_request_duration_seconds",
            "From a request's complete head to its answer.",
            ("endpoint",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._calls = Counter(
            "sanic_swap_spotify_calls",
            "Calls to Spotify, each try by itself, by how they ended.",
            ("outcome",),
            registry=self._registry,
        )
        self._call_durations = Histogram(
            "sanic_swap_spotify_call_duration_seconds",
            "How long calls to Spotify took, each try by itself.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._opened = Counter(
            "sanic_swap_tokens_opened",
            "Sealed tokens that opened, by the key that had sealed them.",
            ("key",),
            registry=self._registry,
        )
        self._refused = Counter(
            "sanic_swap_tokens_refused",
            "Refresh tokens that do not open here, by why.",
            ("reason",),
            registry=self._registry,
        )
        self._held = Counter(
            "sanic_swap_tokens_held",
            "Refresh tokens whose key or format is not configured (503), by key if we know it.",
            ("key",),
            registry=self._registry,
        )
        self._imports = Counter(
            "sanic_swap_imports",
            "Tokens of other services that opened, by their format.",
            ("format",),
            registry=self._registry,
        )
        self._lag = Histogram(
            "sanic_swap_event_loop_lag_seconds",
            "How much later than due a timer fires.",
            buckets=_LAG_SECONDS,
            registry=self._registry,
        )
        self._endpoints = frozenset((*labels.token_paths, *labels.other_paths))
        for path in labels.token_paths:
            for outcome in labels.outcomes:
                self._requests.labels(path, outcome)
        for outcome in ("tokens", "cancelled", *labels.call_outcomes):
            self._calls.labels(outcome)
        self._reasons = frozenset(labels.refused_tokens)
        self._held_key_ids = frozenset(labels.held_key_ids)
        for key_id in labels.key_ids:
            self._opened.labels(key_id)
        for reason in self._reasons:
            self._refused.labels(reason)
        for key in (_UNKNOWN_KEY, _LEGACY, *self._held_key_ids):
            self._held.labels(key)
        for name in labels.formats:
            self._imports.labels(name)

    def read_from(self, state: Collector) -> None:
        """Read at each scrape what *state* knows, too."""
        self._registry.register(state)

    def count(self, answered: Answered) -> None:
        """Count one answer."""
        endpoint = answered.path if answered.path in self._endpoints else _OTHER
        self._requests.labels(endpoint, answered.outcome).inc()
        self._durations.labels(endpoint).observe(answered.seconds)
        if answered.outcome == "token_refused" and answered.reason in self._reasons:
            self._refused.labels(answered.reason).inc()
        elif answered.outcome == "token_held":
            key_id = answered.trace.refused_key_id
            known = key_id if key_id in self._held_key_ids else _UNKNOWN_KEY
            self._held.labels(_LEGACY if key_id is None else known).inc()
        self._grants.count(answered)
        if answered.trace.key_id is not None:
            self._opened.labels(answered.trace.key_id).inc()
        if answered.trace.imported is not None:
            self._imports.labels(answered.trace.imported).inc()

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Count what happens in the block as one call to Spotify."""
        began, outcome = perf_counter(), "cancelled"
        try:
            yield
            outcome = "tokens"
        except SpotifyError as error:
            outcome = self._outcome_of(error)
            raise
        finally:
            self._calls.labels(outcome).inc()
            self._call_durations.observe(perf_counter() - began)

    @asynccontextmanager
    async def served(self, host: str, port: int) -> AsyncIterator[None]:
        """
        Answer scrapes on a port of their own until the block ends.

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
            with suppress(asyncio.CancelledError):
                await watch
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            thread.join()

    async def _watch_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_EVERY_SECONDS
            await asyncio.sleep(_LAG_EVERY_SECONDS)
            self._lag.observe(max(0.0, loop.time() - due))
