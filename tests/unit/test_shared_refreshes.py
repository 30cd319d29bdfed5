"""Which refreshes ask Spotify: all, but for the three that the contract names."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import SpotifyFails
from sanic_swap.kept_answers import KeptAnswers
from sanic_swap.refreshed import Refreshed
from sanic_swap.secret import Secret
from sanic_swap.shared_refreshes import UNDELIVERED_SECONDS, SharedRefreshes
from sanic_swap.token_answer import TokenAnswer

KEY, TOKEN = b"digest", Secret("AQold")
REPLAY_SECONDS = 9.0


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Spotify:
    """Answers each time anew; rotates if it is told to."""

    def __init__(self, rotates_to=None):
        self.asked = 0
        self.rotates_to = rotates_to

    async def ask(self):
        self.asked += 1
        new = Secret(self.rotates_to) if self.rotates_to else None
        return Refreshed(TokenAnswer(new, False, f'{{"access_token":"{self.asked}"', None))


def shared(replay_seconds=REPLAY_SECONDS):
    clock = Clock()
    refreshes = SharedRefreshes(replay_seconds=replay_seconds, kept=KeptAnswers(now=clock))
    return refreshes, clock


async def test_every_refresh_asks_spotify():
    spotify, (refreshes, _) = Spotify(), shared()
    for _ in range(3):
        await refreshes.refresh(KEY, TOKEN, spotify.ask)

    assert spotify.asked == 3


@pytest.mark.parametrize(
    ("seconds", "asked"),
    [
        pytest.param(REPLAY_SECONDS - 0.1, 1, id="within"),
        pytest.param(REPLAY_SECONDS, 2, id="afterwards"),
    ],
)
async def test_a_replaced_token_keeps_its_answer_for_a_while(seconds, asked):
    spotify, (refreshes, clock) = Spotify(rotates_to="AQnew"), shared()
    first = await refreshes.refresh(KEY, TOKEN, spotify.ask)
    again = await refreshes.refresh(KEY, TOKEN, spotify.ask)
    clock.now += seconds
    await refreshes.refresh(KEY, TOKEN, spotify.ask)

    assert again is first
    assert spotify.asked == asked


async def test_replay_can_be_turned_off():
    spotify, (refreshes, _) = Spotify(rotates_to="AQnew"), shared(replay_seconds=0)
    for _ in range(2):
        await refreshes.refresh(KEY, TOKEN, spotify.ask)

    assert spotify.asked == 2


async def test_the_same_token_sent_again_is_no_rotation():
    spotify, (refreshes, _) = Spotify(rotates_to=TOKEN.reveal()), shared()
    for _ in range(2):
        await refreshes.refresh(KEY, TOKEN, spotify.ask)

    assert spotify.asked == 2


async def test_an_undelivered_answer_goes_once_to_the_next_asker():
    spotify, (refreshes, _) = Spotify(), shared()
    undelivered = await refreshes.refresh(KEY, TOKEN, spotify.ask)
    refreshes.undelivered(KEY, undelivered)
    answers = [await refreshes.refresh(KEY, TOKEN, spotify.ask) for _ in range(2)]

    assert answers[0] is undelivered
    assert answers[1] is not undelivered
    assert (spotify.asked, refreshes.replayed) == (2, 1)


async def test_an_answer_that_another_asker_got_is_not_undelivered():
    for first, then in (("undelivered", "delivered"), ("delivered", "undelivered")):
        spotify, (refreshes, _) = Spotify(), shared()
        answer = await refreshes.refresh(KEY, TOKEN, spotify.ask)
        getattr(refreshes, first)(KEY, answer)
        getattr(refreshes, then)(KEY, answer)
        await refreshes.refresh(KEY, TOKEN, spotify.ask)

        assert spotify.asked == 2


async def test_an_undelivered_answer_goes_to_nobody_after_half_a_minute():
    spotify, (refreshes, clock) = Spotify(), shared()
    refreshes.undelivered(KEY, await refreshes.refresh(KEY, TOKEN, spotify.ask))
    clock.now += UNDELIVERED_SECONDS
    await refreshes.refresh(KEY, TOKEN, spotify.ask)

    assert spotify.asked == 2


async def test_a_rotation_whose_asker_hung_up_is_still_there_for_all():
    spotify, (refreshes, _) = Spotify(rotates_to="AQnew"), shared()
    refreshes.undelivered(KEY, await refreshes.refresh(KEY, TOKEN, spotify.ask))
    for _ in range(3):
        await refreshes.refresh(KEY, TOKEN, spotify.ask)

    assert spotify.asked == 1


async def test_the_exchange_of_a_cancelled_asker_goes_on_and_the_next_one_gets_its_answer():
    spotify, (refreshes, _) = Spotify(), shared()
    go_on = asyncio.Event()

    async def slow():
        await go_on.wait()
        return await spotify.ask()

    gone = asyncio.create_task(refreshes.refresh(KEY, TOKEN, slow))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    go_on.set()
    while not spotify.asked:
        await asyncio.sleep(0)
    await refreshes.refresh(KEY, TOKEN, spotify.ask)

    assert spotify.asked == 1


async def test_an_error_is_not_remembered():
    spotify, (refreshes, _) = Spotify(), shared()

    async def fails():
        raise SpotifyFails(503, None)

    with pytest.raises(SpotifyFails):
        await refreshes.refresh(KEY, TOKEN, fails)
    await refreshes.refresh(KEY, TOKEN, spotify.ask)

    assert spotify.asked == 1


@given(st.lists(st.tuples(st.binary(max_size=2), st.integers(1, 50), st.booleans()), max_size=60))
def test_what_is_kept_is_bounded(steps):
    largest = 100
    kept = KeptAnswers(largest=largest)
    for key, size, is_for_one in steps:
        keep = kept.keep_for_one if is_for_one else kept.keep_for_all
        keep(key, Refreshed(TokenAnswer(None, False, "x" * size, None)), 60)

        assert kept._size == sum(one.refreshed.size for one in kept._kept.values()) <= largest
