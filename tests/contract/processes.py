"""Starts programs that end with the tests, however these end, and waits for what they do."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import patience

_STOP_SECONDS = 5
# Linux: ends a program when the tests have been killed, and could not end it themselves.
_SETPRIV = shutil.which("setpriv")
_DIES_WITH_US = [_SETPRIV, "--pdeathsig", "KILL", "--"] if _SETPRIV else []


def launch(command: Sequence[str | os.PathLike[str]], **how: Any) -> subprocess.Popen[Any]:
    """Start a program, in a process group of its own; *how* is for Popen."""
    return subprocess.Popen([*_DIES_WITH_US, *command], start_new_session=True, **how)


def end(process: subprocess.Popen[Any], is_whole: Callable[[], bool] = lambda: True) -> bool:
    """
    End a program that was launched, and whatever it has started itself.

    Args:
        is_whole: Asked before the rest is killed; the answer is returned.
    """
    is_still_there = process.poll() is None
    if is_still_there:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience.seconds(_STOP_SECONDS))
    has_ended_whole = is_whole() if is_still_there else True
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return has_ended_whole


def group_members(group: int) -> list[int]:
    """Return the processes of a process group that have not ended (on Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # Behind the name, which may hold anything: state, parent, group.
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(int(stat.parent.name))
    return found


@contextmanager
def launched(
    command: Sequence[str | os.PathLike[str]], **how: Any
) -> Iterator[subprocess.Popen[Any]]:
    """Run a program until the block ends."""
    with launch(command, **how) as process:
        try:
            yield process
        finally:
            end(process)


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """
    Return as soon as *condition* holds.

    Args:
        seconds: How long it may take an idle machine.

    Raises:
        AssertionError: If it has not come to hold.
    """
    deadline = time.monotonic() + patience.seconds(seconds)
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        time.sleep(0.01)


def listens(url: str) -> bool:
    """Say whether anybody takes connections there."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), patience.seconds(2)).close()
    except TimeoutError:
        return True  # it is busy
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
