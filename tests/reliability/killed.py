"""Kills the service without warning, under load; the next one answers, and nothing is left.

    python -m tests.reliability.killed --rounds 20

Prints how long the next process took from its start to its first answer. Exits with 1 if the
median is above a second, if a file was left in the process's directory, or if it opened one to
write.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.contract.processes import free_port
from tests.reliability.clients import HEALTH, Clients
from tests.reliability.programs import slow_spotify
from tests.service.raw_client import raw_connection
from tests.service.running import SERVE, environment, started, with_sitecustomize

CLIENTS = 4
SLOWEST_SECONDS = 1.0
LOAD_SECONDS = 0.3


# Runs in the service's own process, which nobody else can look into.
SPY = """
import os, sys
told = os.open({file!r}, os.O_WRONLY | os.O_APPEND)
def hear(event, arguments):
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        os.write(told, f"{{arguments[0]}}\\n".encode())
sys.addaudithook(hear)
"""


def first_answer_seconds(url: str, began: float) -> float:
    """Ask until somebody answers; return when that was."""
    while time.monotonic() < began + 20:
        try:
            with raw_connection(url) as connection:
                connection.send(HEALTH)
                if connection.read() is not None:
                    return time.monotonic() - began
        except ConnectionError:
            time.sleep(0.005)
    raise TimeoutError("nobody answers")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    took: list[float] = []
    wrong: list[str] = []
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as spy,
        slow_spotify(0.1) as spotify,
    ):
        told = Path(spy, "opened")
        told.touch()
        hears = with_sitecustomize(Path(spy), SPY.format(file=str(told)))
        variables = environment(
            spotify, PORT=str(port), HOME=home, PYTHONDONTWRITEBYTECODE="1", **hears
        )
        for _ in range(options.rounds):
            began = time.monotonic()
            with started(SERVE, variables, cwd=home) as service:
                took.append(first_answer_seconds(url, began))
                with Clients(url, CLIENTS) as clients:
                    time.sleep(LOAD_SECONDS)
                    service.process.send_signal(signal.SIGKILL)
                    service.process.wait()
                wrong += clients.tally.wrong[:3]
        left = [path.name for path in Path(home).iterdir()]
        opened = sorted(set(told.read_text().split()) - {"/dev/null"})
    print(
        f"{len(took)} kills: the next answered after {median(took):.2f} s (median of its start;"
        f" {min(took):.2f} to {max(took):.2f}); left on disk: {left}, written to: {opened},"
        f" wrong answers: {wrong}"
    )
    sys.exit(bool(left or opened or wrong) or median(took) > SLOWEST_SECONDS)


if __name__ == "__main__":
    main()
