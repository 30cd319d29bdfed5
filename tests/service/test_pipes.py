"""Whoever reads the log may be slow, gone or never there: the service goes on."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.contract import patience
from tests.contract.http_client import send
from tests.contract.processes import free_port, launched, wait_until
from tests.service.running import NOWHERE, SERVE, environment

REQUESTS = 4_000  # whose lines are more than a pipe, and the queue behind it, can hold
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nUser-Agent: %b\r\n\r\n" % (b"a" * 200)


@contextmanager
def serving(**how: object) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the service on a known port, whatever becomes of its log; yield URL and process."""
    port = free_port()
    command = [*how.pop("before", []), *SERVE]
    env = environment(NOWHERE, PORT=str(port), PYTHONUNBUFFERED="")
    with launched(command, env=env, **how) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_alive(url) or process.poll() is not None, 20)
        yield url, process


def is_alive(url: str) -> bool:
    try:
        return send("GET", f"{url}/healthz").status == 200
    except OSError:
        return False


def ask(url: str, number: int) -> int:
    """Send requests on one connection; return how many were answered."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), patience.seconds(20)) as connection:
        answers = 0
        for _ in range(number // 100):
            connection.sendall(HEALTH * 100)
            received = b""
            while received.count(b"HTTP/1.1 200") < 100 or not received.endswith(b"}"):
                received += connection.recv(65_536)
            answers += 100
    return answers


def exit_code(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(patience.seconds(15))


def test_a_log_that_nobody_reads_stalls_nothing_and_tells_what_it_lost() -> None:
    with serving(stderr=subprocess.PIPE) as (url, process):
        assert ask(url, REQUESTS) == REQUESTS
        assert process.stderr is not None
        answered = 0
        for line in process.stderr:
            entry = json.loads(line)
            answered += entry.get("path") == "/healthz"
            if "log lines were dropped" in entry["message"]:
                break
        assert 0 < int(entry["message"].split()[0]) <= REQUESTS - answered + 1
        assert ask(url, 200) == 200
        assert exit_code(process) == 0


def redirected(how: str) -> list[str]:
    """Return what runs a command with redirections of the shell."""
    return ["sh", "-c", f'exec "$@" {how}', "sh"]


def reader_goes(process: subprocess.Popen[bytes]) -> None:
    if process.stderr is not None:
        process.stderr.close()


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"stderr": subprocess.PIPE}, id="a reader that goes"),
        pytest.param({"before": redirected("<&- >&- 2>&-")}, id="closed at the start"),
    ],
)
def test_without_a_log_it_goes_on(how: dict[str, object]) -> None:
    with serving(**how) as (url, process):
        reader_goes(process)
        assert ask(url, 200) == 200
        assert send("POST", f"{url}/swap", b"code=c").status == 502
        assert exit_code(process) == 0


@pytest.mark.parametrize(
    ("arguments", "unbuffered"), [(["check", "--offline"], ""), (["keygen"], "1"), (["--help"], "")]
)
def test_a_command_whose_reader_has_gone_ends_quietly(
    arguments: list[str], unbuffered: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "sanic_swap", *arguments],
            env=environment(NOWHERE, PYTHONUNBUFFERED=unbuffered),
            stdout=gone,
            stderr=subprocess.PIPE,
            timeout=patience.seconds(30),
            check=False,
        )

    assert done.stderr == b""
    assert done.returncode in (0, 1)
