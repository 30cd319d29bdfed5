"""Mixes good and bad traffic for minutes, and draws the memory and descriptors of the service.

    python -m tests.reliability.soak --minutes 10 --plot docs/soak.svg

Good: health, swaps, and refreshes of which no two are alike. Bad: mutated requests, apps that hang
up while Spotify is asked, heads and bodies that never end. Exits with 1 if memory or descriptors
grew, if a good request was not answered with 200, or if the log tells of a mistake of ours.
"""

import argparse
import random
import socket
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.plot import Line, svg
from tests.fuzz.raw_requests import descriptors, is_trouble, memory_mb, mutants, problems_of
from tests.reliability.clients import HEALTH, SWAP, Clients
from tests.reliability.programs import slow_spotify
from tests.service.running import Running, running_service
from tests.service.seals import seal

SPOTIFY_SECONDS = 0.02
CLIENT_SECONDS = 5
SAMPLE_SECONDS = 2.0
BAD_PAUSE_SECONDS = 0.01
GROWN_MB = 5.0
SPARE_DESCRIPTORS = 3
SETTLING_SECONDS = 60
_UNFINISHED = (SWAP, SWAP[:-1], SWAP[:20], HEALTH[:-2], b"")


@dataclass(frozen=True)
class Sample:
    """One look at the process."""

    seconds: float
    memory_mb: float
    descriptors: int


def refresh(origin: str) -> bytes:
    """Return a request with a sealed token that nobody has sent before."""
    body = f"refresh_token={seal('AQ' + random.randbytes(60).hex(), int(time.time()), origin)}"
    head = f"POST /refresh HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


class Nuisance(threading.Thread):
    """
    Does everything that clients should not, until told to stop.

    Attributes:
        problems: What went wrong with the answers to it.
        seen: How often which status came.
    """

    def __init__(self, service: Running) -> None:
        super().__init__()
        self.stop = threading.Event()
        self.problems: list[str] = []
        self.seen: Counter[str] = Counter()
        self._service = service

    def run(self) -> None:
        left_open: list[socket.socket] = []
        for sent, most in mutants(random.Random(2), 10**9):
            self.problems += problems_of(self._service.url, sent, most, self.seen)
            with suppress(OSError):
                unfinished = socket.create_connection(self._service.address)
                unfinished.sendall(random.choice(_UNFINISHED))
                left_open.append(unfinished)
            while len(left_open) > random.randrange(200):
                left_open.pop(0).close()
            if self.stop.wait(BAD_PAUSE_SECONDS):
                break
        for unfinished in left_open:
            unfinished.close()


def soak(service: Running, origin: str, seconds: float) -> tuple[list[Sample], Clients, Nuisance]:
    """Mix the traffic, and look at the process every few seconds."""
    makers = (lambda: HEALTH, lambda: SWAP, lambda: refresh(origin), lambda: refresh(origin))
    began = time.monotonic()
    samples = []
    nuisance = Nuisance(service)
    nuisance.start()
    with Clients(service.url, 4, lambda: random.choice(makers)()) as clients:
        while (passed := time.monotonic() - began) < seconds:
            samples.append(Sample(passed, memory_mb(service), descriptors(service)))
            time.sleep(SAMPLE_SECONDS)
    nuisance.stop.set()
    nuisance.join()
    return samples, clients, nuisance


def settled_descriptors(service: Running, before: int) -> int:
    """Return how many stay open, once deadlines and idle times are over."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while descriptors(service) > before and time.monotonic() < deadline:
        time.sleep(0.5)
    return descriptors(service)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    settings = {"CLIENT_TIMEOUT": str(CLIENT_SECONDS), "LOG_LEVEL": "info"}
    settings |= {"LEGACY_TOKENS": "none", "UNKNOWN_KEY": "reject", "METRICS_PORT": "0"}
    with slow_spotify(SPOTIFY_SECONDS) as spotify, running_service(spotify, **settings) as service:
        before = descriptors(service)
        samples, clients, nuisance = soak(service, spotify, options.minutes * 60)
        after = settled_descriptors(service, before)
        trouble = [line for line in service.log().splitlines() if is_trouble(line)]
        lines = len(service.log().splitlines())
    quarter = len(samples) // 4
    early = median(sample.memory_mb for sample in samples[quarter : 2 * quarter])
    late = median(sample.memory_mb for sample in samples[-quarter:])
    tally = clients.tally
    if options.plot:
        minutes = [sample.seconds / 60 for sample in samples]
        memory = Line("memory, MB", [sample.memory_mb for sample in samples])
        files = Line("open descriptors", [float(sample.descriptors) for sample in samples])
        options.plot.write_text(svg(minutes, "minutes", [memory, files]))
    print(f"{options.minutes:g} minutes; good:", dict(tally.seen.most_common()))
    print(
        "bad:", dict(nuisance.seen.most_common()), f"and as many unfinished; {lines} lines logged"
    )
    print(f"memory, median of the second quarter {early:.1f} MB, of the last {late:.1f} MB")
    print(f"descriptors before {before}, after {after}")
    problems = tally.lost + tally.wrong + nuisance.problems + trouble
    print(f"{len(problems)} problems", *problems[:10], sep="\n")
    grown = late > early + GROWN_MB or after > before + SPARE_DESCRIPTORS
    sys.exit(bool(problems) or grown)


if __name__ == "__main__":
    main()
