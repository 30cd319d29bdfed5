"""What the parts of the service know of themselves, read by Prometheus at each scrape.

From another thread than the one that changes them, so numbers alone are read.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from sanic_swap.logs import Lines
from sanic_swap.spotify.accounts import SpotifyAccounts
from sanic_swap.swap.limits import InFlight
from sanic_swap.swap.revocations import Revocations
from sanic_swap.swap.sharing import SharedRefreshes

if TYPE_CHECKING:
    from sanic_swap.store.redis import RedisStore


def of_service(
    spotify: SpotifyAccounts,
    refreshes: SharedRefreshes,
    revocations: Revocations | None,
    store: "RedisStore | None",
    in_flight: InFlight,
    lines: Lines,
    is_draining: Callable[[], bool],
) -> Iterator[Metric]:
    """Yield each metric of one process with its value of this moment."""
    yield _gauge("draining", "1 while the process is about to end.", is_draining())
    yield _gauge("requests_in_flight", "Token requests under way now.", in_flight.count)
    yield _gauge("requests_in_flight_limit", "MAX_IN_FLIGHT.", in_flight.limit)
    yield _counter("log_lines_dropped", "Log lines that nobody read.", lines.dropped)
    is_refused = bool(spotify.credentials_refused)
    yield _gauge("credentials_refused", "1 while Spotify refuses our credentials.", is_refused)
    yield _counter("spotify_retries", "Calls to Spotify that were repetitions.", spotify.retries)
    yield _counter("spotify_not_asked", "Requests refused to spare Spotify.", spotify.suppressed)
    yield _gauge("spotify_breaker_open", "1 while Spotify is failing.", spotify.breaker.is_open)
    left = spotify.cooldown_seconds
    yield _gauge("spotify_hold_back_seconds", "What is left of Spotify's Retry-After.", left)
    joined, replayed = refreshes.coalesced, refreshes.replayed
    yield _counter("refreshes_coalesced", "Refreshes that shared one answer under way.", joined)
    yield _counter("refreshes_replayed", "Refreshes that got a rotation's answer.", replayed)
    if revocations is not None:
        is_active = revocations.is_holding
        yield _gauge("revocation_guard_holding", "1 while refusals are held back.", is_active)
        yield _counter("revocations_held", "Refusals that were held back.", revocations.held)
    if store is not None:
        yield _gauge("store_lost", "1 while the store does not answer.", store.is_lost)
        yield _counter("store_losses", "How often the store was lost.", store.losses)


def of_connections(
    limit: int, by_state: Callable[[], Mapping[str, int]], reclaimed: Mapping[str, int]
) -> Iterator[Metric]:
    """Yield each metric of the open connections; *reclaimed* ones were closed to make room."""
    now = GaugeMetricFamily(
        "sanic_swap_connections", "Open connections, by what they wait for.", labels=("state",)
    )
    for state, count in by_state().items():
        now.add_metric((state,), count)
    yield now
    yield _gauge("connections_limit", "MAX_CONNECTIONS.", limit)
    closed = CounterMetricFamily(
        "sanic_swap_connections_reclaimed",
        "Connections that were closed to make room for new ones.",
        labels=("state",),
    )
    for state, count in reclaimed.items():
        closed.add_metric((state,), count)
    yield closed


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"sanic_swap_{name}", meaning, value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"sanic_swap_{name}", meaning, value)
