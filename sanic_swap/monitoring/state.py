"""What the parts of the service know of themselves, read by Prometheus at each scrape."""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from sanic_swap import __version__
from sanic_swap.logs import Lines
from sanic_swap.monitoring.version import commit
from sanic_swap.spotify.accounts import SpotifyAccounts
from sanic_swap.swap.limits import InFlight
from sanic_swap.swap.revocations import Revocations
from sanic_swap.swap.sharing import SharedRefreshes

if TYPE_CHECKING:
    from collections.abc import Callable

    from sanic_swap.store.redis import RedisStore


@dataclass(frozen=True, slots=True)
class State(Collector):
    """
    The parts of one process.

    Reads numbers alone, as Prometheus reads from another thread than the one that changes them.

    Args:
        keys: Uses (`current`, `previous`, `retired`), each with ids that commas separate, or `-`.
        is_draining: Says whether the process is about to end.
        revocations: None if every refusal is believed.
        store: None if there is none.
    """

    spotify: SpotifyAccounts
    refreshes: SharedRefreshes
    revocations: Revocations | None
    store: "RedisStore | None"
    in_flight: InFlight
    keys: tuple[tuple[str, str], ...]
    lines: Lines
    is_draining: "Callable[[], bool]"

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its value of this moment."""
        build = GaugeMetricFamily(
            "sanic_swap_build_info", "What runs here.", labels=("version", "commit", "python")
        )
        build.add_metric((__version__, commit(), platform.python_version()), 1)
        yield build
        keys = GaugeMetricFamily(
            "sanic_swap_key_info", "The keys in the settings.", labels=("key", "use")
        )
        for use, key_ids in self.keys:
            for key_id in key_ids.split(","):
                if key_id != "-":
                    keys.add_metric((key_id, use), 1)
        yield keys
        yield _gauge("draining", "1 while the process is about to end.", self.is_draining())
        yield _gauge("requests_in_flight", "Token requests under way now.", self.in_flight.count)
        yield _gauge("requests_in_flight_limit", "MAX_IN_FLIGHT.", self.in_flight.limit)
        yield _counter("log_lines_dropped", "Log lines that nobody read.", self.lines.dropped)
        yield from self._of_spotify()
        yield _counter(
            "refreshes_coalesced",
            "Refreshes that shared the answer of an equal one under way.",
            self.refreshes.coalesced,
        )
        yield _counter(
            "refreshes_replayed",
            "Refreshes that got the answer of an earlier rotation.",
            self.refreshes.replayed,
        )
        if self.revocations is not None:
            yield _gauge(
                "revocation_guard_holding",
                "1 while refusals of young grants are held back.",
                self.revocations.is_holding,
            )
            yield _counter(
                "revocations_held", "Refusals that were held back.", self.revocations.held
            )

        if self.store is not None:
            yield _gauge("store_lost", "1 while the store does not answer.", self.store.is_lost)
            yield _counter("store_losses", "How often the store was lost.", self.store.losses)

    def _of_spotify(self) -> Iterator[Metric]:
        yield _gauge(
            "credentials_refused",
            "1 while Spotify refuses CLIENT_ID and CLIENT_SECRET.",
            bool(self.spotify.credentials_refused),
        )
        yield _counter(
            "spotify_retries", "Calls to Spotify that were repetitions.", self.spotify.retries
        )
        yield _counter(
            "spotify_not_asked",
            "Requests that were turned away without a call, to spare Spotify.",
            self.spotify.suppressed,
        )
        yield _gauge(
            "spotify_breaker_open",
            "1 while the circuit breaker is open: Spotify is failing.",
            self.spotify.breaker.is_open,
        )
        yield _gauge(
            "spotify_hold_back_seconds",
            "How long all calls stay paused because of Spotify's Retry-After.",
            self.spotify.cooldown_seconds,
        )


@dataclass(frozen=True, slots=True, eq=False)  # Prometheus keeps it by its identity
class Connections(Collector):
    """
    The open connections of one process.

    Args:
        by_state: Counts them, from another thread.
        reclaimed: How many were closed to make room.
    """

    limit: int
    by_state: "Callable[[], Mapping[str, int]]"
    reclaimed: Mapping[str, int]

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its value of this moment."""
        now = GaugeMetricFamily(
            "sanic_swap_connections", "Open connections, by what they wait for.", labels=("state",)
        )
        for state, count in self.by_state().items():
            now.add_metric((state,), count)
        yield now
        yield _gauge("connections_limit", "MAX_CONNECTIONS.", self.limit)
        reclaimed = CounterMetricFamily(
            "sanic_swap_connections_reclaimed",
            "Connections that were closed to make room for new ones.",
            labels=("state",),
        )
        for state, count in self.reclaimed.items():
            reclaimed.add_metric((state,), count)
        yield reclaimed


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"sanic_swap_{name}", meaning, value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"sanic_swap_{name}", meaning, value)
