"""Counts the instructions of a request: the service's over the floor's, which no clock decides.

Counts differ from one build of Python to the next; their ratio hardly does. The kernel's part
is not counted. Needs valgrind and nginx; takes less than a minute.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from load import Bodies, swaps
from programs import HERE, Cores, Programs, free_port, tool
from tested import Tested

_WARM_UP = 30
_REQUESTS = 100
_SECONDS_TO_DUMP = 60.0
_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "*/*",
    "Accept-Language": "en-GB,en;q=0.9",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "Example/42 CFNetwork/1410.0.3 Darwin/22.6.0",
}


class Counted:
    """A program under callgrind, which counts only while it is told to."""

    def __init__(self, name: str, programs: Programs, upstream: str) -> None:
        self.name = name
        self._dump = programs.folder / f"callgrind.{name}"
        port = free_port()
        service = [sys.executable, "-m", "sanic_swap", "serve"]
        floor = [sys.executable, str(HERE / "floor.py"), str(port), upstream]
        valgrind = [tool("valgrind"), "--tool=callgrind", "--instr-atstart=no"]
        valgrind += ["--trace-children=no", f"--callgrind-out-file={self._dump}"]
        self._tested = programs.other(
            name,
            [*valgrind, *(floor if name == "floor" else service)],
            upstream,
            PORT=str(port),
            PYTHONHASHSEED="0",
        )
        self._tested = Tested(self._tested.process, port)
        self._dumps = 0

    def wait(self, bodies: Bodies) -> None:
        """Wait until it answers."""
        self._tested.wait_for_success(bodies.first())

    def count(self, endpoint: str, forms: list[bytes]) -> tuple[int, list[bytes]]:
        """Return the instructions of a request to *endpoint*, and the refreshes that follow it."""
        connection = HTTPConnection("127.0.0.1", self._tested.port, timeout=60)
        refreshes = [_refresh_after(connection, endpoint, form) for form in forms[:_WARM_UP]]
        self._control("-i", "on")
        counted = forms[_WARM_UP : _WARM_UP + _REQUESTS]
        refreshes += [_refresh_after(connection, endpoint, form) for form in counted]
        self._control("-d")
        self._control("-i", "off")
        connection.close()
        self._dumps += 1
        return self._total(Path(f"{self._dump}.{self._dumps}")) // len(counted), refreshes

    def _total(self, dump: Path) -> int:
        """Return what *dump* says, once all of it is there."""
        deadline = time.monotonic() + _SECONDS_TO_DUMP
        while time.monotonic() < deadline:
            text = dump.read_text() if dump.exists() else ""
            if "\ntotals: " in text:
                return int(text.rpartition("\ntotals: ")[2].split()[0])
            time.sleep(0.02)
        raise SystemExit(f"callgrind did not write {dump}")

    def _control(self, *arguments: str) -> None:
        command = [tool("callgrind_control"), *arguments, str(self._tested.process.pid)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def _refresh_after(connection: HTTPConnection, endpoint: str, form: bytes) -> bytes:
    connection.request("POST", endpoint, form, _HEADERS)
    with connection.getresponse() as answer:
        members = json.load(answer)
        if answer.status != 200:
            raise SystemExit(f"{endpoint} was answered with {answer.status}: {members}")
    return f"refresh_token={members.get('refresh_token', '')}".encode()


def count() -> dict[str, dict[str, float]]:
    """Return for each endpoint the instructions of floor and service, and their ratio."""
    report: dict[str, dict[str, float]] = {"/swap": {}, "/refresh": {}}
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        Programs(Path(folder), Cores()) as programs,
    ):
        upstream, _ = programs.nginx()
        codes = swaps(programs.folder, _WARM_UP + _REQUESTS)
        both = [Counted(name, programs, upstream) for name in ("floor", "service")]
        for one in both:
            one.wait(codes)
        for one in both:
            forms = codes.path.read_bytes().splitlines()
            for endpoint, seen in report.items():
                seen[one.name], forms = one.count(endpoint, forms)
    for seen in report.values():
        seen["ratio"] = round(seen["service"] / seen["floor"], 3)
    return report


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(json.dumps(count(), indent=1))
