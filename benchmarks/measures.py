"""The measurements: each drives all programs in turn, so that a noisy machine hits all alike."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from load import Bodies, Load
from programs import Programs, stop
from tested import Tested

_WARM_UP_SECONDS = 2
_COLLECT_SECONDS = 5
_TAIL_CONNECTIONS = 64
_IN_FLIGHT = 5000
_RAMP = (1000, 2500)
_DELAYS_MS = (150, 1000)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Ratio:
    """Round by round, one program over another: the median, the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, above: Sequence[float], below: Sequence[float]) -> "Ratio":
        rounds = [one / other for one, other in zip(above, below, strict=True)]
        return cls(median(rounds), min(rounds), max(rounds))


def cost(
    loads: Sequence[Load], swaps: Bodies, *, rounds: int, seconds: int, connections: int
) -> dict[str, Any]:
    """Load each program in turn, *rounds* times; the first one is the measure of the others."""
    for load in loads:
        load.run(swaps, connections, _WARM_UP_SECONDS)
    refreshes = {load.name: load.refreshes(swaps, _COLLECT_SECONDS) for load in loads}
    seen: dict[str, dict[str, list[dict[str, Any]]]] = {"/swap": {}, "/refresh": {}}
    for _ in range(rounds):
        for endpoint, outcomes in seen.items():
            for load in loads:
                bodies = swaps if endpoint == "/swap" else refreshes[load.name]
                outcome = asdict(load.run(bodies, connections, seconds))
                outcomes.setdefault(load.name, []).append(outcome)
    return {endpoint: _compared(outcomes) for endpoint, outcomes in seen.items()}


def _compared(outcomes: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return for each program its rounds, medians and how much better it is than the first one."""
    first = next(iter(outcomes.values()))
    report = {}
    for name, rounds in outcomes.items():
        figures = {figure: [one[figure] for one in rounds] for figure in rounds[0]}
        floor = {figure: [one[figure] for one in first] for figure in figures}
        cpu, rate = "cpu_us_per_request", "per_second"
        report[name] = {
            "rounds": figures,
            "median": {figure: median(values) for figure, values in figures.items()},
            "of_cpu": asdict(Ratio.of(floor[cpu], figures[cpu])),
            "of_rate": asdict(Ratio.of(figures[rate], floor[rate])),
        }
    return report


def tail(
    loads: Sequence[Load],
    upstream: Tested,
    relay: Tested,
    swaps: Bodies,
    *,
    rounds: int,
    seconds: int,
    core: int | None,
) -> dict[str, Any]:
    """Measure answer times at half of what each program can do.

    Beside them those of the upstream alone, and of a relay: how long a request takes that has
    to wake up two processes on two cores, whatever is done with it.
    """
    others = {
        "upstream": (Load("upstream", upstream, core), Bodies(swaps.path, "/api/token")),
        "relay": (Load("relay", relay, core), swaps),
    }
    report: dict[str, Any] = {load.name: {"above_ms": {}} for load in loads}
    for _ in range(rounds):
        for load in loads:
            peak = load.run(swaps, 32, seconds).per_second
            pause_ms = _TAIL_CONNECTIONS / (peak / 2) * 1000
            here = load.run(swaps, _TAIL_CONNECTIONS, seconds, pause_ms=pause_ms)
            report[load.name] |= asdict(here)
            for name, (other, bodies) in others.items():
                there = other.run(bodies, _TAIL_CONNECTIONS, seconds, pause_ms=pause_ms)
                above = report[load.name]["above_ms"].setdefault(name, [])
                above.append(here.p99_ms - there.p99_ms)
                report[load.name][name] = asdict(there)
    for seen in report.values():
        seen["median_above_ms"] = {name: median(ms) for name, ms in seen["above_ms"].items()}
    return report


def memory(
    loads: Sequence[Load], swaps: Bodies, *, requests: int, seconds: int
) -> dict[str, list[tuple[int, float]]]:
    """Return how many requests each program had had, and its resident MB then, again and again."""
    report: dict[str, list[tuple[int, float]]] = {load.name: [] for load in loads}
    while any(load.requests < requests for load in loads):
        for load in loads:
            if load.requests < requests:
                load.run(swaps, 32, seconds)
                report[load.name].append((load.requests, load.tested.memory_mb()))
    return report


def start(
    programs: Mapping[str, Callable[[], Tested]], requests: Mapping[str, bytes], *, times: int
) -> dict[str, Any]:
    """Measure from exec to the first success, alternating; each once before, uncounted."""
    report = {}
    for what, request in requests.items():
        seconds: dict[str, list[float]] = {name: [] for name in programs}
        cpu_seconds: dict[str, list[float]] = {name: [] for name in programs}
        for counted in (False, *[True] * times):
            for name, begin in programs.items():
                began = perf_counter()
                tested = begin()
                tested.wait_for_success(request)
                taken, cpu_taken = perf_counter() - began, tested.cpu_seconds()
                stop(tested.process)
                if counted:
                    seconds[name].append(taken)
                    cpu_seconds[name].append(cpu_taken)
        report[what] = {
            "rounds": seconds,
            "cpu_rounds": cpu_seconds,
            "median": {name: median(values) for name, values in seconds.items()},
            "ratio": asdict(Ratio.of(seconds["service"], seconds["floor"])),
            "cpu_ratio": asdict(Ratio.of(cpu_seconds["service"], cpu_seconds["floor"])),
        }
    return report


def in_flight(programs: Programs, swaps: Bodies, *, seconds: int) -> list[dict[str, Any]]:
    """Keep many requests in flight that Spotify is slow to answer."""
    report = []
    for delay_ms in _DELAYS_MS:
        upstream = programs.slow_upstream(delay_ms / 1000)
        service = programs.service(upstream, MAX_IN_FLIGHT="6000")
        service.wait_for_success(swaps.first())
        load = Load("service", service, programs.cores.others)
        load.run(swaps, 32, _WARM_UP_SECONDS)
        before_mb = service.memory_mb()
        service.forget_peak()
        for connections in _RAMP:  # or the upstream's queue of new connections overflows
            load.run(swaps, connections, seconds)
        _peak(upstream)
        outcome = load.run(swaps, _IN_FLIGHT, seconds)
        report.append(
            {
                "connections": _IN_FLIGHT,
                "delay_ms": delay_ms,
                "peak_in_flight": _peak(upstream),
                "kb_each": (service.peak_mb() - before_mb) * 1024 / _IN_FLIGHT,
                **asdict(outcome),
            }
        )
        stop(service.process)
    return report


def _peak(upstream: str) -> int:
    """Return how many requests the slow upstream had at once since this was last asked."""
    connection = HTTPConnection(urlsplit(upstream).netloc, timeout=10)
    connection.request("GET", "/")
    with connection.getresponse() as answer:
        peak: int = json.load(answer)["peak"]
    connection.close()
    return peak
