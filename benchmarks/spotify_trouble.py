"""Lets Spotify fail in every way that the contract suite knows, for everybody, and for a minute.

An answer is right if it is the one to the fault, or, where the fault is a failure, the 503 of
the open circuit breaker. `--plot FOLDER` draws both.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from plot import Line, svg
from programs import Cores, Programs
from sanic_swap.contract.troubles import FAILS, LATE, LOST, TROUBLES
from tested import Tested

from fake_spotify import FakeSpotify, Match
from fake_spotify.faults import GzipBomb, NoHealthyUpstream

ENDPOINTS = ("/swap", "/refresh")
_SLACK_SECONDS = 0.15
_RECOVERY_SECONDS = 2.0
_AROUND_SECONDS = 5  # of good days, before and after the outage that is drawn
_OPENING = (FAILS, LATE, LOST)  # what opens the circuit breaker
_BOMB = GzipBomb(1)  # MB; the fake takes too long to make fifty of the suite's size at once


@dataclass
class Seen:
    """What was answered, how long the slowest answer took, and the calls to Spotify."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    sent: int = 0


class Apps:
    """Many apps of one service, each with a login of its own."""

    def __init__(self, session: aiohttp.ClientSession, service: Tested, spotify: FakeSpotify):
        self._session = session
        self._url = f"http://127.0.0.1:{service.port}"
        self._spotify = spotify

    async def log_in(self) -> str:
        """Return a sealed refresh token."""
        async with self._session.post(
            f"{self._url}/swap", data={"code": self._spotify.code()}
        ) as answer:
            return str((await answer.json())["refresh_token"])

    async def ask(self, endpoint: str, sealed: str) -> tuple[int, float]:
        """Return status and seconds of one request."""
        form = {"code": self._spotify.code()} if endpoint == "/swap" else {"refresh_token": sealed}
        began = time.perf_counter()
        async with self._session.post(f"{self._url}{endpoint}", data=form) as answer:
            await answer.json()
            return answer.status, time.perf_counter() - began


async def meet(apps: Apps, endpoint: str, sealed: list[str], requests: int) -> Seen:
    """Let all apps at once ask *requests* times in sum, and see what they are told."""
    seen = Seen()

    async def one(token: str) -> None:
        while seen.sent < requests:
            seen.sent += 1
            status, seconds = await apps.ask(endpoint, token)
            seen.statuses[status] += 1
            seen.slowest_seconds = max(seen.slowest_seconds, seconds)

    await asyncio.gather(*(one(token) for token in sealed))
    return seen


async def recovery(apps: Apps, token: str) -> float:
    """Return after how many seconds a refresh succeeds."""
    began = time.perf_counter()
    while (await apps.ask("/refresh", token))[0] != 200:  # noqa: ASYNC110 - as apps do
        await asyncio.sleep(0.05)
    return time.perf_counter() - began


async def every_fault(
    apps: Apps, spotify: FakeSpotify, service: Tested, arguments: argparse.Namespace
) -> bool:
    """Print a line for each fault and endpoint; return whether all was as it should be."""
    is_fine = True
    sealed = [await apps.log_in() for _ in range(arguments.in_flight)]
    memory_mb, slowest_ms = [], []
    started_mb = service.memory_mb()
    faults = [
        (name, _BOMB if isinstance(fault, GzipBomb) else fault, trouble.expected)
        for trouble in TROUBLES.values()
        for name, fault in trouble.faults.items()
        if fault is not None  # then nobody listens
    ]
    for name, fault, expected in faults:
        for endpoint in ENDPOINTS:
            spotify.clear_requests()
            spotify.fault(fault, times=None)
            seen = await meet(apps, endpoint, sealed, arguments.requests)
            calls = spotify.count(Match(path="/api/token"))
            spotify.clear_faults()
            recovered = await recovery(apps, sealed[0])
            right = {expected[0], *([503] if expected in _OPENING else [])}
            is_right = (
                set(seen.statuses) <= right
                and seen.slowest_seconds <= arguments.timeout + _SLACK_SECONDS
                and recovered <= _RECOVERY_SECONDS
                and service.process.poll() is None
            )
            is_fine &= is_right
            memory_mb.append(service.memory_mb())
            slowest_ms.append(seen.slowest_seconds * 1000)
            told = ", ".join(f"{count} x {status}" for status, count in seen.statuses.items())
            print(
                f"{name:28} {endpoint:9} {told:22} slowest"
                f" {seen.slowest_seconds:.3f} s, {calls:4} calls, recovery {recovered:.2f} s,"
                f" RSS {memory_mb[-1]:.1f} MB{'' if is_right else '  WRONG'}",
                flush=True,
            )
    print(f"RSS {started_mb:.1f} MB at first, {memory_mb[-1]:.1f} MB at the end")
    if arguments.plot:
        sent = [run * arguments.requests / 1000 for run in range(1, len(memory_mb) + 1)]
        memory, slowest = Line("memory, MB", memory_mb), Line("slowest answer, ms", slowest_ms)
        picture = svg(sent, "thousand requests", [memory, slowest])
        (arguments.plot / "faults.svg").write_text(picture)
    return is_fine


