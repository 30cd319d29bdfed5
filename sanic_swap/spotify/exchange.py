"""One connection to Spotify, and the exchanges on it, one at a time.

           exchange()               first byte                last byte
    idle -------------> waiting ----------------> reading -------------> idle, or ended
     v                     v                         v
    ended <-- any byte,   the end, the deadline,    the same; and what is not HTTP,
              the end     a cancelled caller        or needs no body, or is too large

Each exchange is one future, settled as soon as the answer is whole, or says enough, or cannot
come any more. aiohttp's connector pools the connection, and reads `should_close` when the
exchange is over: only an idle one is kept. So nothing of one exchange can meet another.
"""

import asyncio
from typing import Any, cast

from aiohttp.http_parser import HttpResponseParser, RawResponseMessage
from aiohttp.streams import StreamReader

from sanic_swap.errors import ConnectionLoss, SpotifyError, SpotifyNonsense, SpotifyUnreachable
from sanic_swap.spotify.answer import JUDGED_BY_BODY, Reply

LARGEST_ANSWER = 64 * 1024  # bytes; real ones are below 2 KiB
_MOST_INTERIM = 8  # 1xx answers; more than any real server sends before its answer


class SpotifyConnection(asyncio.Protocol):
    """A connection as aiohttp's connector makes and pools it; *connections* are the open ones."""

    # aiohttp's reader of the body asks for flow control; LARGEST_ANSWER comes first.
    _reading_paused = False

    def __init__(
        self, loop: asyncio.AbstractEventLoop, connections: "set[SpotifyConnection]"
    ) -> None:
        self.transport: asyncio.Transport | None = None  # before it is connected, and at the end
        self.closed: asyncio.Future[None] = loop.create_future()  # done when it has ended
        self.should_close = False  # whether it is in use, or must not be used again
        self._loop = loop
        self._connections = connections
        self._parser = HttpResponseParser(
            cast("Any", self), loop, LARGEST_ANSWER, read_until_eof=True, auto_decompress=False
        )
        self._answer: asyncio.Future[Reply] | None = None
        self._reading: tuple[RawResponseMessage, StreamReader] | None = None
        self._interim = 0
        self._loss = ConnectionLoss.EARLY  # what it is if the connection ends now

    async def exchange(self, request: bytes, seconds: float) -> Reply:
        """Send *request*, head and body, and return what comes back within *seconds*.

        Raises TimeoutError if it does not, SpotifyNonsense if it is not HTTP, and
        SpotifyUnreachable if the connection ends before the answer does.
        """
        if self.transport is None or self.should_close:
            raise SpotifyUnreachable(ConnectionLoss.UNSENT)
        self.should_close = True
        answer: asyncio.Future[Reply] = self._loop.create_future()
        self._answer = answer
        timer = self._loop.call_later(seconds, self._fail, TimeoutError())
        self.transport.write(request)
        try:
            return await answer
        finally:
            timer.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.abort()
            return
        self._loss = ConnectionLoss.EARLY
        is_followed = False
        try:
            messages, _, _ = self._parser.feed_data(data)
        except Exception:  # noqa: BLE001 - as aiohttp does: whatever it is, the bytes are no HTTP
            self._fail(SpotifyNonsense("not HTTP"))
            return
        for head, body in messages:
            if self._reading is not None:
                is_followed = True
            elif 100 <= head.code < 200 and head.code != 101:
                self._interim += 1
            else:
                self._reading = head, body
        if self._interim > _MOST_INTERIM:
            self._fail(SpotifyNonsense("interim answers without end"))
        if self._reading is None:
            return
        head, body = self._reading
        matters = head.code in JUDGED_BY_BODY or _is_said_by_status(head)
        if not matters or body.total_bytes > LARGEST_ANSWER:
            self._settle(_reply(head, None))
        elif body.is_eof():
            keep = not (head.should_close or is_followed or self._has_begun_another())
            self._settle(_reply(head, body.read_nowait()), keep=keep)

    def _has_begun_another(self) -> bool:
        """Ask the parser for what it has of a next answer: it tells if this were the end."""
        try:
            return self._parser.feed_eof() is not None
        except Exception:  # noqa: BLE001 - as in data_received
            return True

    def connection_lost(self, _: Exception | None) -> None:
        self.should_close, self.transport = True, None
        self._connections.discard(self)
        if not self.closed.done():
            self.closed.set_result(None)
        if self._reading is None:
            self._fail(SpotifyUnreachable(self._loss))
            return
        head, body = self._reading
        try:
            self._parser.feed_eof()  # the body may be meant to end with the connection
        except Exception:  # noqa: BLE001 - as in data_received
            self._fail(SpotifyUnreachable(ConnectionLoss.LATE))
        else:
            self._settle(_reply(head, body.read_nowait()))

    def _fail(self, error: SpotifyError | TimeoutError) -> None:
        if self._reading is not None and _is_said_by_status(self._reading[0]):
            self._settle(_reply(self._reading[0], None))
        else:
            self._settle(error)

    def _settle(self, outcome: Reply | Exception, *, keep: bool = False) -> None:
        answer, self._answer, self._reading, self._interim = self._answer, None, None, 0
        if answer is not None and not answer.done():  # else its caller has gone
            if isinstance(outcome, Reply):
                answer.set_result(outcome)
            else:
                answer.set_exception(outcome)
        if keep:
            self.should_close = False
            # Should it end next, Spotify closed it while it was idle (RFC 9112 section 9.3.1).
            self._loss = ConnectionLoss.STALE
        else:
            self.abort()

    # What aiohttp's connector and reader call besides.

    def is_connected(self) -> bool:
        """Say whether an exchange can begin."""
        return self.transport is not None and not self.transport.is_closing()

    def abort(self) -> None:
        """End the connection without waiting for anything that is still to be sent."""
        self.should_close = True
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


def _reply(head: RawResponseMessage, body: bytes | None) -> Reply:
    return Reply(head.code, head.headers.get("Retry-After"), body)
