"""Machines that share a Redis count together; without it each one counts alone."""

import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
import redis.asyncio

from sanic_swap.errors import RateLimited
from sanic_swap.parts import make_rate_limit
from sanic_swap.rate_counts import BoundedCounts
from sanic_swap.rate_limit import RateLimit
from sanic_swap.settings_reader import read_settings
from sanic_swap.shared_counts import SharedCounts, redis_counts
from tests.contract.processes import wait_until
from tests.programs import need

SETTINGS = {
    "CLIENT_ID": "an-app",
    "CLIENT_SECRET": "shared-with-spotify",
    "CALLBACK_URL": "myapp://callback",
    "RATE_LIMIT": "5/hour",
}


class Redis:
    """A server of our own, on a socket of its own, with nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "redis.sock")
        self._command = [need("redis-server"), "--port", "0", "--unixsocket", self.path]
        self._command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(self.answers)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
        Path(self.path).unlink(missing_ok=True)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def answers(self) -> bool:
        with redis.Redis(unix_socket_path=self.path) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    def prefixes(self) -> list[str]:
        with redis.Redis(unix_socket_path=self.path, decode_responses=True) as client:
            return sorted(key.rpartition(":")[0] for key in client.scan_iter())

    @asynccontextmanager
    async def pool(self) -> AsyncIterator[redis.asyncio.ConnectionPool]:
        async with redis.asyncio.Redis(unix_socket_path=self.path) as client:
            yield client.connection_pool


@pytest.fixture
def server() -> Iterator[Redis]:
    """A Redis that runs."""
    # Not pytest's own folder: the path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = Redis(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


async def swaps_let_through(limit: RateLimit | None, asked: int) -> int:
    assert limit is not None
    let_through = 0
    for _ in range(asked):
        try:
            await limit.count_swap("203.0.113.7")
            let_through += 1
        except RateLimited:
            pass
    return let_through


async def test_two_machines_count_together(server: Redis) -> None:
    settings = read_settings(SETTINGS)
    async with server.pool() as one_pool, server.pool() as other_pool:
        one, other = make_rate_limit(settings, one_pool), make_rate_limit(settings, other_pool)

        assert await swaps_let_through(one, 3) == 3
        assert await swaps_let_through(other, 10) == 2
        assert await swaps_let_through(one, 10) == 0
        assert one is not None
        with pytest.raises(RateLimited) as refused:
            await one.count_swap("203.0.113.7")
        assert 3600 - 600 < refused.value.retry_after <= 3600


async def test_two_apps_count_apart(server: Redis) -> None:
    async with server.pool() as pool:
        for client_id in ("one-app", "another-app"):
            limit = make_rate_limit(read_settings(SETTINGS | {"CLIENT_ID": client_id}), pool)

            assert await swaps_let_through(limit, 10) == 5

    assert server.prefixes() == ["sanic_swap:another-app", "sanic_swap:one-app"]


@pytest.mark.parametrize("lose", [Redis.stop, Redis.pause], ids=["gone", "silent"])
async def test_without_the_store_each_counts_alone_and_says_so_once(
    server: Redis, lose, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.pool() as pool:
        limit = make_rate_limit(read_settings(SETTINGS), pool)
        assert await swaps_let_through(limit, 4) == 4
        lose(server)
        began = time.monotonic()

        assert await swaps_let_through(limit, 50) == 5
        assert time.monotonic() - began < 0.5 + 1

    warnings = [record.getMessage() for record in caplog.records]
    assert len([line for line in warnings if line.startswith("RATE_LIMIT: the store is lost")]) == 1


async def test_when_the_store_is_back_all_count_together_again(server: Redis) -> None:
    seconds = 0.0
    async with server.pool() as pool:
        alone = BoundedCounts()
        counts = SharedCounts(redis_counts(pool, "test"), alone, now=lambda: seconds)
        assert await counts.incr("a", 3600) == 1
        server.stop()
        assert [await counts.incr("a", 3600) for _ in range(2)] == [1, 2]
        assert not await counts.check()
        server.start()
        await counts.incr("a", 3600)
        assert server.prefixes() == []  # not asked again at once

        seconds += 5
        assert await counts.incr("a", 3600) == 1
        assert await counts.check()
        assert await counts.get("a") == 1
        await counts.clear("a")
        assert await counts.reset() == 0
        assert await alone.get("a") == 3
