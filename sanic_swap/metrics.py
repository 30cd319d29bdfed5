"""What is counted for Prometheus, and the port where it is read.

Imported only when METRICS_PORT is set. What happens is counted here as it happens; what
the parts of the service know of themselves is read from them by `metrics_state`, at each
scrape. No label's value comes from outside: each is one of a set that is known at start.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.registry import Collector

from sanic_swap.errors import SettingsError, SpotifyError, SwapError, outcome_of
from sanic_swap.logs import log

if TYPE_CHECKING:
    from sanic_swap.trace import RequestTrace

OTHER = "other"  # the endpoint of requests that ask for none of ours
# How a request may end beside the errors that `errors` knows.
_ENDS = ("ok", "http_error", "client_gone", "unfinished", "our_bug")
_LAG_EVERY_SECONDS = 0.5
# Up to the longest that a request may take by default; Spotify's usual answer takes 0.1 s.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0, 10.0)
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """
    The metrics of one process.

    Args:
        key_ids: Of every key that opens tokens here.
        formats: Of other services' tokens that open here.
    """

    def __init__(self, key_ids: Iterable[str], formats: Iterable[str]) -> None:
        # Twice the lines, for what Prometheus does not use.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._endpoints: frozenset[str] = frozenset()
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
        self._imports = Counter(
            "sanic_swap_imports",
            "Tokens of other services that opened, by their format.",
            ("format",),
            registry=self._registry,
        )
        self._lag = Histogram(
            "sanic_swap_event_loop_lag_seconds",
            "How much later than asked for a timer fires.",
            buckets=_LAG_SECONDS,
            registry=self._registry,
        )
        # From 0 on: Prometheus sees no increase in what begins with 1.
        for key_id in key_ids:
            self._opened.labels(key_id)
        for name in formats:
            self._imports.labels(name)
        for outcome in ("tokens", "cancelled", *_outcomes_below(SpotifyError)):
            self._calls.labels(outcome)

    def register(self, state: Collector) -> None:
        """Show also what *state* reads at each scrape."""
        self._registry.register(state)

    def know_endpoints(self, token_paths: Iterable[str], others: Iterable[str]) -> None:
        """Hear which paths there are, first those that apps call; every other one is `other`."""
        token_paths = frozenset(token_paths)
        self._endpoints = token_paths.union(others)
        for path in token_paths:
            for outcome in (*_ENDS, *_outcomes_below(SwapError)):
                self._requests.labels(path, outcome)

    def answered(
        self, path: str | None, outcome: str, seconds: float, trace: "RequestTrace | None"
    ) -> None:
        """
        Count one answer.

        Args:
            path: The path's template.
            outcome: `ok`, or what `errors.cause_of` says.
            trace: What became of the token that came in, if one did.
        """
        endpoint = path if path in self._endpoints else OTHER
        self._requests.labels(endpoint, outcome).inc()
        self._durations.labels(endpoint).observe(seconds)
        if trace is not None:
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
            outcome = outcome_of(type(error))
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
            SettingsError: If the port cannot be had.
        """
        try:
            server, thread = start_http_server(port, host, self._registry)
        except OSError as error:
            raise SettingsError(
                [f"METRICS_PORT, METRICS_HOST: cannot listen on {host}:{port}: {error.strerror}"]
            ) from None
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


def _outcomes_below(kind: type[SwapError]) -> Iterator[str]:
    """Yield the outcome of each error below *kind* that is raised while there are requests."""
    for error in kind.__subclasses__():
        if error.__subclasses__():
            yield from _outcomes_below(error)
        elif error is not SettingsError:
            yield outcome_of(error)
