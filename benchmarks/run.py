"""Compares the service with a floor, the least that could do its work, in one run."""

import argparse
import json
import platform
import shlex
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import measures
from load import Load, swaps
from plot import Line, bars, svg
from programs import Cores, Programs
from report import print_report
from tested import Tested

_MEASURES = ("cost", "tls", "tail", "memory", "start", "flight")


def main() -> None:
    arguments = _arguments()
    # SIGTERM ends the children too: SystemExit unwinds every `with`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        Programs(Path(folder), Cores.of_this_machine()) as programs,
    ):
        report = {"setup": _setup(arguments), **_measure(programs, arguments)}
    print_report(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    if arguments.plot:
        _plot(report, arguments.plot)


def _measure(programs: Programs, arguments: argparse.Namespace) -> dict[str, Any]:
    report: dict[str, Any] = {}
    only = set(arguments.only)
    url, nginx = programs.nginx()
    bodies = swaps(programs.folder, arguments.requests)

    def started(upstream: str, **environment: str) -> list[Load]:
        begin: dict[str, Callable[..., Tested]] = {
            "floor": programs.floor,
            "service": programs.service,
        }
        for name, command in arguments.also:
            begin[name] = partial(programs.other, name, command)
        tested = {name: start(upstream, **environment) for name, start in begin.items()}
        for one in tested.values():
            one.wait_for_success(bodies.first())
        return [Load(name, one, programs.cores.others) for name, one in tested.items()]

    rounds, seconds = arguments.rounds, arguments.seconds
    if only & {"cost", "tail", "memory"}:
        loads = started(url)
    if "cost" in only:
        _say("loading")
        report["cost"] = measures.cost(
            loads, bodies, rounds=rounds, seconds=seconds, connections=arguments.connections
        )
    if "tls" in only:
        _say("loading, with TLS to the upstream")
        certificate = programs.certificate()
        tls_url, _ = programs.nginx(certificate)
        report["tls"] = measures.cost(
            started(tls_url, SSL_CERT_FILE=str(certificate)),
            bodies,
            rounds=min(3, rounds),
            seconds=seconds,
            connections=arguments.connections,
        )
    if "tail" in only:
        _say("loading by half")
        report["tail"] = measures.tail(
            loads,
            nginx,
            programs.relay(url),
            bodies,
            rounds=rounds,
            seconds=seconds,
            core=programs.cores.others,
        )
    if "memory" in only:
        _say("loading for long")
        report["memory"] = measures.memory(
            loads, bodies, requests=arguments.memory_requests, seconds=2 * seconds
        )
    if "start" in only:
        _say("starting and stopping")
        report["start"] = measures.start(
            {"service": lambda: programs.service(url), "floor": lambda: programs.floor(url)},
            {"/healthz": measures.HEALTH, "/swap": bodies.first()},
            times=arguments.starts,
        )
    if "flight" in only:
        _say("waiting for a slow upstream")
        report["flight"] = measures.in_flight(programs, bodies, seconds=max(10, seconds))
    return report


def _plot(report: dict[str, Any], folder: Path) -> None:
    if "cost" in report:
        values = {
            f"{name}, {endpoint}": figures["median"]["cpu_us_per_request"]
            for endpoint, programs in report["cost"].items()
            for name, figures in programs.items()
        }
        picture = bars("CPU time of a request, microseconds", values)
        (folder / "benchmarks-cost.svg").write_text(picture)
    if "memory" in report:
        points = report["memory"]
        moments = [requests / 1000 for requests, _ in points["service"]]
        lines = [
            Line(f"resident memory, {name}, MB", [megabytes for _, megabytes in seen])
            for name, seen in points.items()
        ]
        shortest = min(len(line.values) for line in lines)
        lines = [Line(line.name, line.values[:shortest]) for line in lines]
        picture = svg(moments[:shortest], "thousand requests", lines)
        (folder / "benchmarks-memory.svg").write_text(picture)


def _setup(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "built with": sysconfig.get_config_var("CONFIG_ARGS"),
        **{name: version(name) for name in ("sanic", "aiohttp", "pynacl", "uvloop")},
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "connections": arguments.connections,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=_at_least(1), default=9, help="default: 9")
    parser.add_argument("--seconds", type=_at_least(1), default=4, help="of one round (default: 4)")
    parser.add_argument("--connections", type=_at_least(1), default=32, help="default: 32")
    parser.add_argument("--starts", type=_at_least(1), default=15, help="of each (default: 15)")
    parser.add_argument(
        "--requests", type=_at_least(1), default=100_000, help="codes (default: 100000)"
    )
    parser.add_argument(
        "--memory-requests", type=_at_least(1), default=1_000_000, help="default: a million"
    )
    parser.add_argument(
        "--also",
        type=_named_command,
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="measure this swap service too; PORT, SPOTIFY_ACCOUNTS_URL, CLIENT_ID, CLIENT_SECRET,"
        " CALLBACK_URL and ENCRYPTION_SECRET tell it what to do. May be repeated",
    )
    parser.add_argument(
        "--only", nargs="+", choices=_MEASURES, default=_MEASURES, help="default: all"
    )
    parser.add_argument("--quick", action="store_true", help="a few seconds of each: does it run?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--plot", type=Path, metavar="FOLDER", help="draw pictures there")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.starts = 2, 1, 2
        arguments.requests, arguments.memory_requests = 20_000, 20_000
    return arguments


def _named_command(text: str) -> tuple[str, list[str]]:
    name, _, command = text.partition("=")
    if not name or not command:
        raise ValueError
    return name, shlex.split(command)


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
