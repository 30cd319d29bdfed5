"""Connections to Spotify: what aiohttp does not notice about them, or does not tell.

- A flood of interim answers (1xx), of which aiohttp takes any number, ends the connection.
- A kept connection that ends before one byte of an answer is told from every other loss.
  It is the race that RFC 9112 section 9.3.1 describes: Spotify closed it while idle.
"""

from functools import partial
from typing import Any

from aiohttp import ClientConnectionError, ClientOSError, ServerDisconnectedError, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

_MOST_INTERIM = 8  # more than any real server sends before its answer


class StaleConnection(ClientConnectionError):
    """A connection that had served an earlier request ended without one byte for this one."""


class _Handler(ResponseHandler):
    """aiohttp's side of one connection."""

    _requests = 0
    _is_silent = True  # since the latest request began
    _interim = 0

    def set_response_params(self, **options: Any) -> None:  # noqa: ANN401 - aiohttp's own
        self._requests += 1
        self._is_silent = True
        super().set_response_params(**options)

    def data_received(self, data: bytes) -> None:
        self._is_silent = False
        super().data_received(data)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        # Also where a write fails, because the other side has closed already.
        ended = isinstance(exc, ServerDisconnectedError | ClientOSError)
        if ended and self._requests > 1 and self._is_silent:
            exc = StaleConnection(type(exc).__name__)
        super().set_exception(exc, *cause)

    def feed_data(self, data: Any, size: int = 0) -> None:  # noqa: ANN401 - aiohttp's own
        if not 100 <= data[0].code < 200 or data[0].code == 101:
            self._interim = 0
            super().feed_data(data, size)
            return
        self._interim += 1
        if self._interim > _MOST_INTERIM and self.transport is not None:
            self.set_exception(HttpProcessingError(message="interim answers without end"))
            self.transport.abort()


class SpotifyConnector(TCPConnector):
    """A TCPConnector with the connections of above."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - TCPConnector's own
        super().__init__(**options)
        # aiohttp has no public place for it; contract tests of a 1xx flood and of the race
        # keep watch.
        self._factory = partial(_Handler, **self._factory.keywords)  # type: ignore[assignment]  # makes a subclass of what it made

    def close_idle(self) -> None:
        """Close the connections that nobody uses at the moment, so that the next one is new."""
        for kept in self._conns.values():
            for handler, _ in kept:
                handler.close()
