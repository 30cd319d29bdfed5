"""The exchange is fed by hand, byte by byte where it matters."""

import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import ConnectionLoss, SpotifyNonsense, SpotifyUnreachable
from sanic_swap.spotify.answer import Reply
from sanic_swap.spotify.exchange import LARGEST_ANSWER, SpotifyConnection

SECONDS = 20.0
REQUEST = b"POST /api/token HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = OK + b"Content-Length: 2\r\n\r\n{}"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
UNTIL_END = OK + b"\r\n{}"
INTERIM = b"HTTP/1.1 102 Processing\r\n\r\n"


class Wire(asyncio.Transport):
    """The other end, and the network: keeps what was written, and ends when it is aborted."""

    def __init__(self, connection: SpotifyConnection) -> None:
        super().__init__()
        self.written = b""
        self._connection = connection
        self._is_closing = False
        connection.connection_made(self)

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self._is_closing

    def abort(self) -> None:
        if not self._is_closing:
            self.end()

    def end(self, error: Exception | None = None) -> None:
        self._is_closing = True
        asyncio.get_running_loop().call_soon(self._connection.connection_lost, error)


class Exchange:
    """One connection, and an exchange on it that is under way."""

    def __init__(self) -> None:
        self.connection = SpotifyConnection(asyncio.get_running_loop(), set())
        self.wire = Wire(self.connection)

    async def begin(self, seconds: float = SECONDS) -> "asyncio.Task[Reply]":
        task = asyncio.create_task(self.connection.exchange(REQUEST, seconds))
        await asyncio.sleep(0)
        return task

    async def answer(self, *pieces: bytes, ends: bool = False) -> Reply:
        """Exchange once; Spotify sends *pieces*, and hangs up if it *ends*."""
        task = await self.begin()
        for piece in pieces:
            self.connection.data_received(piece)
        if ends:
            self.wire.end()
        return await task

    @property
    def is_kept(self) -> bool:
        return self.connection.is_connected() and not self.connection.should_close


@pytest.fixture
async def exchange() -> Exchange:
    return Exchange()


def sized(size: int) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % size + b"x" * size


FINE = Reply(200, None, b"{}")
KEEP_ALIVE = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
GZIPPED = OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy"
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 999\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nxyz"
ANSWERS = [
    pytest.param(WHOLE, FINE, True, id="a length"),
    pytest.param(CHUNKED, FINE, True, id="chunks"),
    pytest.param(INTERIM * 8 + WHOLE, FINE, True, id="eight interim answers"),
    pytest.param(
        WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), FINE, False, id="the last one"
    ),
    pytest.param(WHOLE.replace(b"1.1", b"1.0"), FINE, False, id="HTTP/1.0"),
    pytest.param(KEEP_ALIVE, FINE, True, id="HTTP/1.0 that keeps the connection"),
    pytest.param(GZIPPED, FINE, True, id="what is called compressed is not unpacked"),
    pytest.param(
        sized(LARGEST_ANSWER), Reply(200, None, b"x" * LARGEST_ANSWER), True, id="the largest"
    ),
    pytest.param(sized(LARGEST_ANSWER + 1), Reply(200, None, None), False, id="larger"),
    pytest.param(sized(LARGEST_ANSWER * 9), Reply(200, None, None), False, id="much larger"),
    pytest.param(BUSY, Reply(503, "7", b"busy"), True, id="a server error"),
    pytest.param(BUSY.replace(b"503", b"999"), Reply(999, "7", b"busy"), True, id="beyond 599"),
    pytest.param(REDIRECT, Reply(302, None, None), False, id="a redirect, whatever follows"),
    pytest.param(b"HTTP/1.1 204 None\r\n\r\n", Reply(204, None, None), False, id="no content"),
    pytest.param(SWITCH, Reply(101, None, None), False, id="another protocol"),
]


@pytest.mark.parametrize(("answer", "reply", "is_kept"), ANSWERS)
async def test_an_answer_is_read_and_its_connection_kept_where_http_allows_it(
    exchange: Exchange, answer: bytes, reply: Reply, is_kept: bool
) -> None:
    assert await exchange.answer(answer) == reply
    assert exchange.wire.written == REQUEST
    assert exchange.is_kept == is_kept
    if is_kept:
        assert await exchange.answer(answer) == reply
        assert exchange.is_kept


@given(
    answer=st.sampled_from([WHOLE, CHUNKED, INTERIM + WHOLE]),
    cuts=st.sets(st.integers(1, 120), max_size=8),
)
def test_how_an_answer_is_cut_into_pieces_makes_no_difference(
    answer: bytes, cuts: set[int]
) -> None:
    ends = sorted({0, len(answer), *(cut for cut in cuts if cut < len(answer))})

    async def exchanges() -> None:
        exchange = Exchange()
        for _ in range(2):
            pieces = [answer[a:b] for a, b in pairwise(ends)]
            assert await exchange.answer(*pieces) == FINE
            assert exchange.is_kept

    asyncio.run(exchanges())


async def test_an_answer_may_end_with_its_connection(exchange: Exchange) -> None:
    assert await exchange.answer(UNTIL_END, ends=True) == FINE
    assert not exchange.is_kept


