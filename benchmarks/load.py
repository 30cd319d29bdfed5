"""Loads a program with wrk, and accepts nothing but success."""

import json
import secrets
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from programs import HERE, bound_to_us, tool
from tested import Tested

_SPARE_SECONDS = 30


@dataclass(frozen=True)
class Bodies:
    """Request bodies of one length, one a line, for one endpoint."""

    path: Path
    endpoint: str

    @property
    def line_bytes(self) -> int:
        with self.path.open("rb") as lines:
            return len(lines.readline())

    def first(self) -> bytes:
        """Return a whole request with the first body, as sent by hand."""
        with self.path.open("rb") as lines:
            body = lines.readline().rstrip()
        return (
            f"POST {self.endpoint} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode() + body


@dataclass(frozen=True)
class Outcome:
    """What one run of wrk saw, and what it cost the program under test."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    busy: float
    cpu_us_per_request: float


class Load:
    """
    Sends one program requests of which no two at once are alike, run after run.

    Args:
        core: Where wrk runs.

    Attributes:
        requests: How many it has had so far.
    """

    def __init__(self, name: str, tested: Tested, core: int | None) -> None:
        self.name = name
        self.tested = tested
        self.requests = 0
        self._core = core
        self._used: Counter[Path] = Counter()

    def run(
        self,
        bodies: Bodies,
        connections: int,
        seconds: int,
        *,
        pause_ms: float = 0.0,
        keep_refreshes: Path | None = None,
    ) -> Outcome:
        """
        Keep *connections* requests under way for *seconds*.

        Args:
            pause_ms: What a connection waits between requests, in the mean.
            keep_refreshes: A file for bodies that refresh what was swapped.

        Raises:
            SystemExit: If a single answer was not a success.
        """
        size, line_bytes = bodies.path.stat().st_size, bodies.line_bytes
        command = [
            *(tool("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"),
            *("--latency", "-s", str(HERE / "requests.lua")),
            f"http://127.0.0.1:{self.tested.port}{bodies.endpoint}",
            *("--", str(bodies.path), str(self._used[bodies.path] * line_bytes % size)),
            str(pause_ms),
            *([] if keep_refreshes is None else [str(keep_refreshes)]),
        ]
        before = self.tested.cpu_seconds()
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=seconds + _SPARE_SECONDS,
            preexec_fn=lambda: bound_to_us(self._core),
        )
        if done.returncode:
            raise self._failure(done.stdout + done.stderr)
        seen = json.loads(done.stdout.splitlines()[-1])
        if seen["refused"] or seen["socket_errors"] or seen["timeouts"] or not seen["requests"]:
            raise self._failure(f"not every request succeeded: {seen}")
        cpu_seconds = self.tested.cpu_seconds() - before
        self._used[bodies.path] += seen["requests"] + connections
        self.requests += seen["requests"]
        return Outcome(
            requests=seen["requests"],
            per_second=seen["requests"] / seen["seconds"],
            p50_ms=seen["p50_ms"],
            p99_ms=seen["p99_ms"],
            busy=cpu_seconds / seen["seconds"],
            cpu_us_per_request=cpu_seconds / seen["requests"] * 1e6,
        )

    def refreshes(self, swaps: Bodies, seconds: int) -> Bodies:
        """Swap for *seconds*; return refreshes of what came back, sealed by the program itself."""
        path = swaps.path.with_name(f"refreshes-{self.name}-{self.tested.port}")
        self.run(swaps, 32, seconds, keep_refreshes=path)
        lengths = {len(line) for line in path.read_bytes().splitlines()}
        if len(lengths) != 1:
            raise SystemExit(f"the refresh tokens of {self.name} have {len(lengths)} lengths")
        return Bodies(path, "/refresh")

    def _failure(self, why: str) -> SystemExit:
        state = self.tested.process.poll()
        ended = "still runs" if state is None else f"has ended with {state}"
        return SystemExit(f"{self.name}, which {ended}: {why}")


def swaps(folder: Path, count: int) -> Bodies:
    """Write *count* bodies for `/swap`, each with a code of its own."""
    path = folder / "swaps"
    path.write_text("".join(f"code=AQ{secrets.token_urlsafe(240)}\n" for _ in range(count)))
    return Bodies(path, "/swap")
