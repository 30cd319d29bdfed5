"""One connection to Spotify, and the exchanges on it, one at a time.

                   exchange()              first byte               last byte
    connected --> IDLE ------> WAITING ----------------> READING -----------------> IDLE, or
                   |              |                         |          CLOSED if not reusable
                   v              v                         v
    CLOSED <-- any byte,   the end, the deadline,    the same; and what is not HTTP,
               the end     a cancelled caller        or needs no body, or is too large

Each exchange is one future. `data_received` feeds aiohttp's parser and settles the future as
soon as the answer is whole, or says enough; `connection_lost` settles it where the answer ends
too early. The connection is pooled by aiohttp's connector, which reads `should_close` when the
exchange is over: only an IDLE connection is kept. So nothing of one exchange can meet another,
and bytes that nobody asked for close the connection.
"""

import asyncio
from enum import Enum, auto
from typing import Any, NamedTuple, cast

from aiohttp.http_parser import HttpResponseParser, RawResponseMessage
from aiohttp.streams import StreamReader

from sanic_swap.errors import ConnectionLoss, SpotifyError, SpotifyNonsense, SpotifyUnreachable
from sanic_swap.spotify.answer import JUDGED_BY_BODY

LARGEST_ANSWER = 64 * 1024  # bytes; real ones are below 2 KiB
_MOST_INTERIM = 8  # 1xx answers; more than any real server sends before its answer


class Reply(NamedTuple):
    """What came back; *body* is None where it does not matter, or is over the cap."""

    status: int
    retry_after: str | None
    body: bytes | None


class _State(Enum):
    IDLE = auto()
    WAITING = auto()
    READING = auto()
    CLOSED = auto()


class SpotifyConnection(asyncio.Protocol):
    """
    A connection as aiohttp's connector makes and pools it.

    Args:
        connections: Holds it for as long as it is open.

    Attributes:
        transport: None before it is connected and after it has ended.
        closed: Done when it has ended.
    """

    # aiohttp's reader of the body asks for flow control; LARGEST_ANSWER comes first.
    _reading_paused = False

    def __init__(
        self, loop: asyncio.AbstractEventLoop, connections: "set[SpotifyConnection]"
    ) -> None:
        self.transport: asyncio.Transport | None = None
        self.closed: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._connections = connections
        self._parser = HttpResponseParser(
            cast("Any", self), loop, LARGEST_ANSWER, read_until_eof=True, auto_decompress=False
        )
        self._state = _State.CLOSED
        self._answer: asyncio.Future[Reply] | None = None
        self._head: RawResponseMessage | None = None
        self._body: StreamReader | None = None
        self._exchanges = 0
        self._interim = 0
        self._is_followed = False

    async def exchange(self, request: bytes, seconds: float) -> Reply:
        """
        Send *request*, head and body, and return what comes back within *seconds*.

        Raises:
            TimeoutError: If it does not come in time.
            SpotifyNonsense: If it is not HTTP.
            SpotifyUnreachable: If the connection ends before the answer does.
        """
        if self.transport is None or self._state is not _State.IDLE:
            raise RuntimeError("the connection is not idle")
        self._state = _State.WAITING
        self._exchanges += 1
        answer: asyncio.Future[Reply] = self._loop.create_future()
        self._answer = answer
        timer = self._loop.call_later(seconds, self._fail, TimeoutError())
        self.transport.write(request)
        try:
            return await answer
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            timer.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._state = _State.IDLE
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._state is _State.WAITING:
            self._state = _State.READING
        if self._state is not _State.READING:
            self.abort()
            return
        try:
            messages, _, _ = self._parser.feed_data(data)
        except Exception:  # noqa: BLE001 - as aiohttp does: whatever it is, the bytes are no HTTP
            self._fail(SpotifyNonsense("not HTTP"))
            return
        for head, body in messages:
            if self._head is not None:
                self._is_followed = True
            elif 100 <= head.code < 200 and head.code != 101:
                self._interim += 1
            else:
                self._head, self._body = head, body
        if self._interim > _MOST_INTERIM:
            self._fail(SpotifyNonsense("interim answers without end"))
        elif self._head is not None and self._body is not None:
            self._read(self._head, self._body)

    def _read(self, head: RawResponseMessage, body: StreamReader) -> None:
        """Settle the exchange if what has come is enough."""
        matters = head.code in JUDGED_BY_BODY or _is_said_by_status(head)
        if not matters or body.total_bytes > LARGEST_ANSWER:
            self._settle(head, None)
        elif body.is_eof():
            keep = not (head.should_close or self._is_followed or self._has_begun_another())
            self._settle(head, body.read_nowait(), keep=keep)

    def _has_begun_another(self) -> bool:
        """Ask the parser for what it has of a next answer: it tells if this were the end."""
        try:
            return self._parser.feed_eof() is not None
        except Exception:  # noqa: BLE001 - as in data_received
            return True

    def connection_lost(self, _: Exception | None) -> None:
        state, self._state = self._state, _State.CLOSED
        self.transport = None
        self._connections.discard(self)
        if not self.closed.done():
            self.closed.set_result(None)
        if self._head is not None and self._body is not None:
            try:
                self._parser.feed_eof()  # the body may be meant to end with the connection
            except Exception:  # noqa: BLE001 - as in data_received
                self._fail(_lost(ConnectionLoss.LATE))
            else:
                self._settle(self._head, self._body.read_nowait())
        elif state is _State.WAITING and self._exchanges > 1:
            # Spotify closed it while it was idle (RFC 9112 section 9.3.1).
            self._fail(_lost(ConnectionLoss.STALE))
        else:
            self._fail(_lost(ConnectionLoss.EARLY))

    def _settle(self, head: RawResponseMessage, body: bytes | None, *, keep: bool = False) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Reply(head.code, head.headers.get("Retry-After"), body))
        self._answer = self._head = self._body = None
        self._interim = 0
        if keep:
            self._state = _State.IDLE
        else:
            self.abort()

    def _fail(self, error: SpotifyError | TimeoutError) -> None:
        if self._head is not None and _is_said_by_status(self._head):
            self._settle(self._head, None)
            return
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self._answer = None
        self.abort()

    # What aiohttp's connector and reader call besides.

    def is_connected(self) -> bool:
        """Say whether an exchange can begin."""
        return self.transport is not None and not self.transport.is_closing()

    @property
    def should_close(self) -> bool:
        """Whether the connection must not be used again."""
        return self._state is not _State.IDLE

    def abort(self) -> None:
        """End the connection without waiting for anything that is still to be sent."""
        self._state = _State.CLOSED
        if self.transport is not None:
            self.transport.abort()

    close = abort

    def pause_reading(self) -> None:
        """Do nothing: see `_reading_paused`."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Do nothing: see `_reading_paused`."""


def _is_said_by_status(head: RawResponseMessage) -> bool:
    # Their bodies are read only to keep the connection: just when Spotify is in trouble, it
    # should not have to shake hands anew each time.
    return head.code >= 500 or head.code == 429


def _lost(loss: ConnectionLoss) -> SpotifyUnreachable:
    return SpotifyUnreachable(loss.value, loss)
