"""A turn is given up in time, whatever the store does."""

import asyncio
from typing import Any

import pytest

from sanic_swap.errors import SpotifyTooSlow
from sanic_swap.key_ring import SealingContext
from sanic_swap.keys import root_key
from sanic_swap.refreshed import Refreshed
from sanic_swap.store import Turn
from sanic_swap.store_flights import StoreFlights
from sanic_swap.store_sealing import StoreSealer

TIMEOUT_SECONDS = 0.1
KEY = bytes(32)


class StalledStore:
    """Gives a turn, and then takes for ever."""

    async def begin(self, *_: str) -> tuple[Turn, bytes]:
        return Turn.MINE, b""

    async def finish(self, *_: Any, **__: Any) -> None:
        await asyncio.Event().wait()


async def never() -> Refreshed:
    await asyncio.Event().wait()
    raise AssertionError


def test_a_store_that_stalls_does_not_hold_up_an_answer_beyond_the_deadline() -> None:
    sealer = StoreSealer(root_key("1" * 64), SealingContext("id", "https://accounts.example"))
    flights = StoreFlights(StalledStore(), sealer, timeout_seconds=TIMEOUT_SECONDS)  # type: ignore[arg-type]  # a store as far as is asked of it

    async def refresh() -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS + 1):
            await flights.refresh(KEY, never, lambda _: 0.0)

    with pytest.raises(SpotifyTooSlow):
        asyncio.run(refresh())
