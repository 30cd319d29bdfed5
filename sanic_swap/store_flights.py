"""Joins equal refreshes of several machines: one asks Spotify, the others wait for it.

Whoever gets the turn holds a lock in the store: marked as its own, bounded, renewed while
Spotify is asked, and given up together with the outcome. The outcome is for those who
waited for just this turn; later askers take a turn of their own.
"""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Callable, Coroutine
from contextlib import suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from sanic_swap.errors import SpotifyTooSlow, StoreLost, SwapError
from sanic_swap.outcomes import UnknownOutcome, outcome_bytes, read_outcome
from sanic_swap.refreshed import Refreshed
from sanic_swap.store import Turn
from sanic_swap.store_sealing import StoreSealer

if TYPE_CHECKING:
    from sanic_swap.redis_store import RedisStore

_RESULT_SECONDS = 5.0  # in which those who wait fetch it
_POLL_SECONDS = 0.03
_RENEWAL_SECONDS = 0.5
_LAST_WORD_SECONDS = 0.05  # beyond the deadline, for a store that usually takes 0.001
Ask = Callable[[], Coroutine[Any, Any, Refreshed]]


class StoreFlights:
    """
    Refreshes of all machines that have this store.

    Args:
        timeout_seconds: The longest that a request may take, waiting for others included.

    Attributes:
        joined: How many askers got what another machine had asked for.
    """

    def __init__(self, store: "RedisStore", sealer: StoreSealer, *, timeout_seconds: float) -> None:
        self._store = store
        self._sealer = sealer
        self._timeout_seconds = timeout_seconds
        self.joined = 0

    async def refresh(
        self, key: bytes, ask: Ask, replay_seconds: Callable[[Refreshed], float]
    ) -> Refreshed:
        """
        Return what *ask* returns, here or on another machine.

        Args:
            key: The digest of the refresh token.
            replay_seconds: For how long an answer is everybody's.

        Raises:
            SwapError: What *ask* raised, here or there.
        """
        token = token_hex(16)
        is_mine = False
        outcome: Refreshed | SwapError | None = None
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds
        try:
            async with asyncio.timeout_at(deadline):
                try:
                    outcome = await self._wait_for_turn(key, token)
                except StoreLost:
                    return await ask()
                if outcome is None:
                    is_mine = True
                    outcome = await self._ask(key, token, ask)
        except TimeoutError:
            outcome = SpotifyTooSlow(f"no answer within {self._timeout_seconds:g} s")
        if is_mine:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline + _LAST_WORD_SECONDS):
                    await self._finish(key, token, outcome, replay_seconds)
        else:
            self.joined += 1
        if isinstance(outcome, SwapError):
            raise outcome
        return outcome

    async def keep_for_one(self, key: bytes, refreshed: Refreshed, seconds: float) -> bool:
        """Keep *refreshed* for the next who asks, wherever; False if the store is lost."""
        told = outcome_bytes(refreshed)
        if told is None:
            return False
        sealed = self._sealer.seal(key, told, seconds)
        try:
            await self._store.keep_for_one(_name(key), sealed, int(seconds * 1000))
        except StoreLost:
            return False
        return True

    async def _wait_for_turn(self, key: bytes, token: str) -> Refreshed | SwapError | None:
        """Return what another machine was told; None if it is this one's turn to ask."""
        awaited = ""
        while True:
            turn, value = await self._store.begin(_name(key), token, awaited)
            if turn is Turn.MINE:
                return None
            if turn is Turn.DONE:
                return self._read(key, value)
            awaited = value.decode()
            await asyncio.sleep(_POLL_SECONDS)

    def _read(self, key: bytes, sealed: bytes) -> Refreshed | SwapError:
        told = self._sealer.open(key, sealed)
        try:
            if told is not None:
                return read_outcome(told)
        except UnknownOutcome:
            pass  # another version of this service wrote it
        raise StoreLost  # for this one time: ask Spotify

    async def _ask(self, key: bytes, token: str, ask: Ask) -> Refreshed | SwapError:
        renewal = asyncio.create_task(self._keep_renewing(key, token))
        try:
            return await ask()
        except SwapError as error:
            return error
        finally:
            renewal.cancel()

    async def _keep_renewing(self, key: bytes, token: str) -> None:
        while True:
            await asyncio.sleep(_RENEWAL_SECONDS)
            with suppress(StoreLost):
                await self._store.renew(_name(key), token)

    async def _finish(
        self,
        key: bytes,
        token: str,
        outcome: Refreshed | SwapError,
        replay_seconds: Callable[[Refreshed], float],
    ) -> None:
        told = outcome_bytes(outcome)
        replay = replay_seconds(outcome) if isinstance(outcome, Refreshed) else 0.0
        sealed = self._sealer.seal(key, told, max(replay, _RESULT_SECONDS)) if told else b""
        with suppress(StoreLost):
            await self._store.finish(
                _name(key),
                token,
                sealed,
                result_ms=int(_RESULT_SECONDS * 1000),
                replay_ms=int(replay * 1000),
            )


def _name(key: bytes) -> str:
    return urlsafe_b64encode(key).decode()