@pytest.mark.parametrize(
    "behind",
    [
        *(b"H", b"HTTP/1.1 200 OK\r\nX-", OK + b"Content-Length: 9\r\n\r\n", INTERIM),
        OK + b'Content-Length: 4\r\n\r\n"ev"',
    ],
)
async def test_what_stands_behind_an_answer_never_meets_the_next_request(
    exchange: Exchange, behind: bytes
) -> None:
    assert await exchange.answer(WHOLE + behind) == FINE
    assert not exchange.is_kept


@pytest.mark.parametrize("unasked", [WHOLE, b"x"])
async def test_bytes_that_nobody_asked_for_close_the_connection(
    exchange: Exchange, unasked: bytes
) -> None:
    await exchange.answer(WHOLE)

    exchange.connection.data_received(unasked)

    assert not exchange.is_kept
    with pytest.raises(SpotifyUnreachable) as error:
        await exchange.connection.exchange(REQUEST, SECONDS)
    assert error.value.loss is ConnectionLoss.UNSENT


@pytest.mark.parametrize(
    "nonsense",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9\r\n", id="another protocol"),
        pytest.param(OK + b"Content-Length: x\r\n\r\n", id="a length that is none"),
        pytest.param(OK + b"X: " + b"y" * 9000, id="an endless line"),
        pytest.param(OK + b"X: y\r\n" * 200, id="an endless head"),
        pytest.param(INTERIM * 9, id="nine interim answers"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="a broken chunk"),
    ],
)
async def test_what_is_not_http_is_nonsense(exchange: Exchange, nonsense: bytes) -> None:
    with pytest.raises(SpotifyNonsense):
        await exchange.answer(nonsense)
    assert not exchange.is_kept


@given(st.lists(st.binary(max_size=40) | st.sampled_from([OK, WHOLE, INTERIM, CHUNKED[:60]])))
def test_whatever_comes_the_exchange_ends_in_one_of_the_foreseen_ways(pieces: list[bytes]) -> None:
    async def exchanges() -> None:
        exchange = Exchange()
        with suppress(SpotifyNonsense, SpotifyUnreachable):
            assert isinstance(await exchange.answer(*filter(None, pieces), ends=True), Reply)
        await exchange.connection.closed

    asyncio.run(exchanges())


@pytest.mark.parametrize("is_reset", [False, True])
@pytest.mark.parametrize(
    ("earlier", "first", "loss"),
    [
        pytest.param(0, b"", ConnectionLoss.EARLY, id="a new connection"),
        pytest.param(1, b"", ConnectionLoss.STALE, id="a kept one"),
        pytest.param(1, b"H", ConnectionLoss.EARLY, id="a kept one, after one byte"),
        pytest.param(0, WHOLE[:-1], ConnectionLoss.LATE, id="inside a body"),
        pytest.param(0, CHUNKED[:-7], ConnectionLoss.LATE, id="inside chunks"),
    ],
)
async def test_how_far_an_exchange_had_come_is_known(
    exchange: Exchange, earlier: int, first: bytes, loss: ConnectionLoss, is_reset: bool
) -> None:
    for _ in range(earlier):
        await exchange.answer(WHOLE)
    task = await exchange.begin()
    if first:
        exchange.connection.data_received(first)
    exchange.wire.end(ConnectionResetError() if is_reset else None)

    with pytest.raises(SpotifyUnreachable) as error:
        await task
    assert error.value.loss is loss
    assert not exchange.is_kept


@pytest.mark.parametrize(
    ("framing", "rest", "ends"),
    [
        pytest.param(b"Content-Length: 9", b"cut", True, id="it ends"),
        pytest.param(b"Content-Length: 9", b"cut", False, id="it is slow"),
        pytest.param(b"Transfer-Encoding: chunked", b"zz\r\n", False, id="it is broken"),
    ],
)
async def test_a_server_error_counts_without_the_rest_of_its_body(
    exchange: Exchange, framing: bytes, rest: bytes, ends: bool
) -> None:
    task = await exchange.begin(0.01)
    exchange.connection.data_received(b"HTTP/1.1 503 Busy\r\n%b\r\n\r\n" % framing)
    exchange.connection.data_received(rest)
    if ends:
        exchange.wire.end()

    assert (await task).status == 503
    assert not exchange.is_kept


@pytest.mark.parametrize("first", [b"", INTERIM, OK, WHOLE[:-1]])
async def test_the_time_limit_ends_an_exchange_wherever_it_is(
    exchange: Exchange, first: bytes
) -> None:
    task = await exchange.begin(0.01)
    if first:
        exchange.connection.data_received(first)

    with pytest.raises(TimeoutError):
        await task
    assert not exchange.is_kept


async def test_the_time_limit_of_one_exchange_does_not_reach_beyond_it(exchange: Exchange) -> None:
    task = await exchange.begin(0.01)
    exchange.connection.data_received(WHOLE)
    await task
    await asyncio.sleep(0.02)

    assert exchange.is_kept


async def test_nobody_has_to_wait_for_the_end(exchange: Exchange) -> None:
    exchange.connection.closed.cancel()

    exchange.connection.connection_lost(None)

    assert not exchange.is_kept
