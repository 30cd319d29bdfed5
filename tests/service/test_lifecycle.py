"""How the process ends: nobody who was let in goes without an answer."""

import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fake_spotify import FakeSpotify
from tests.contract import patience
from tests.contract.http_client import Answer, post_form, send
from tests.contract.processes import launched, wait_until
from tests.service.broken_upstream import BrokenUpstream
from tests.service.running import NOWHERE, SERVE, Running, environment, running_service

SWAP = b"POST /swap HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\ncode=c"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
TOKENS = OK + b'Content-Length: 20\r\n\r\n{"access_token":"a"}'
WAIT_SECONDS = 10


def asked(connection: socket.socket, request: bytes = HEALTH) -> bytes:
    """Ask on an open connection, for health by default."""
    connection.sendall(request)
    return received(connection)


def received(connection: socket.socket) -> bytes:
    connection.settimeout(patience.seconds(WAIT_SECONDS))
    return connection.recv(65_536)


@contextmanager
def several(service: Running, number: int) -> Iterator[list[socket.socket]]:
    """Open connections, until the block ends."""
    with ExitStack() as open_ones:
        yield [
            open_ones.enter_context(socket.create_connection(service.address))
            for _ in range(number)
        ]


class SlowSpotify:
    """Answers when it is told to, and says when it has been asked."""

    def __init__(self, upstream: HTTPServer) -> None:
        self.asked = threading.Semaphore(0)
        self.may_answer = threading.Event()
        upstream.clear()
        upstream.expect_request("/api/token").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        if b"client_credentials" not in request.get_data():  # the question at start is no swap
            self.asked.release()
            assert self.may_answer.wait(patience.seconds(WAIT_SECONDS))
        return Response('{"access_token":"a"}', content_type="application/json")