@dataclass
class Second:
    """What happened in one second of an outage."""

    calls: int = 0
    good: int = 0
    bad: int = 0
    slowest_ms: float = 0.0


async def outage(
    apps: Apps, spotify: FakeSpotify, per_second: int, seconds: int
) -> tuple[list[Second], float]:
    """Return each second of it and of those around it, and in how many it was recovered from."""
    sealed = [await apps.log_in() for _ in range(per_second)]
    course = [Second() for _ in range(seconds + 2 * _AROUND_SECONDS)]
    pending: set[asyncio.Task[None]] = set()
    ended, recovered = 0.0, 0.0

    async def one(token: str, second: Second) -> None:
        nonlocal recovered
        status, taken = await apps.ask("/refresh", token)
        if status == 200 and ended and not recovered:
            recovered = time.perf_counter()
        second.good += status == 200
        second.bad += status != 200
        second.slowest_ms = max(second.slowest_ms, taken * 1000)

    began = time.perf_counter()
    for at, second in enumerate(course):
        spotify.clear_requests()
        if at == _AROUND_SECONDS:
            spotify.fault(NoHealthyUpstream(), times=None)
        if at == _AROUND_SECONDS + seconds:
            spotify.clear_faults()
            ended = time.perf_counter()
        for number, token in enumerate(sealed):
            due = began + at + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(one(token, second))
            pending.add(task)
            task.add_done_callback(pending.discard)
        await asyncio.sleep(max(0.0, began + at + 1 - time.perf_counter()))
        second.calls = spotify.count(Match(path="/api/token"))
    await asyncio.gather(*pending)
    return course, recovered - ended


async def met_outage(apps: Apps, spotify: FakeSpotify, arguments: argparse.Namespace) -> bool:
    """Print a line for the outage; return whether all was as it should be."""
    course, recovery = await outage(apps, spotify, arguments.per_second, arguments.outage)
    during = course[_AROUND_SECONDS:-_AROUND_SECONDS]
    calls = sum(second.calls for second in during)
    slowest_ms = max(second.slowest_ms for second in during[_AROUND_SECONDS:])
    print(
        f"outage of {arguments.outage} s, {arguments.per_second} refreshes a second:"
        f" {calls} calls, slowest answer {slowest_ms:.0f} ms, recovery {recovery:.2f} s"
    )
    if arguments.plot:
        lines = [
            Line("refreshes answered with 200, a second", [second.good for second in course]),
            Line("answered with an error, a second", [second.bad for second in course]),
            Line("calls to Spotify, a second", [second.calls for second in course]),
            Line("slowest answer, ms", [second.slowest_ms for second in course]),
        ]
        picture = svg(range(len(course)), "seconds", lines)
        (arguments.plot / "outage.svg").write_text(picture)
    return calls <= 20 + arguments.outage and 0 < recovery <= _RECOVERY_SECONDS


async def run(spotify: FakeSpotify, service: Tested, arguments: argparse.Namespace) -> bool:
    """Do what was asked for."""
    is_fine = True
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        apps = Apps(session, service, spotify)
        if "faults" in arguments.only:
            is_fine &= await every_fault(apps, spotify, service, arguments)
        if "outage" in arguments.only:
            is_fine &= await met_outage(apps, spotify, arguments)
    return is_fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000, help="for each fault and endpoint")
    parser.add_argument("--in-flight", type=int, default=50, help="default: 50")
    parser.add_argument("--timeout", type=float, default=2.0, help="SPOTIFY_TIMEOUT (default: 2)")
    parser.add_argument("--outage", type=int, default=60, help="seconds (default: 60)")
    parser.add_argument("--per-second", type=int, default=20, help="refreshes in the outage")
    parser.add_argument(
        "--only", nargs="+", choices=("faults", "outage"), default=("faults", "outage")
    )
    parser.add_argument("--plot", type=Path, help="a folder for faults.svg and outage.svg")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with (
        tempfile.TemporaryDirectory(prefix="trouble-") as folder,
        Programs(Path(folder), Cores.of_this_machine()) as programs,
        FakeSpotify(
            client_id="benchmark",
            client_secret="benchmark-secret",
            redirect_uris=["benchmark://callback"],
        ) as spotify,
    ):
        service = programs.service(spotify.accounts_url, SPOTIFY_TIMEOUT=str(arguments.timeout))
        body = f"code={spotify.code()}"
        service.wait_for_success(
            (
                "POST /swap HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
            ).encode()
        )
        is_fine = asyncio.run(run(spotify, service, arguments))
    sys.exit(0 if is_fine else "not everything was as it should be")


if __name__ == "__main__":
    main()
