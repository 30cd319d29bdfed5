"""A Spotify that breaks below HTTP: it answers each connection with bytes, or none at all."""

import re
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.contract import patience

_LINGER_SECONDS = 20
Script = Callable[[socket.socket], None]


class BrokenUpstream:
    """
    Listens on a loopback port and lets a script play with each connection.

    Attributes:
        script: What happens to a connection once its request is there.
        requests: Each request that came.
    """

    def __init__(self) -> None:
        self.script: Script = lambda _: None
        self.requests: list[bytes] = []
        self._plays: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.close()

    def is_quiet(self) -> bool:
        """Say whether every connection so far has ended on both sides."""
        return not any(play.is_alive() for play in self._plays)

    def serves_once_then(self, answer: bytes, script: Script) -> Script:
        """Return a script that gives *answer*, keeps the connection, and plays *script* next."""

        def serve(connection: socket.socket) -> None:
            connection.sendall(answer)
            if request := _whole_request(connection):
                self.requests.append(request)
                script(connection)

        return serve

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            play = threading.Thread(target=self._play, args=(connection,), daemon=True)
            play.start()
            self._plays.append(play)

    def _play(self, connection: socket.socket) -> None:
        with connection:
            try:
                self.requests.append(_whole_request(connection))
                self.script(connection)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(patience.seconds(_LINGER_SECONDS))
                while connection.recv(65_536):
                    pass
            except OSError:
                pass  # the service has hung up, as it should on some of these


def _whole_request(connection: socket.socket) -> bytes:
    """Return head and body: closing on unread bytes would be a reset, whatever was said."""
    request = b""
    while received := connection.recv(65_536):
        request += received
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
        if end and length is not None and len(body) >= int(length[1]):
            break
    return request


def says(answer: bytes) -> Script:
    """Return a script that sends *answer* and closes."""
    return lambda connection: connection.sendall(answer)


def resets(first: bytes = b"") -> Script:
    """Return a script that sends *first* and then resets the connection."""

    def script(connection: socket.socket) -> None:
        connection.sendall(first)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()

    return script


def endless(first: bytes, piece: bytes) -> Script:
    """Return a script that sends *first*, and then *piece* for as long as anybody reads."""

    def script(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(piece)

    return script
