"""Which seal goes out after a refresh that several requests share."""

import asyncio

import pytest

from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import GrantIds, SealingContext, root_key
from sanic_swap.sealing.legacy import LegacyTokens
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import TokenAnswer
from sanic_swap.swap.token_swap import RefreshRequest, TokenSwap
from sanic_swap.trace import RequestTrace

CONTEXT = SealingContext("app", "https://accounts.spotify.com")
OLD, NEW = root_key("1" * 64), root_key("2" * 64)
KEYS = KeyRing([NEW, OLD], CONTEXT)
PLAIN, ROTATED = Secret("AQplain"), Secret("AQrotated")
MONDAY, TUESDAY = 1_795_040_626, 1_795_127_026


class Spotify:
    """Answers every refresh alike, and with *refresh_token* if there is one."""

    def __init__(self, refresh_token):
        self.calls = 0
        self.refresh_token = refresh_token

    async def refresh(self, *_):
        self.calls += 1
        await asyncio.sleep(0)
        return TokenAnswer(self.refresh_token, (), '{"refresh_token":', "")


def sealed_by(key, authorized_at):
    return KeyRing([key], CONTEXT).seal(PLAIN, authorized_at)


async def answers_to(spotify, *sealed):
    """Refresh all of them at once, and return the sealed tokens that come back."""
    legacy, grant_ids = LegacyTokens({}), GrantIds(Secret("client secret"))
    swap = TokenSwap(spotify, KEYS, grant_ids, legacy, replay_seconds=0)
    traces = [RequestTrace() for _ in sealed]
    requests = [RefreshRequest(Secret(one), Secret(one)) for one in sealed]
    bodies = await asyncio.gather(*map(swap.refresh, requests, traces))
    assert spotify.calls == 1
    return [body.decode().split('"')[3] for body in bodies], traces


@pytest.mark.parametrize("first", [0, 1], ids=["the newer one first", "the older one first"])
async def test_without_a_rotation_a_current_seal_stays_and_an_older_one_is_replaced(first):
    current, older = sealed_by(NEW, MONDAY), sealed_by(OLD, MONDAY)
    order = [current, older][:: -1 if first else 1]

    answers, traces = await answers_to(Spotify(None), *order, older)
    by_token = dict(zip([*order, older], answers, strict=True))

    assert by_token[current] == current
    assert by_token[older] not in (current, older)
    opened = KEYS.open(by_token[older])
    assert (opened.refresh_token, opened.authorized_at) == (PLAIN, MONDAY)
    assert opened.is_current
    assert {trace.rotated_to for trace in traces} == {None}


async def test_the_same_token_sent_again_is_no_rotation():
    current = sealed_by(NEW, MONDAY)
    answers, traces = await answers_to(Spotify(PLAIN), current)

    assert answers == [current]
    assert traces[0].rotated_to is None


async def test_after_a_rotation_equal_tokens_get_one_seal():
    answers, traces = await answers_to(Spotify(ROTATED), *[sealed_by(NEW, MONDAY)] * 3)

    assert len(set(answers)) == 1
    assert KEYS.open(answers[0]).refresh_token == ROTATED
    assert None not in {trace.rotated_to for trace in traces}


async def test_a_seal_carries_on_when_its_own_user_authorized():
    moments = [MONDAY, TUESDAY, 0]
    tokens = [sealed_by(NEW, moment) for moment in moments]
    answers, _ = await answers_to(Spotify(ROTATED), *tokens)

    opened = [KEYS.open(answer) for answer in answers]
    assert [(one.refresh_token, one.authorized_at) for one in opened] == [
        (ROTATED, moment) for moment in moments
    ]
