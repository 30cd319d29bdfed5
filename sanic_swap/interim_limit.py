"""Ends a connection on which Spotify answers 1xx, and 1xx, and nothing else.

aiohttp takes any number of interim answers; a flood of them would keep the process busy
for the whole deadline, and everybody else waiting.
"""

from functools import partial
from typing import Any

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

_MOST = 8  # more than any real server sends before its answer


class _LimitedHandler(ResponseHandler):
    """aiohttp's side of one connection, counting interim answers (RFC 9110 section 15.2)."""

    _interim = 0

    def feed_data(self, data: Any, size: int = 0) -> None:  # noqa: ANN401 - aiohttp's own
        if not 100 <= data[0].code < 200 or data[0].code == 101:
            self._interim = 0
            super().feed_data(data, size)
            return
        self._interim += 1
        if self._interim > _MOST and self.transport is not None:
            self.set_exception(HttpProcessingError(message="interim answers without end"))
            self.transport.abort()


class LimitedConnector(TCPConnector):
    """A TCPConnector whose connections take a handful of interim answers each request."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - TCPConnector's own
        super().__init__(**options)
        # aiohttp has no public place for it; the contract test of a 1xx flood keeps watch.
        self._factory = partial(  # type: ignore[assignment]  # makes a subclass of what it made
            _LimitedHandler, **self._factory.keywords
        )
