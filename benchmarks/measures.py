"""The measurements: each drives service and floor in turn, so that a noisy machine hits both."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from load import Bodies, Load, refreshes
from programs import Programs, stop
from tested import Tested

_FEW_CONNECTIONS = 4
_WARM_UP_SECONDS = 2
_SLOW_REQUESTS = 30_000
# In flight, and milliseconds of delay: far over aiohttp's usual 100 connections at a rate
# that one core keeps up with; the wanted case, which no core keeps up with; and as many in
# flight at such a rate.
_SLOW = ((200, 150), (1000, 150), (1000, 1000))


@dataclass(frozen=True)
class Ratio:
    """Service over floor, round by round: the median, the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, service: list[float], floor: list[float]) -> "Ratio":
        rounds = [ours / theirs for ours, theirs in zip(service, floor, strict=True)]
        return cls(median(rounds), min(rounds), max(rounds))


def throughput(loads: list[Load], *, rounds: int, seconds: int, connections: int) -> dict[str, Any]:
    """Load each program in turn, *rounds* times; the one called `floor` is the measure."""
    for load in loads:
        load.run(connections, _WARM_UP_SECONDS)
    seen = {load.name: [] for load in loads}
    for _ in range(rounds):
        for load in loads:
            seen[load.name].append(load.run(connections, seconds))
    return _compared(seen, ("per_second", "cpu_us_per_request", "busy"))


def latency(loads: list[Load], *, rounds: int, seconds: int) -> dict[str, Any]:
    """Measure answer times with a few connections."""
    seen = {load.name: [] for load in loads}
    for _ in range(rounds):
        for load in loads:
            seen[load.name].append(load.run(_FEW_CONNECTIONS, seconds))
    return _compared(seen, ("p50_ms", "p99_ms")) | {"connections": _FEW_CONNECTIONS}


def _compared(seen: dict[str, list[Any]], figures: tuple[str, ...]) -> dict[str, Any]:
    report: dict[str, Any] = {"rounds": {}, "median": {}, "ratio": {}}
    for name, outcomes in seen.items():
        rounds = {figure: [getattr(one, figure) for one in outcomes] for figure in figures}
        floor = {figure: [getattr(one, figure) for one in seen["floor"]] for figure in figures}
        report["rounds"][name] = rounds
        report["median"][name] = {figure: median(values) for figure, values in rounds.items()}
        if name != "floor":
            report["ratio"][name] = {
                figure: asdict(Ratio.of(rounds[figure], floor[figure])) for figure in figures
            }
    return report


def memory(loads: list[Load]) -> dict[str, Any]:
    """Read what each program keeps after the load."""
    report: dict[str, Any] = {load.name: load.tested.memory_mb() for load in loads}
    report["difference"] = report["service"] - report["floor"]
    return report


def start(
    start_service: Callable[[], Tested],
    start_floor: Callable[[], Tested],
    bodies: Bodies,
    *,
    times: int,
) -> dict[str, Any]:
    """Measure from exec to the first success, alternating; each once before, uncounted."""
    request = bodies.first()
    seconds: dict[str, list[float]] = {"service": [], "floor": []}
    cpu_seconds: dict[str, list[float]] = {"service": [], "floor": []}
    for counted in (False, *[True] * times):
        for name, begin in (("service", start_service), ("floor", start_floor)):
            began = perf_counter()
            tested = begin()
            tested.wait_for_success(request)
            taken, cpu_taken = perf_counter() - began, tested.cpu_seconds()
            stop(tested.process)
            if counted:
                seconds[name].append(taken)
                cpu_seconds[name].append(cpu_taken)
    return {
        "rounds": seconds,
        "cpu_rounds": cpu_seconds,
        "median": {name: median(values) for name, values in seconds.items()},
        "ratio": asdict(Ratio.of(seconds["service"], seconds["floor"])),
        "cpu_ratio": asdict(Ratio.of(cpu_seconds["service"], cpu_seconds["floor"])),
    }


def slow(programs: Programs, encryption_secret: str, *, seconds: int) -> list[dict[str, Any]]:
    """Keep many requests in flight that Spotify is slow to answer."""
    report = []
    for connections, delay_ms in _SLOW:
        upstream = programs.slow_upstream(delay_ms / 1000)
        bodies = refreshes(programs.folder, _SLOW_REQUESTS, encryption_secret, upstream)
        service = programs.service(upstream, encryption_secret)
        service.wait_for_success(bodies.first())
        _peak(upstream)
        outcome = Load("service", service, bodies, programs.cores.others).run(connections, seconds)
        report.append(
            {
                "connections": connections,
                "delay_ms": delay_ms,
                "peak_in_flight": _peak(upstream),
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
