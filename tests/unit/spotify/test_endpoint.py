"""One form goes out and one answer comes back, over real connections that come about or do not."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from time import monotonic

import pytest
from aiohttp.abc import AbstractResolver

from sanic_swap import __version__
from sanic_swap.errors import ConnectionLoss, SpotifyTooSlow, SpotifyUnreachable
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import Reply
from sanic_swap.spotify.endpoint import TokenEndpoint
from sanic_swap.spotify.exchange import SpotifyConnection

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CLOSING = ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
REPLY = Reply(200, None, b"{}")
SECONDS = 20.0


class Upstream:
    """Answers every request on a loopback port, and keeps what came."""

    def __init__(self, answer: bytes = ANSWER) -> None:
        self.answer = answer
        self.connections: list[list[bytes]] = []
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests: list[bytes] = []
        self.connections.append(requests)
        self._open.add(writer)
        while data := await reader.read(65_536):
            requests.append(data)
            writer.write(self.answer)
        writer.close()

    def say(self, answer: bytes) -> None:
        for writer in self._open:
            writer.write(answer)

    def hang_up(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    @asynccontextmanager
    async def listening(
        self, address: str = "127.0.0.1", port: int = 0
    ) -> AsyncIterator["Upstream"]:
        server = await asyncio.start_server(self.serve, address, port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()


class Names(AbstractResolver):
    """A name server of one's own: every name has these addresses."""

    def __init__(self, *addresses: str, delay_seconds: float = 0.0) -> None:
        self.addresses = addresses
        self._delay_seconds = delay_seconds

    async def resolve(self, host, port=0, family=socket.AF_INET):  # noqa: ARG002 - as aiohttp has it
        await asyncio.sleep(self._delay_seconds)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream().listening() as server:
        yield server


@pytest.fixture
async def waiting() -> AsyncIterator[tuple[Upstream, TokenEndpoint, "asyncio.Task[Reply]"]]:
    """A request on its way to a server that has not answered it yet."""
    async with (
        Upstream(b"").listening() as server,
        endpoint_at("127.0.0.1", server.port) as endpoint,
    ):
        task = asyncio.create_task(endpoint.post(b"a=b", SECONDS))
        while not any(server.connections):
            await asyncio.sleep(0.001)
        yield server, endpoint, task


def endpoint_at(host: str, port: int, path: str = "", seconds: float = SECONDS) -> TokenEndpoint:
    secret = Secret("canary-secret")
    return TokenEndpoint(f"http://{host}:{port}{path}", "app", secret, timeout_seconds=seconds)


def black_hole(family: socket.AddressFamily, address: str, opened: ExitStack) -> int:
    """Return a port at which connections are neither taken nor refused."""
    listener = opened.enter_context(socket.socket(family))
    try:
        listener.bind((address, 0))
    except OSError:
        pytest.skip(f"no {address} on this machine")
    listener.listen(0)
    opened.enter_context(socket.create_connection(listener.getsockname()[:2]))
    return int(listener.getsockname()[1])


async def test_head_length_and_form_go_out_as_they_should(upstream: Upstream) -> None:
    async with endpoint_at("127.0.0.1", upstream.port, "/accounts") as endpoint:
        assert await endpoint.post(b"a=b", SECONDS) == REPLY

    assert upstream.connections == [
        [
            b"POST /accounts/api/token HTTP/1.1\r\n"
            b"Host: 127.0.0.1:%d\r\n"
            b"Authorization: Basic YXBwOmNhbmFyeS1zZWNyZXQ=\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Accept: application/json\r\n"
            b"Accept-Encoding: identity\r\n"
            b"User-Agent: sanic-swap/%b\r\n"
            b"Content-Length: 3\r\n\r\na=b" % (upstream.port, __version__.encode())
        ]
    ]


@pytest.mark.parametrize(("answer", "served"), [(ANSWER, [3]), (CLOSING, [1, 1, 1])])
async def test_a_connection_serves_one_request_after_the_other_unless_spotify_closes_it(
    answer: bytes, served: list[int]
) -> None:
    async with (
        Upstream(answer).listening() as upstream,
        endpoint_at("127.0.0.1", upstream.port) as endpoint,
    ):
        for _ in range(3):
            assert await endpoint.post(b"a=b", SECONDS) == REPLY

    assert [len(requests) for requests in upstream.connections] == served


async def test_idle_connections_can_be_closed(upstream: Upstream) -> None:
    async with endpoint_at("127.0.0.1", upstream.port) as endpoint:
        await asyncio.gather(*(endpoint.post(b"a=b", SECONDS) for _ in range(3)))
        endpoint.close_idle()
        await endpoint.post(b"a=b", SECONDS)

    assert [len(requests) for requests in upstream.connections] == [1, 1, 1, 1]


