"""Compares the service with a floor, the least that could do its work, in one run."""

import argparse
import json
import platform
import signal
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import load
import measures
from programs import Cores, Programs
from report import print_report

from sanic_swap.sealing.keys import new_secret

_MEASURES = ("throughput", "latency", "memory", "start", "slow")


def main() -> None:
    arguments = _arguments()
    # SIGTERM ends the children too: SystemExit unwinds every `with`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    tested, others = load.cores()
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        Programs(Path(folder), Cores(tested, others)) as programs,
    ):
        report = _measure(programs, arguments)
    print_report(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")


def _measure(programs: Programs, arguments: argparse.Namespace) -> dict[str, Any]:
    report: dict[str, Any] = {"setup": _setup(arguments)}
    secret = new_secret()
    refresh_url, swap_url = programs.nginx()

    _say("sealing tokens")
    refreshes = load.refreshes(programs.folder, arguments.requests, secret, refresh_url)
    if {"throughput", "latency", "memory"} & set(arguments.only):
        swaps = load.swaps(programs.folder, arguments.requests)
        loads = {
            name: load.Load(name, begin(), bodies, programs.cores.others)
            for name, begin, bodies in (
                ("service", lambda: programs.service(refresh_url, secret), refreshes),
                ("floor", lambda: programs.floor(refresh_url), refreshes),
                (
                    "quiet",
                    lambda: programs.service(refresh_url, secret, ACCESS_LOG="off"),
                    refreshes,
                ),
                ("swap", lambda: programs.service(swap_url, secret), swaps),
            )
        }
        report |= _measure_load(loads, arguments)
    if "start" in arguments.only:
        _say("starting and stopping")
        report["start"] = measures.start(
            lambda: programs.service(refresh_url, secret),
            lambda: programs.floor(refresh_url),
            refreshes,
            times=arguments.starts,
        )
    if "slow" in arguments.only:
        _say("waiting for a slow upstream")
        report["slow"] = measures.slow(programs, secret, seconds=arguments.seconds)
    return report


def _measure_load(loads: dict[str, load.Load], arguments: argparse.Namespace) -> dict[str, Any]:
    for one in loads.values():
        one.tested.wait_for_success(one.bodies.first())
    report = {}
    _say("loading")
    report["throughput"] = measures.throughput(
        list(loads.values()),
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        connections=arguments.connections,
    )
    # Memory before anything else is asked of them, so that all have done the same.
    report["memory"] = measures.memory(list(loads.values()))
    if "latency" in arguments.only:
        report["latency"] = measures.latency(
            [loads["service"], loads["floor"]],
            rounds=arguments.rounds,
            seconds=max(1, arguments.seconds // 2),
        )
    return report


def _setup(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("sanic", "aiohttp", "pynacl", "uvloop")},
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "connections": arguments.connections,
        "requests": arguments.requests,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=_at_least(1), default=5, help="default: 5")
    parser.add_argument("--seconds", type=_at_least(1), default=8, help="of one round (default: 8)")
    parser.add_argument("--connections", type=_at_least(1), default=32, help="default: 32")
    parser.add_argument("--starts", type=_at_least(1), default=9, help="of each (default: 9)")
    parser.add_argument(
        "--requests", type=_at_least(1), default=100_000, help="made beforehand (default: 100000)"
    )
    parser.add_argument(
        "--only", nargs="+", choices=_MEASURES, default=_MEASURES, help="default: all"
    )
    parser.add_argument("--quick", action="store_true", help="a few seconds of each: does it run?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.starts = 2, 2, 2
        arguments.requests = 20_000
    return arguments


def _at_least(lowest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < lowest:
            raise ValueError
        return int(text)

    return number


def _say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
