"""Sets hundreds of slow clients on the service; all are let go on time, and others are served.

    python -m tests.reliability.slow_clients --number 400

Four kinds, one after the other: a head that drips, a body that drips, a body of which half comes,
and answers that nobody reads (a hundred asked for on one connection, a window of 4 KiB). Exits
with 1 if one of them was still connected a second after its deadline, if the process kept a
descriptor, or if a client beside them was not answered at once.
"""

import argparse
import selectors
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.raw_requests import descriptors
from tests.reliability.clients import HEALTH
from tests.service.raw_client import raw_connection
from tests.service.running import NOWHERE, Running, running_service

CLIENT_SECONDS = 5
SLACK_SECONDS = 1
DRIP_SECONDS = 0.5
SPARE_DESCRIPTORS = 2
SLOWEST_OTHER_SECONDS = 1.0

POST = b"POST /swap HTTP/1.1\r\nHost: x\r\n"


@dataclass(frozen=True)
class Kind:
    """One way to be slow: what is sent first, and what then every half second."""

    name: str
    first: bytes
    drip: bytes = b""
    reads: bool = True


KINDS = (
    Kind("a dripping head", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"x"),
    Kind("a dripping body", POST + b"Content-Length: 9999\r\n\r\n", b"x"),
    Kind("half a body", POST + b"Content-Length: 10\r\n\r\ncod"),
    Kind("nothing read", HEALTH.replace(b"/healthz", b"/openapi.json") * 100, reads=False),
)


@dataclass
class Outcome:
    """How long the slow ones stayed, and what the others saw of them."""

    longest_seconds: float
    still_open: int
    others: int
    slowest_other_seconds: float


def attack(service: Running, kind: Kind, number: int) -> Outcome:
    """Connect *number* clients of a kind, and watch until all are closed or late."""
    opened: dict[socket.socket, float] = {}
    longest, others, slowest = 0.0, 0, 0.0
    for _ in range(number):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(service.address)
        client.setblocking(False)
        opened[client] = time.monotonic()
        _try(client.send, kind.first)
    last = max(opened.values())
    next_drip = time.monotonic()
    while opened and time.monotonic() < last + CLIENT_SECONDS + 4 * SLACK_SECONDS:
        began = time.monotonic()
        with raw_connection(service.url) as other:
            other.send(HEALTH)
            answer = other.read()
        others += answer is not None and answer.status == 200
        slowest = max(slowest, time.monotonic() - began)
        if time.monotonic() >= next_drip and kind.drip:
            next_drip = time.monotonic() + DRIP_SECONDS
            for client in opened:
                _try(client.send, kind.drip)
        for client in _closed(list(opened), kind):
            longest = max(longest, time.monotonic() - opened.pop(client))
            client.close()
        time.sleep(0.05)
    still_open = len(opened)
    for client in opened:
        client.close()
    return Outcome(longest, still_open, others, slowest)


def _closed(clients: list[socket.socket], kind: Kind) -> list[socket.socket]:
    """Return those that the service has closed; who reads nothing learns of a reset alone."""
    if not kind.reads:
        return [
            client for client in clients if client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        ]
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        ready = [key.fileobj for key, _ in selector.select(0)]
    closed = []
    for client in ready:
        assert isinstance(client, socket.socket)
        try:
            while client.recv(65_536):
                pass
            closed.append(client)
        except BlockingIOError:
            continue
        except ConnectionError:
            closed.append(client)
    return closed


def _try(send: Callable[[bytes], int], sent: bytes) -> None:
    try:
        send(sent)
    except OSError:
        return


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--number", type=int, default=400)
    options = parser.parse_args()
    failed = False
    settings = {"CLIENT_TIMEOUT": str(CLIENT_SECONDS), "ACCESS_LOG": "off", "METRICS_PORT": "0"}
    with running_service(NOWHERE, **settings) as service:
        before = descriptors(service)
        for kind in KINDS:
            outcome = attack(service, kind, options.number)
            time.sleep(SLACK_SECONDS)
            after = descriptors(service)
            failed |= outcome.still_open > 0 or after > before + SPARE_DESCRIPTORS
            failed |= outcome.longest_seconds > CLIENT_SECONDS + SLACK_SECONDS
            failed |= outcome.slowest_other_seconds > SLOWEST_OTHER_SECONDS
            print(f"{options.number} of {kind.name}: {outcome}; descriptors {before} → {after}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
