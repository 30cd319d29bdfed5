"""Sends one request and waits for the whole answer, with one deadline for all of it."""

import http.client
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from . import patience
from .http_client import Answer

_LONGEST = 1_000_000  # bytes of an answer that are looked at


def exchange(
    url: str,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
    seconds: float,
) -> Answer:
    """
    Send a request to *path* below *url*.

    Raises:
        OSError: If the connection fails, or the answer is not whole in time.
        http.client.HTTPException: If what comes is not HTTP.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    # A socket's own timeout begins anew with every byte.
    timer = threading.Timer(seconds, _hang_up, (connection,))
    timer.start()
    try:
        connection.request(method, parts.path.rstrip("/") + path, body, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read(_LONGEST))
    finally:
        timer.cancel()
        connection.close()


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


def _hang_up(connection: http.client.HTTPConnection) -> None:
    # It may have ended already.
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
