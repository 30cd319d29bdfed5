"""Clients that keep the service waiting are let go, on time, and others do not notice."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_spotify import FakeSpotify
from tests.contract import patience
from tests.contract.http_client import send
from tests.service.running import Running, running_service

CLIENT_SECONDS = 1.0
LATEST_SECONDS = CLIENT_SECONDS + 1 + patience.seconds(3)  # it lingers after early answers
POST = b"POST /swap HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def strict_service(spotify: FakeSpotify) -> Iterator[Running]:
    """The service, with little patience."""
    with running_service(
        spotify.accounts_url, CLIENT_TIMEOUT=str(CLIENT_SECONDS), MAX_IN_FLIGHT="5"
    ) as service:
        yield service


def connect(service: Running) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(service.address)
    connection.settimeout(0.05)
    return connection


def until_closed(connection: socket.socket, drip: bytes) -> bytes:
    """Return what came before the connection was closed, *drip* being sent again and again."""
    began, answer = time.monotonic(), b""
    while time.monotonic() - began < 2 * LATEST_SECONDS:
        try:
            received = connection.recv(65_536)
        except TimeoutError:
            if drip:
                connection.sendall(drip)
            continue
        except OSError:
            break
        if not received:
            break
        answer += received
    return answer


def is_open(connection: socket.socket) -> bool:
    """Ask for a hundred answers, which nobody will read."""
    try:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
    except TimeoutError:
        return True
    except OSError:
        return False
    return True


TRICKLES = {
    "silence": (b"", b"", b""),
    "half a head": (b"GET / HT", b"", b"408"),
    "half a hello of TLS": (b"\x16\x03\x01\0\xa5\x01", b"", b"408"),
    "a head, drop by drop": (b"GET / HTTP/1.1\r\nX: ", b"x", b"408"),
    "half a body": (POST + b"Content-Length: 9\r\n\r\ncode", b"", b"408"),
    "a dripping body": (POST + b"Content-Length: 9999\r\n\r\n", b"x", b"408"),
    "half a line of chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n0x", b"", b"408"),
    "dripping chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b"408"),
}


def test_a_client_gets_its_time_and_no_more(strict_service: Running) -> None:
    def end_of(first: bytes, drip: bytes, _: bytes) -> tuple[bytes, float]:
        began = time.monotonic()
        with connect(strict_service) as client:
            client.sendall(first)
            return until_closed(client, drip), time.monotonic() - began

    with ThreadPoolExecutor(len(TRICKLES)) as pool:
        ends = list(pool.map(lambda row: end_of(*row), TRICKLES.values()))

    for (name, (*_, status)), (answer, seconds) in zip(TRICKLES.items(), ends, strict=True):
        assert answer[9:12] == status, name
        assert CLIENT_SECONDS - 0.1 <= seconds <= LATEST_SECONDS, name


def test_a_client_that_does_not_read_is_dropped(strict_service: Running) -> None:
    began = time.monotonic()
    with connect(strict_service) as client:
        while is_open(client) and time.monotonic() - began < 2 * LATEST_SECONDS:
            pass

        assert CLIENT_SECONDS - 0.1 <= time.monotonic() - began <= LATEST_SECONDS
    assert send("GET", f"{strict_service.url}/healthz").status == 200
    assert '"level": "error"' not in strict_service.log()
