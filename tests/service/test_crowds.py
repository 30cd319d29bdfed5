"""A crowd that holds every connection there may be locks nobody out."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fake_spotify import FakeSpotify
from fake_spotify.faults import SlowHead
from tests.contract import patience
from tests.contract.processes import wait_until
from tests.service.metrics import scraped
from tests.service.refreshing import answer_on, begin_refresh, log_in, refresh
from tests.service.running import Running, running_service

PLACES, HOLDERS, GOOD_REQUESTS = 60, 120, 40
POST = b"POST /swap HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
HOLD = {
    "idle": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "silent": b"",
    "head": POST,
    "body": POST + b"\r\ncode",
}


async def hold(address: tuple[str, int], sent: bytes) -> None:
    """Hold a connection, and open it again soon after it was closed."""
    while True:
        await asyncio.sleep(0.1)
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(sent)
                await reader.read()
                while await reader.read(65_536):
                    pass
            finally:
                writer.close()


@asynccontextmanager
async def crowd(service: Running, sent: bytes) -> AsyncIterator[None]:
    """Hold connections until the block ends, twice as many as there are places."""
    tasks = [asyncio.create_task(hold(service.address, sent)) for _ in range(HOLDERS)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def timed_refresh(service: Running, sealed: str) -> tuple[int, float]:
    """Return the status, 0 if there was no answer, and after how many seconds it was there."""
    began, status = time.monotonic(), 0
    with suppress(OSError):
        status = (await asyncio.to_thread(refresh, service, sealed)).status
    return status, time.monotonic() - began


async def test_a_crowd_locks_nobody_out(spotify: FakeSpotify) -> None:
    limits = {"MAX_IN_FLIGHT": "30", "MAX_CONNECTIONS": str(PLACES), "METRICS_PORT": "0"}
    with running_service(spotify.accounts_url, **limits) as service:
        sealed = log_in(service, spotify)
        for state, sent in HOLD.items():
            async with crowd(service, sent):
                while not scraped(service)["sanic_swap_connections_reclaimed_total", state]:
                    await asyncio.sleep(0.05)
                results = [await timed_refresh(service, sealed) for _ in range(GOOD_REQUESTS)]
            good = [seconds for status, seconds in results if status == 200]
            assert len(good) >= 0.95 * GOOD_REQUESTS, state
            assert max(good) < patience.seconds(5), state  # half of what the holders have
        reports = [line for line in service.lines() if line["message"].startswith("MAX_C")]

    assert [(line["level"], line["client"]) for line in reports] == [("warning", "127.0.0.1")]


def test_a_request_under_way_keeps_its_place(spotify: FakeSpotify) -> None:
    limits = {"MAX_IN_FLIGHT": "2", "MAX_CONNECTIONS": "2"}
    with running_service(spotify.accounts_url, **limits) as service:
        tokens = [log_in(service, spotify) for _ in range(2)]
        spotify.fault(SlowHead(patience.seconds(2)), times=2)
        under_way = [begin_refresh(service, sealed) for sealed in tokens]
        wait_until(lambda: spotify.count() == 2)
        with socket.create_connection(service.address, patience.seconds(10)) as one_too_many:
            one_too_many.sendall(HOLD["idle"])
            with suppress(ConnectionError):
                assert one_too_many.recv(1) == b""

        assert [answer_on(connection).status for connection in under_way] == [200, 200]
        assert refresh(service, tokens[0]).status == 200
