"""Restarts the service under load, round after round; nobody may notice.

    python -m tests.reliability.restarts --rounds 300
    python -m tests.reliability.restarts --rounds 60 --behind nginx
    python -m tests.reliability.restarts --rounds 200 --while-starting

A round starts the next process on the same port (REUSE_PORT), and sends the one before one, two
or three signals at random moments. Spotify takes a tenth of a second, so that requests are always
in flight. Exits with 1 if a request was lost whose connection stood, if an answer was not a
success, or if an exit code was not 0.
"""

import argparse
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack

from tests.contract.processes import free_port
from tests.reliability.clients import Clients, Tally
from tests.reliability.programs import PROXIES, proxy, slow_spotify
from tests.service.running import NOWHERE, SERVE, Running, environment, running_service

SPOTIFY_SECONDS = 0.1
CLIENTS = 6
SIGNALS = (signal.SIGTERM, signal.SIGINT)
STARTING_SECONDS = 0.5
LONGEST_DRAIN_SECONDS = 15


def restart(rounds: int, behind: str | None) -> tuple[list[int], Tally]:
    """Restart *rounds* times; return the exit codes, and what the clients saw."""
    port = free_port()
    with ExitStack() as programs:
        spotify = programs.enter_context(slow_spotify(SPOTIFY_SECONDS))
        settings = {"PORT": str(port), "REUSE_PORT": "on", "ACCESS_LOG": "off"}
        old = programs.enter_context(running_service(spotify, **settings))
        url = old.url if behind is None else programs.enter_context(proxy(behind, port))
        exits = []
        with Clients(url, CLIENTS) as clients:
            for _ in range(rounds):
                new = programs.enter_context(running_service(spotify, **settings))
                time.sleep(random.random() * 0.2)
                exits.append(ended(old))
                old = new
        return exits, clients.tally


def ended(service: Running) -> int:
    """Send one to three signals at random moments, and return the exit code."""
    for _ in range(random.randint(1, 3)):
        service.process.send_signal(random.choice(SIGNALS))
        time.sleep(random.random() * 0.1)
    return service.process.wait(LONGEST_DRAIN_SECONDS)


def interrupt_starts(rounds: int) -> Counter[str]:
    """Send signals in the first half second of *rounds* processes; count how they ended."""
    ends: Counter[str] = Counter()
    for _ in range(rounds):
        with subprocess.Popen(SERVE, env=environment(NOWHERE), stderr=subprocess.PIPE) as process:
            time.sleep(random.random() * STARTING_SECONDS)
            for _ in range(random.randint(1, 3)):
                process.send_signal(random.choice(SIGNALS))
            told = process.communicate(timeout=LONGEST_DRAIN_SECONDS)[1]
        # Until Python runs our first line, a signal ends it as it would any program.
        early = process.returncode < 0 or (b"KeyboardInterrupt" in told and b"cli" not in told)
        ends["before our first line" if early else str(process.returncode)] += 1
    return ends


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--behind", choices=PROXIES)
    parser.add_argument("--while-starting", action="store_true")
    options = parser.parse_args()
    if options.while_starting:
        ends = interrupt_starts(options.rounds)
        print(f"{options.rounds} starts, by exit code: {dict(ends)}")
        sys.exit(not set(ends) <= {"0", "before our first line"})
    exits, tally = restart(options.rounds, options.behind)
    where = options.behind or "nothing"
    print(f"{len(exits)} restarts behind {where}: {exits.count(0)} exited with 0")
    print(", ".join(f"{what}: {number}" for what, number in tally.seen.most_common()))
    print(f"lost: {len(tally.lost)}, not 200: {len(tally.wrong)}")
    print("\n".join((tally.lost + tally.wrong)[:10]))
    sys.exit(exits.count(0) != len(exits) or bool(tally.lost) or bool(tally.wrong))


if __name__ == "__main__":
    main()
