"""The store's parts in front of a real Redis: what is shared, what is not, and losing it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from sanic_swap.errors import SpotifyFails, SpotifyTooSlow, StoreLost
from sanic_swap.sealing.key_ring import OpenedToken
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import Reply, read_answer
from sanic_swap.store.counts import StoreCounts
from sanic_swap.store.flights import StoreFlights, StoreSealer
from sanic_swap.store.redis import RedisStore
from sanic_swap.swap.sharing import Refreshed
from sanic_swap.trace import RequestTrace
from tests.contract import patience
from tests.service.redis_server import RedisServer
from tests.service.running import KEY

DIGEST = bytes(32)
OPENED = OpenedToken(Secret("AQold"), 0, 0, None, is_current=True)
NOWHERE = "unix:///nowhere/redis.sock"
MINUTE = 60


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """A Redis of this module alone."""
    with RedisServer() as server:
        yield server


@pytest.fixture
async def store(redis_server: RedisServer) -> AsyncIterator[RedisStore]:
    """An empty store."""
    redis_server.ask("FLUSHALL")
    async with RedisStore(Secret(redis_server.url)) as store:
        yield store


class Spotify:
    """Answers *body*, or raises; as soon as it may."""

    def __init__(self, body: bytes = b'{"access_token":"a"}', *, may_answer: bool = False) -> None:
        self.calls = 0
        answer = read_answer(Reply(200, None, body))
        self.refreshed = Refreshed(answer, "s1.x", 1_795_040_626, is_rotation=b"AQnew" in body)
        self.error: Exception | None = None
        self.may_answer = asyncio.Event()
        if may_answer:
            self.may_answer.set()

    async def call(self, *_: object) -> Refreshed:
        self.calls += 1
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return self.refreshed


def flights(store: RedisStore, key: str = KEY, timeout_seconds: float = 8.0) -> StoreFlights:
    sealer = StoreSealer([root_key(key)], SealingContext("id", "https://accounts.example"))
    return StoreFlights(store, sealer, timeout_seconds=timeout_seconds, replay_seconds=30)


def refresh(machine: StoreFlights, spotify: Spotify) -> asyncio.Task[Refreshed]:
    call = machine.refresh(spotify.call, DIGEST, OPENED, RequestTrace())
    return asyncio.create_task(call)


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as *condition* holds."""
    async with asyncio.timeout(patience.seconds(10)):
        while not condition():
            await asyncio.sleep(0.01)


def is_awaited(redis_server: RedisServer) -> bool:
    return any(
        redis_server.ask("HEXISTS", name.decode(), "is_awaited") == b":1"
        for name in redis_server.names()
        if name.endswith(b":lease")
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token":"a","expires_in":3600.0}',
        b'{"access_token":"a","refresh_token":"AQnew","scope":""}',
        b'{"refresh_token":null,"access_token":"\\u00e4","refresh_token_expires_in":5}',
    ],
)
async def test_one_who_waits_gets_an_equal_answer(
    store: RedisStore, redis_server: RedisServer, body: bytes
) -> None:
    spotify, one, other = Spotify(body), flights(store), flights(store)
    first = refresh(one, spotify)
    await until(lambda: spotify.calls)
    second = refresh(other, spotify)
    await until(lambda: is_awaited(redis_server))
    spotify.may_answer.set()

    ours, theirs = await first, await second
    assert theirs.answer == ours.answer
    assert theirs.sealed == ours.sealed
    assert (spotify.calls, one.joined, other.joined) == (1, 0, 1)


async def test_an_answer_that_nobody_waits_for_is_not_stored(
    store: RedisStore, redis_server: RedisServer
) -> None:
    await refresh(flights(store), Spotify(may_answer=True))

    assert [name for name in redis_server.names() if b"probe" not in name] == []


async def test_one_who_waited_for_a_call_that_failed_makes_its_own(
    store: RedisStore, redis_server: RedisServer
) -> None:
    failing, spotify = Spotify(), Spotify(may_answer=True)
    failing.error = SpotifyFails(503, None)
    first = refresh(flights(store), failing)
    await until(lambda: failing.calls)
    second = refresh(flights(store), spotify)
    await until(lambda: is_awaited(redis_server))
    failing.may_answer.set()
    with pytest.raises(SpotifyFails):
        await first

    assert await second is spotify.refreshed


