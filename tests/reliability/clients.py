"""Clients that ask without pause and keep count of what they were told."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from tests.service.raw_client import RawConnection, raw_connection

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: swap.example\r\n\r\n"
SWAP = b"POST /swap HTTP/1.1\r\nHost: swap.example\r\nContent-Length: 6\r\n\r\ncode=c"
_MOST_REQUESTS = 20  # on one connection
_THINKING_SECONDS = 0.02


def health_or_swap() -> bytes:
    """Return one of the two requests that need nothing to be known."""
    return random.choice((HEALTH, SWAP))


class Tally:
    """What happened to the requests of all clients; `lost` and `wrong` say it in words."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.lost: list[str] = []
        self.wrong: list[str] = []


class Clients:
    """
    Threads that ask for what *make_request* returns, until the block ends.

    Half of their connections are for one request, the others for up to twenty. A request is
    lost if its connection stood and its answer did not come.
    """

    def __init__(
        self, url: str, number: int, make_request: Callable[[], bytes] | None = None
    ) -> None:
        self.tally = Tally()
        self._make_request = make_request or health_or_swap
        self._url = url
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask_for_ever) for _ in range(number)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask_for_ever(self) -> None:
        while not self._ended.is_set():
            try:
                with raw_connection(self._url, 20) as connection:
                    self._ask_on(connection, random.choice((1, _MOST_REQUESTS)))
            except (ConnectionError, TimeoutError):
                self.tally.seen["not connected"] += 1
                time.sleep(_THINKING_SECONDS)

    def _ask_on(self, connection: RawConnection, requests: int) -> None:
        for number in range(requests):
            connection.send(self._make_request())
            answer = None
            with suppress(TimeoutError, ValueError):
                answer = connection.read()
            if answer is None:
                self.tally.lost.append(f"{number + 1} of {requests} on its connection")
                return
            self.tally.seen[str(answer.status)] += 1
            if answer.status != 200:
                self.tally.wrong.append(f"{answer.status} {answer.body!r}")
            if b"\r\nConnection: close\r\n" in answer.head:
                return
            time.sleep(random.random() * _THINKING_SECONDS)