async def test_a_connection_that_is_in_use_is_not_idle(waiting) -> None:
    upstream, endpoint, task = waiting
    endpoint.close_idle()
    upstream.say(ANSWER)

    assert await task == REPLY


@pytest.mark.parametrize("said", [b"", ANSWER[:-1]])
async def test_a_cancelled_request_takes_its_connection_with_it(waiting, said: bytes) -> None:
    upstream, endpoint, task = waiting
    upstream.say(said)
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    upstream.answer = ANSWER

    assert await endpoint.post(b"a=b", SECONDS) == REPLY
    assert [len(requests) for requests in upstream.connections] == [1, 1]


async def test_what_keeps_a_connection_from_coming_about_is_said_by_its_address() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        for host, why in (
            ("127.0.0.1", f"connection refused by 127.0.0.1:{port}"),
            ("accounts.invalid", "no address found for accounts.invalid"),
        ):
            async with endpoint_at(host, port) as endpoint:
                with pytest.raises(SpotifyUnreachable) as error:
                    await endpoint.post(b"a=b", SECONDS)

            assert error.value.loss is ConnectionLoss.UNSENT
            assert str(error.value).endswith(f": {why}")


async def test_connecting_has_its_own_limit_and_leaves_time_for_another_try() -> None:
    began = monotonic()
    with ExitStack() as opened:
        port = black_hole(socket.AF_INET, "127.0.0.1", opened)
        async with endpoint_at("127.0.0.1", port, seconds=1.0) as endpoint:
            with pytest.raises(SpotifyUnreachable) as error:
                await endpoint.post(b"a=b", 1.0)
            with pytest.raises(SpotifyTooSlow):
                await endpoint.post(b"a=b", 0.1)

    assert error.value.loss is ConnectionLoss.UNSENT
    assert str(error.value).endswith(f": 127.0.0.1:{port} did not answer within 0.3 s")
    assert monotonic() - began >= 0.39


async def test_the_time_limit_holds_for_connecting_and_answering_together() -> None:
    began = monotonic()
    async with (
        Upstream(b"").listening() as upstream,
        endpoint_at("slow.example", upstream.port) as endpoint,
    ):
        endpoint._connector._resolver = Names("127.0.0.1", delay_seconds=0.8)
        with pytest.raises(SpotifyTooSlow):
            await endpoint.post(b"a=b", 1.0)

    assert monotonic() - began < 1.75


async def test_an_address_that_leads_nowhere_does_not_hide_one_that_answers() -> None:
    with ExitStack() as opened:
        port = black_hole(socket.AF_INET6, "::1", opened)
        async with Upstream().listening(port=port), endpoint_at("both.example", port) as endpoint:
            endpoint._connector._resolver = Names("::1", "127.0.0.1")

            assert await endpoint.post(b"a=b", SECONDS) == REPLY


async def test_a_name_that_moved_is_followed_as_soon_as_its_old_address_fails() -> None:
    async with (
        Upstream().listening("127.0.0.2") as upstream,
        endpoint_at("moving.example", upstream.port) as endpoint,
    ):
        names = endpoint._connector._resolver = Names("127.0.0.1")
        with pytest.raises(SpotifyUnreachable):
            await endpoint.post(b"a=b", SECONDS)
        names.addresses = ("127.0.0.2",)

        assert await endpoint.post(b"a=b", SECONDS) == REPLY


# What aiohttp does not document and the endpoint relies on.


async def test_the_connector_makes_connections_of_ours_and_waits_for_their_end(
    upstream: Upstream,
) -> None:
    async with endpoint_at("127.0.0.1", upstream.port) as endpoint:
        await endpoint.post(b"a=b", SECONDS)
        [connection] = endpoint._connections
        assert isinstance(connection, SpotifyConnection)
        assert connection.is_connected()

    assert connection.closed.done()
    assert endpoint._connections == set()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda connection: connection.data_received(b"x"), id="should_close"),
        pytest.param(lambda connection: connection.transport.abort(), id="is_connected"),
    ],
)
async def test_the_connector_asks_a_connection_whether_it_can_be_used(
    upstream: Upstream, spoil: Callable[[SpotifyConnection], None]
) -> None:
    async with endpoint_at("127.0.0.1", upstream.port) as endpoint:
        await endpoint.post(b"a=b", SECONDS)
        for connection in tuple(endpoint._connections):
            spoil(connection)

        assert await endpoint.post(b"a=b", SECONDS) == REPLY

    assert len(upstream.connections) == 2
