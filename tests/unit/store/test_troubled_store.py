"""A store that talks nonsense, is slow or lets nobody in is lost or slow: once, with the reason."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from sanic_swap.secret import Secret
from sanic_swap.store.counts import StoreCounts
from sanic_swap.store.redis import RedisStore
from tests.contract import patience
from tests.contract.processes import free_port, launched, wait_until
from tests.programs import need
from tests.service.redis_server import RedisServer
from tests.unit.store.test_store import Spotify, flights, refresh, until

PASSWORD = "correct-horse"
CA = "certificate of 127.0.0.1:{tls} not trusted; ssl_ca_certs=FILE trusts a CA"
COMMAND = re.compile(rb"\*\d+\r\n\$")


@asynccontextmanager
async def listening(answer) -> AsyncIterator[int]:
    """Serve what *answer*, a coroutine function, does with each connection; yield the port."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"+OK\r\n", id="OK"),
        pytest.param(b":1\r\n", id="a number"),
        pytest.param(b"*0\r\n", id="an empty list"),
        pytest.param(b"$3\r\nabc\r\n", id="a string"),
        pytest.param(b"_\r\n", id="nothing"),
        pytest.param(b"#t\r\n", id="true"),
        pytest.param(b"*2\r\n:1\r\n+a\r\n", id="a pair of other types"),
        pytest.param(b"*2\r\n$1\r\na\r\n$2\r\n\xff\xfe\r\n", id="a pair of bytes"),
        pytest.param(b"*1\r\n" * 3000, id="lists in lists"),
        pytest.param(b":x\r\n", id="a number that is none"),
        pytest.param(b"%1\r\n+a\r\n+b\r\n", id="a map"),
        pytest.param(b"-NOSCRIPT no\r\n", id="a script that stays unknown"),
        pytest.param(b"-ERR no\r\n", id="an error"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="HTTP"),
        pytest.param(b"\x15\x03\x03\x00\x02\x02F", id="TLS"),
    ],
)
async def test_a_store_that_talks_nonsense_is_lost_once(reply, caplog) -> None:
    commands = 0

    async def answer(reader, writer):
        nonlocal commands
        while received := await reader.read(65_536):
            new = len(COMMAND.findall(received))
            commands += new
            writer.write(reply * new)
        writer.close()

    spotify = Spotify(may_answer=True)
    async with (
        listening(answer) as port,
        RedisStore(Secret(f"redis://127.0.0.1:{port}"), pause_seconds=0.01) as store,
    ):
        assert [(await StoreCounts(store, b"key").count("a", 60))[0]] == [1]
        assert await refresh(flights(store), spotify) is spotify.refreshed
        before = commands
        await until(lambda: commands > before + 3)

    assert (store.word, store.losses) == ("lost", 1)
    assert [message[:19] for message in caplog.messages] == ["Store unreachable ("]
    assert f"127.0.0.1:{port}" in caplog.text