async def test_a_lease_ends_with_the_deadline_of_its_call(store: RedisStore) -> None:
    silent, spotify = Spotify(), Spotify(may_answer=True)
    first = refresh(flights(store, timeout_seconds=0.1), silent)
    await until(lambda: silent.calls)
    with pytest.raises(SpotifyTooSlow):
        await first

    assert await refresh(flights(store), spotify) is spotify.refreshed


async def test_the_deadline_of_the_call_itself_comes_first(store: RedisStore) -> None:
    spotify = Spotify()
    spotify.error = SpotifyTooSlow("its own words")
    asyncio.get_running_loop().call_later(0.1, spotify.may_answer.set)

    with pytest.raises(SpotifyTooSlow, match="its own words"):
        await refresh(flights(store, timeout_seconds=0.1), spotify)


async def test_what_another_key_sealed_is_no_answer(store: RedisStore) -> None:
    spotify = Spotify(b'{"access_token":"a","refresh_token":"AQnew"}', may_answer=True)
    await refresh(flights(store), spotify)
    await refresh(flights(store), spotify)
    assert spotify.calls == 1

    await refresh(flights(store, key="1" * 64), spotify)
    assert spotify.calls == 2


async def test_all_machines_count_in_one_window_and_take_back_from_it(
    store: RedisStore, redis_server: RedisServer
) -> None:
    one, other, name = StoreCounts(store, b"key"), StoreCounts(store, b"key"), "swap/203.0.113.7/5"
    await one.count(name, MINUTE, -1)
    assert [name for name in redis_server.names() if b"rate" in name] == []
    counted = [await counts.count(name, MINUTE) for counts in (one, other, one)]
    await one.count(name, 2 * MINUTE)

    assert [count for count, _ in counted] == [1, 2, 3]
    assert all(MINUTE - 10 < seconds_left <= MINUTE for _, seconds_left in counted)
    assert (await other.count(name, MINUTE, -1))[0] == 2
    assert b"203.0.113.7" not in b"".join(redis_server.names())


async def test_a_counter_that_lost_its_end_gets_one(
    store: RedisStore, redis_server: RedisServer
) -> None:
    counts = StoreCounts(store, b"key")
    await counts.count("a", MINUTE)
    (name,) = (name.decode() for name in redis_server.names() if b"rate" in name)
    redis_server.ask("PERSIST", name)

    assert await counts.count("a", MINUTE) == (2, MINUTE)


async def test_a_window_in_the_store_ends(store: RedisStore) -> None:
    counts = StoreCounts(store, b"key")
    assert [(await counts.count("a", 1))[0] for _ in range(2)] == [1, 2]

    async with asyncio.timeout(patience.seconds(10)):
        while (await counts.count("a", 1))[0] != 1:
            await asyncio.sleep(0.05)


async def test_each_machine_counts_alone_while_the_store_is_lost() -> None:
    async with RedisStore(Secret(NOWHERE)) as store:
        counts = StoreCounts(store, b"key")

        assert [(await counts.count("a", MINUTE))[0] for _ in range(3)] == [1, 2, 3]


async def test_a_lost_store_is_logged_once_and_found_again_though_nobody_asks(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with RedisStore(Secret(redis_server.url)) as store:
        counts = StoreCounts(store, b"key")
        await counts.count("a", MINUTE)
        redis_server.pause()
        try:
            began = time.monotonic()
            for _ in range(10):
                await counts.count("a", MINUTE)
            seconds = time.monotonic() - began
        finally:
            redis_server.go_on()
        assert store.is_lost
        await until(lambda: not store.is_lost)

    assert seconds < patience.seconds(1)  # one waited; nobody after it
    assert store.losses == 1
    where = redis_server.url.removeprefix("unix://")
    reason = f"no answer from {where} within 0.5 s"
    assert caplog.messages == [
        f"Store unreachable ({reason}); sharing between machines is off until it answers",
        "Store answers again; sharing between machines is on",
    ]


async def test_a_store_that_is_not_there_is_noticed_and_watched_until_it_is_closed() -> None:
    async with RedisStore(Secret(NOWHERE)) as store:
        await until(lambda: store.is_lost)
        with pytest.raises(StoreLost):
            await store.run(store.script("return 1", str), [], [])
        watching = asyncio.all_tasks() - {asyncio.current_task()}
        assert len(watching) == 1

    assert all(task.done() for task in watching)