@contextmanager
def swapping(service: Running, spotify: SlowSpotify) -> Iterator[Future[Answer]]:
    """Swap until the block ends, which begins when Spotify has been asked."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post_form, f"{service.url}/swap", {"code": "c"})
        assert spotify.asked.acquire(timeout=patience.seconds(WAIT_SECONDS))
        try:
            yield answer
        finally:
            spotify.may_answer.set()


def test_a_request_in_flight_is_answered_whatever_signals_come(
    upstream: HTTPServer, upstream_url: str
) -> None:
    spotify = SlowSpotify(upstream)
    with running_service(upstream_url) as service:
        with swapping(service, spotify) as answer:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                service.process.send_signal(number)
                wait_until(lambda: "draining" in service.log())

        assert answer.result().status == 200
        assert answer.result().headers["Connection"] == "close"
        assert service.exit_code() == 0


@pytest.mark.parametrize("milliseconds", [60, 200, 450])
def test_a_signal_while_it_starts_is_honoured(milliseconds: int) -> None:
    how = {"env": environment(NOWHERE), "stderr": subprocess.PIPE, "text": True}
    with launched(SERVE, **how) as process:
        # The moment itself is what is tested: anything from the first line of ours to listening.
        wait_until(lambda: catches_signals(process.pid))
        time.sleep(milliseconds / 1000)
        process.terminate()
        _, log = process.communicate(timeout=patience.seconds(WAIT_SECONDS))

    assert process.returncode == 0
    assert "Traceback" not in log


def catches_signals(pid: int) -> bool:
    """Say whether a process handles SIGTERM by itself (Linux; elsewhere after a moment)."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        time.sleep(0.5)
        return True
    caught = int(re.findall(r"SigCgt:\s*([0-9a-f]+)", status.read_text())[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def test_a_storm_of_signals_changes_nothing(upstream_url: str) -> None:
    with running_service(upstream_url) as service:
        service.process.terminate()
        deadline = time.monotonic() + patience.seconds(WAIT_SECONDS)
        while service.process.poll() is None and time.monotonic() < deadline:
            service.process.send_signal(signal.SIGTERM)
            service.process.send_signal(signal.SIGINT)

        assert service.exit_code() == 0
        assert "Traceback" not in service.log()


def test_what_is_unfinished_at_the_end_of_the_drain_is_told_so(
    upstream: HTTPServer, upstream_url: str
) -> None:
    spotify = SlowSpotify(upstream)
    with running_service(upstream_url, DRAIN_TIMEOUT="1", SPOTIFY_TIMEOUT="60") as service:
        with swapping(service, spotify) as swapped:
            began = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - began < 1 + patience.seconds(5)
            answer = swapped.result(patience.seconds(WAIT_SECONDS))

        assert (answer.status, answer.error) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"].isdigit()
        assert "Unhandled" not in service.log()


def test_more_requests_than_allowed_are_refused_at_once_and_health_still_answers(
    upstream: HTTPServer, upstream_url: str
) -> None:
    spotify = SlowSpotify(upstream)
    with running_service(upstream_url, MAX_IN_FLIGHT="1") as service:
        with swapping(service, spotify) as answer:
            refused = post_form(f"{service.url}/swap", {"code": "c"})

        assert answer.result().status == 200
        assert refused.status == 503
        assert (refused.error, refused.headers["Retry-After"]) == ("temporarily_unavailable", "1")
        assert send("GET", f"{service.url}/healthz").status == 200


def test_connections_in_the_kernels_queue_are_served_before_the_end(spotify: FakeSpotify) -> None:
    with running_service(spotify.accounts_url) as service, several(service, 1) as clients:
        assert asked(clients[0]).startswith(OK)
        os.kill(service.process.pid, signal.SIGSTOP)  # what comes now, only the kernel sees
        with several(service, 50) as waiting:
            for client in (clients[0], *waiting):
                client.sendall(HEALTH)
            service.process.terminate()
            os.kill(service.process.pid, signal.SIGCONT)
            answers = [received(client) for client in (clients[0], *waiting)]

        assert {answer[: len(OK)] for answer in answers} == {OK}
        assert service.exit_code() == 0


def test_who_has_just_connected_or_been_answered_may_still_ask_and_the_silent_are_let_go(
    spotify: FakeSpotify,
) -> None:
    with (
        running_service(spotify.accounts_url, DRAIN_TIMEOUT="30") as service,
        several(service, 4) as (kept, new, silent_kept, silent_new),
    ):
        assert b"keep-alive" in asked(kept)
        asked(silent_kept)
        service.process.terminate()
        wait_until(lambda: "draining" in service.log())

        assert b"Connection: close" in asked(kept)
        ready = asked(new, HEALTH.replace(b"healthz", b"readyz"))
        assert ready.startswith(b"HTTP/1.1 503 ")
        assert b'"draining"' in ready
        assert b"Connection: close" in ready
        assert (received(silent_kept), received(silent_new)) == (b"", b"")
        assert service.exit_code() == 0


def test_a_reset_connection_ends_its_exchange_and_who_has_said_all_is_still_answered(
    broken: BrokenUpstream,
) -> None:
    asked, ended = threading.Event(), threading.Event()

    def script(connection: socket.socket) -> None:
        asked.set()
        connection.settimeout(patience.seconds(WAIT_SECONDS))
        if connection.recv(1) == b"":
            ended.set()

    broken.script = script
    with running_service(broken.url) as service:
        with socket.create_connection(service.address) as app:
            app.sendall(SWAP)
            assert asked.wait(patience.seconds(WAIT_SECONDS))
            app.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        assert ended.wait(patience.seconds(WAIT_SECONDS))
        wait_until(lambda: "POST /swap 499" in service.log())
        assert "Unhandled" not in service.log()

        broken.script = lambda connection: connection.sendall(TOKENS)
        with socket.create_connection(service.address) as app:
            app.sendall(SWAP)
            app.shutdown(socket.SHUT_WR)
            app.settimeout(patience.seconds(WAIT_SECONDS))
            with app.makefile("rb") as stream:
                answer = stream.read()

    assert answer.startswith(OK)
    assert b"Connection: close" in answer
