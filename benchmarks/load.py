"""Loads a program with wrk, and accepts nothing but success."""

import json
import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from programs import HERE, bound_to_us, tool
from tested import Tested

from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.secret import Secret

_AUTHORIZED_AT = 1_700_000_000
_SPARE_SECONDS = 30


@dataclass(frozen=True)
class Bodies:
    """Request bodies of one length, one a line, for one endpoint."""

    path: Path
    endpoint: str
    line_bytes: int
    count: int

    def first(self) -> bytes:
        """Return a whole request with the first body, as sent by hand."""
        body = self.path.read_bytes()[: self.line_bytes - 1]
        return (
            f"POST {self.endpoint} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode() + body


@dataclass(frozen=True)
class Outcome:
    """What one run of wrk saw, and what it cost the program under test."""

    per_second: float
    p50_ms: float
    p99_ms: float
    busy: float
    cpu_us_per_request: float


class Load:
    """
    Sends one program requests of which no two are alike, run after run.

    Args:
        core: Where wrk runs.
    """

    def __init__(self, name: str, tested: Tested, bodies: Bodies, core: int) -> None:
        self.name = name
        self.tested = tested
        self.bodies = bodies
        self._core = core
        self._used = 0

    def run(self, connections: int, seconds: int) -> Outcome:
        """
        Keep *connections* requests under way for *seconds*.

        Raises:
            SystemExit: If a single answer was not a success.
        """
        offset = self._used % self.bodies.count * self.bodies.line_bytes
        command = [
            *(tool("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"),
            *("--latency", "-s", str(HERE / "requests.lua")),
            f"http://127.0.0.1:{self.tested.port}{self.bodies.endpoint}",
            *("--", str(self.bodies.path), str(offset)),
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
        self._used += seen["requests"] + connections
        return Outcome(
            per_second=seen["requests"] / seen["seconds"],
            p50_ms=seen["p50_ms"],
            p99_ms=seen["p99_ms"],
            busy=cpu_seconds / seen["seconds"],
            cpu_us_per_request=cpu_seconds / seen["requests"] * 1e6,
        )

    def _failure(self, why: str) -> SystemExit:
        state = self.tested.process.poll()
        ended = "still runs" if state is None else f"has ended with {state}"
        return SystemExit(f"{self.name}, which {ended}: {why}")


def refreshes(folder: Path, count: int, encryption_secret: str, origin: str) -> Bodies:
    """Write *count* bodies for `/refresh`, each with a sealed token of its own."""
    keys = KeyRing(root_key(encryption_secret), SealingContext("benchmark", origin))

    def body() -> str:
        plain = Secret("AQ" + secrets.token_urlsafe(96)[:129])
        return f"refresh_token={keys.seal(plain, _AUTHORIZED_AT)}"

    return _written(folder / "refreshes", "/refresh", [body() for _ in range(count)])


def swaps(folder: Path, count: int) -> Bodies:
    """Write *count* bodies for `/swap`, each with a code of its own."""
    bodies = [f"code=AQ{secrets.token_urlsafe(240)}" for _ in range(count)]
    return _written(folder / "swaps", "/swap", bodies)


def _written(path: Path, endpoint: str, bodies: list[str]) -> Bodies:
    (length,) = {len(body) for body in bodies}
    path.write_text("".join(f"{body}\n" for body in bodies))
    return Bodies(path, endpoint, length + 1, len(bodies))


def cores() -> tuple[int, int]:
    """Return two cores that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise SystemExit("needs two cores: one for the program under test, one for the load")
    return allowed[0], allowed[1]
