"""So many requests at once and no more; and refusing does not hold up those inside."""

import asyncio

import pytest

from sanic_swap.errors import TooBusy
from sanic_swap.in_flight import InFlight


def test_it_lets_in_as_many_as_allowed():
    gate = InFlight(2)

    with gate, gate:
        assert gate.is_full
        with pytest.raises(TooBusy), gate:
            pass
    assert not gate.is_full


async def test_between_a_few_turns_of_those_outside_everybody_else_has_one():
    gate = InFlight(1)
    had: list[str] = []

    async def outsider():
        await gate.turn()
        had.append("outside")

    async def insider():
        while had.count("outside") < 100:
            had.append("inside")
            await asyncio.sleep(0)

    await asyncio.gather(*(outsider() for _ in range(100)), insider())

    turns = "".join(who[0] for who in had).split("i")
    assert max(map(len, turns)) <= 4


async def test_who_has_gone_while_waiting_takes_no_turn():
    gate = InFlight(1)
    waiting = [asyncio.ensure_future(gate.turn()) for _ in range(20)]
    await asyncio.sleep(0)
    for one in waiting[:10]:
        one.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting[10:])

    assert [one.cancelled() for one in waiting] == [True] * 10 + [False] * 10
