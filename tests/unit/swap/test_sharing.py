"""Which refreshes call Spotify: all, with two exceptions; and no call is lost or forgotten."""

import asyncio
import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import SpotifyFails
from sanic_swap.sealing.key_ring import OpenedToken
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import TokenAnswer
from sanic_swap.swap import sharing
from sanic_swap.swap.sharing import Refreshed, SharedRefreshes
from sanic_swap.trace import RequestTrace

KEY, OTHER_KEY = b"digest", b"another"
OPENED = OpenedToken(Secret("AQold"), 0, 0, None, is_current=True)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Spotify:
    """Answers each time anew, as soon as it may; rotates or fails if it has to."""

    def __init__(self, *, is_rotation=False, error=None):
        self.calls = 0
        self.is_rotation = is_rotation
        self.error = error
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def call(self, *_):
        self.calls += 1
        number = self.calls
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return Refreshed(answer(str(number)), None, 0, self.is_rotation)


def answer(text):
    return TokenAnswer(None, (), text, None)


def shared(spotify, replay_seconds=9.0):
    clock = Clock()
    return SharedRefreshes(spotify.call, replay_seconds=replay_seconds, clock=clock), clock


def refresh(refreshes, key=KEY):
    return refreshes.refresh(key, OPENED, RequestTrace())


async def begin(refreshes, count, key=KEY):
    tasks = [asyncio.create_task(refresh(refreshes, key)) for _ in range(count)]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def hang_up(refreshes, spotify):
    """Begin a refresh whose only client goes before Spotify answers."""
    spotify.may_answer.clear()
    (gone,) = await begin(refreshes, 1)
    gone.cancel()
    await asyncio.wait([gone])


async def test_every_refresh_after_another_calls_spotify():
    spotify = Spotify()
    refreshes, _ = shared(spotify)
    for _ in range(3):
        await refresh(refreshes)

    assert spotify.calls == 3


async def test_a_thousand_equal_refreshes_share_one_call_and_others_make_their_own():
    spotify = Spotify()
    refreshes, _ = shared(spotify)
    spotify.may_answer.clear()
    tasks = await begin(refreshes, 1000)
    others = await begin(refreshes, 2, OTHER_KEY)
    spotify.may_answer.set()

    answers = await asyncio.gather(*tasks)

    assert all(one is answers[0] for one in answers)
    assert await others[0] is await others[1] is not answers[0]
    assert (spotify.calls, refreshes.coalesced) == (2, 999 + 1)


@pytest.mark.parametrize("leaving", [0, 1], ids=["the first", "a later one"])
async def test_a_client_that_hangs_up_takes_the_answer_from_nobody(leaving):
    spotify = Spotify()
    refreshes, _ = shared(spotify)
    spotify.may_answer.clear()
    tasks = await begin(refreshes, 3)
    tasks.pop(leaving).cancel()
    spotify.may_answer.set()
    first, second = await asyncio.gather(*tasks)

    assert first is second
    assert spotify.calls == 1


async def test_an_error_is_everybodys_and_is_not_remembered():
    spotify = Spotify(error=SpotifyFails(503, None))
    refreshes, _ = shared(spotify)
    spotify.may_answer.clear()
    tasks = await begin(refreshes, 3)
    spotify.may_answer.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    spotify.error = None
    await refresh(refreshes)

    assert [type(outcome) for outcome in outcomes] == [SpotifyFails] * 3
    assert spotify.calls == 2


async def test_an_error_that_nobody_waits_for_is_no_warning():
    spotify = Spotify(error=SpotifyFails(503, None))
    refreshes, _ = shared(spotify)
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await hang_up(refreshes, spotify)
    spotify.may_answer.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()

    assert spotify.calls == 1
    assert complaints == []


@pytest.mark.parametrize(
    ("replay_seconds", "seconds", "calls"),
    [
        pytest.param(9, 0, 1, id="at once"),
        pytest.param(9, 8.9, 1, id="within"),
        pytest.param(9, 9, 2, id="afterwards"),
        pytest.param(0, 0, 2, id="turned off"),
    ],
)
async def test_a_replaced_token_keeps_its_answer_for_a_while(replay_seconds, seconds, calls):
    spotify = Spotify(is_rotation=True)
    refreshes, clock = shared(spotify, replay_seconds)
    first = await refresh(refreshes)
    clock.now += seconds
    again = await refresh(refreshes)

    assert (again is first) == (calls == 1)
    assert (spotify.calls, refreshes.replayed) == (calls, 2 - calls)


async def test_a_rotation_is_kept_though_its_only_client_hung_up():
    spotify = Spotify(is_rotation=True)
    refreshes, _ = shared(spotify)
    await hang_up(refreshes, spotify)
    spotify.may_answer.set()
    for _ in range(3):
        await refresh(refreshes)

    assert spotify.calls == 1


async def test_closing_waits_for_the_calls_under_way():
    spotify = Spotify(is_rotation=True)
    refreshes, _ = shared(spotify)
    await hang_up(refreshes, spotify)
    closing = asyncio.create_task(refreshes.close())
    await asyncio.sleep(0)
    assert not closing.done()
    spotify.may_answer.set()
    await closing
    await refresh(refreshes)

    assert (spotify.calls, refreshes.replayed) == (1, 1)


@given(st.lists(st.tuples(st.binary(max_size=2), st.integers(1, 50)), max_size=60))
def test_what_is_kept_is_bounded(steps):
    kept = sharing.Rotations(60, Clock(), largest=100)
    for key, size in steps:
        answer = TokenAnswer(None, (), "x" * size, "y" * size)
        kept.keep(key, Refreshed(answer, "z" * size, 0, is_rotation=True))
        assert kept.size <= 100

    answers = filter(None, map(kept.get, {key for key, _ in steps}))
    assert kept.size == sum(3 * len(one.answer.before) for one in answers)


def test_a_sealed_token_is_in_no_repr():
    assert "s1.x" not in repr(Refreshed(answer("plain"), "s1.x", 0, is_rotation=True))