@pytest.mark.parametrize(
    ("is_known", "word", "messages"),
    [
        pytest.param(True, "slow", ["Store slow", "Store answers quickly again"], id="slow"),
        # Connecting alone takes several answers.
        pytest.param(
            False, "lost", ["Store unreachable", "Store answers again"], id="from the start"
        ),
    ],
)
async def test_a_store_that_is_slower_than_its_budget_is_told_and_so_is_its_recovery(
    caplog, is_known, word, messages
) -> None:
    caplog.set_level("INFO")
    delay = 0.0 if is_known else 0.3
    with RedisServer() as redis:

        async def relay(reader, writer):
            from_redis, to_redis = await asyncio.open_unix_connection(redis.url[7:])

            async def forward():
                while answer := await from_redis.read(65_536):
                    await asyncio.sleep(delay)
                    writer.write(answer)

            forwarding = asyncio.create_task(forward())
            try:
                while command := await reader.read(65_536):
                    to_redis.write(command)
            finally:  # the test may end first
                forwarding.cancel()
                to_redis.close()
                writer.close()

        async with listening(relay) as port:
            url = Secret(f"redis://127.0.0.1:{port}")
            async with RedisStore(url, pause_seconds=0.01) as store:
                counts = StoreCounts(store, b"key")
                while is_known and store.word != "slow":
                    delay = 0.0  # a busy machine may have been too late, and lost it
                    await until(lambda: store.word == "ok")
                    caplog.clear()
                    await counts.count("a", 60)
                    delay = 0.16
                    for _ in range(3):
                        await counts.count("a", 60)
                await until(lambda: store.word == word)
                delay = 0.0  # and without anybody who asks
                await until(lambda: store.word == "ok")

    assert len(caplog.messages) == 2
    assert all(map(str.startswith, caplog.messages, messages))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who has signed the store's certificate; a provider's own one."""
    return trustme.CA()


@pytest.fixture(scope="module")
def ports(authority, tmp_path_factory) -> Iterator[dict[str, int]]:
    """A Redis with a password, in plain and by TLS; where nobody listens; who says nothing."""
    folder: Path = tmp_path_factory.mktemp("redis")
    for name, blob in (
        ("ca", authority.cert_pem),
        ("key", authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem),
    ):
        blob.write_to_path(folder / name)
    ports = {name: free_port() for name in ("plain", "tls", "closed")}
    tls = {"--tls-cert-file": "key", "--tls-key-file": "key", "--tls-ca-cert-file": "ca"}
    options = {"--port": ports["plain"], "--tls-port": ports["tls"], **tls, "--dir": folder}
    command = [need("redis-server"), "--requirepass", PASSWORD, "--tls-auth-clients", "no"]
    command += [str(word) for option in options.items() for word in option]
    with (
        (folder / "log").open("wb") as log,
        launched([*command, "--save", ""], cwd=folder, stdout=log),
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        wait_until(lambda: b"Ready to accept" in (folder / "log").read_bytes())
        ports["silent"] = silent.getsockname()[1]
        yield ports


async def failure_of(url: str) -> str | None:
    """Return what `check` says of the store at *url*; None if it is of use."""
    store = RedisStore(Secret(url))
    failure = await store.failure()
    await store.__aexit__()
    return None if failure is None else str(failure)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://127.0.0.1:{closed}", "connection refused by 127.0.0.1:{closed}"),
        ("redis://127.0.0.1:{silent}", "no answer from 127.0.0.1:{silent} within 0.5 s"),
        ("rediss://:{word}@127.0.0.1:{tls}", CA),
        (
            "redis://:{word}@127.0.0.1:{tls}",
            "connection closed by 127.0.0.1:{tls}; if it expects TLS, use rediss://",
        ),
        (
            "rediss://:{word}@127.0.0.1:{plain}",
            "no answer from 127.0.0.1:{plain} within 0.5 s; if it has no TLS, use redis://",
        ),
        ("redis://:wrong@127.0.0.1:{plain}", "wrong user or password for 127.0.0.1:{plain}"),
        ("redis://127.0.0.1:{plain}", "wrong user or password for 127.0.0.1:{plain}"),
        ("redis://:{word}@nowhere.invalid", "no address found for nowhere.invalid:6379"),
        ("unix:///nowhere/redis.sock", "no socket /nowhere/redis.sock"),
        ("redis://:{word}@127.0.0.1:{plain}/99", "127.0.0.1:{plain} refuses a command (DB)"),
        ("redis://:{word}@127.0.0.1:{plain}", None),
        ("rediss://:{word}@127.0.0.1:{tls}?ssl_ca_certs={ca}", None),
        ("rediss://:{word}@127.0.0.1:{tls}?ssl_cert_reqs=none", None),
    ],
)
async def test_the_reason_tells_one_mistake_from_another(
    url, expected, ports, authority, tmp_path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca")
    names = {**ports, "word": PASSWORD, "ca": tmp_path / "ca"}

    expected = expected and expected.format(**names)
    async with asyncio.timeout(patience.seconds(10)):
        while (failure := await failure_of(url.format(**names))) != expected:
            assert failure is not None
            assert "no answer" in failure  # a busy machine was slow to connect
