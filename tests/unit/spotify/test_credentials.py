"""Spotify is asked about our credentials once, and again only while it refuses them."""

import asyncio

import pytest

from sanic_swap.errors import CredentialsRefused
from sanic_swap.secret import Secret
from sanic_swap.spotify.accounts import SpotifyAccounts
from sanic_swap.spotify.credentials import Credentials
from sanic_swap.trace import RequestTrace
from tests.contract import patience
from tests.unit.spotify.test_endpoint import Upstream


def answer(status, body):
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


TAKEN = answer(200, '{"access_token":"a"}')
REFUSED = answer(400, '{"error":"invalid_client"}')


async def until(condition):
    async with asyncio.timeout(patience.seconds(10)):
        while not condition():
            await asyncio.sleep(0.01)


def accounts(upstream):
    url = f"http://127.0.0.1:{upstream.port}"
    return SpotifyAccounts(url, "app", Secret("canary-secret"), timeout_seconds=5)


def questions(upstream):
    return sum(map(len, upstream.connections))


@pytest.mark.parametrize(
    ("said", "word"),
    [
        pytest.param(TAKEN, "ok", id="taken"),
        pytest.param(answer(503, ""), "unknown", id="a server error"),
        pytest.param(answer(429, ""), "unknown", id="too many"),
        pytest.param(answer(200, "?"), "unknown", id="nonsense"),
    ],
)
async def test_what_is_not_refused_counts_as_good_and_is_not_asked_again(said, word):
    async with Upstream(said).listening() as upstream, accounts(upstream) as spotify:
        credentials, answered = Credentials(spotify, pause_seconds=0.01), asyncio.Event()
        async with credentials.watched(answered.set):
            assert not credentials.are_good
            await asyncio.wait_for(answered.wait(), patience.seconds(10))
            await asyncio.sleep(0.1)

            assert (credentials.are_good, credentials.word) == (True, word)
        assert (questions(upstream), spotify.breaker.is_open) == (1, False)


async def test_refused_ones_are_asked_about_until_they_are_taken(caplog):
    caplog.set_level("INFO")
    async with Upstream(REFUSED).listening() as upstream, accounts(upstream) as spotify:
        credentials = Credentials(spotify, pause_seconds=0.01)
        async with credentials.watched(lambda: None):
            await until(lambda: questions(upstream) > 3)
            assert (credentials.are_good, credentials.word) == (False, "refused")
            upstream.answer = answer(503, "")
            await until(lambda: "Cannot tell" in caplog.text)
            assert (credentials.are_good, credentials.word) == (False, "refused")
            upstream.answer = TAKEN
            await until(lambda: credentials.are_good)
            upstream.answer = REFUSED
            with pytest.raises(CredentialsRefused):
                await spotify.refresh(Secret("AQ"), RequestTrace())

            assert (credentials.are_good, credentials.word) == (True, "refused")
    assert caplog.text.count("Correct CLIENT_ID or CLIENT_SECRET and restart") == 1
    assert "Spotify takes our credentials again" in caplog.messages


async def test_leaving_awaits_the_end_of_the_question():
    async with Upstream(b"").listening() as upstream, accounts(upstream) as spotify:
        before = asyncio.all_tasks()
        async with Credentials(spotify).watched(lambda: None):
            await until(lambda: questions(upstream))
            (watch,) = (task for task in asyncio.all_tasks() - before if "_watch" in repr(task))

        assert watch.cancelled()
