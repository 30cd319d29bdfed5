"""Which refreshes ask Spotify, and which share the answer of another.

Every refresh brings a new access token, but for three cases: equal refreshes under way
share one answer; an answer whose asker hung up goes once to the next asker; and a token
that a rotation replaced keeps getting that rotation's answer for a while.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from sanic_swap.kept_answers import KeptAnswers
from sanic_swap.refreshed import Refreshed
from sanic_swap.secret import Secret
from sanic_swap.single_flight import SingleFlight
from sanic_swap.store_flights import StoreFlights

UNDELIVERED_SECONDS = 30.0
_SETTLING_SECONDS = 0.05  # in which others who waited for an answer come to get it
Ask = Callable[[], Coroutine[Any, Any, Refreshed]]


class SharedRefreshes:
    """
    Refreshes of this process.

    Args:
        replay_seconds: How long a replaced refresh token keeps getting the same answer.
        everywhere: Shares with other machines; None if there are none.

    Attributes:
        coalesced: Askers who shared an answer that was under way.
        replayed: Askers who got the answer of an earlier rotation, or one undelivered.
    """

    def __init__(
        self,
        *,
        replay_seconds: float,
        everywhere: StoreFlights | None = None,
        kept: KeptAnswers | None = None,
    ) -> None:
        self._replay_seconds = replay_seconds
        self._kept = kept or KeptAnswers()
        self._everywhere = everywhere
        self._flights: SingleFlight[Refreshed] = SingleFlight()
        self._handovers: set[asyncio.Task[None]] = set()
        self.replayed = 0

    @property
    def coalesced(self) -> int:
        """Askers who shared an answer that was under way."""
        return self._flights.joined + (self._everywhere.joined if self._everywhere else 0)

    async def refresh(self, key: bytes, refresh_token: Secret, ask: Ask) -> Refreshed:
        """
        Return what Spotify answers to *refresh_token*.

        Args:
            key: Its digest; equal tokens have equal ones.
            ask: Asks Spotify.

        Raises:
            SpotifyError: What *ask* raised, for everybody who waited for it.
        """
        kept = self._kept.take(key)
        if kept is not None:
            self.replayed += 1
            return kept
        flight = self._flights.join(key, lambda: self._ask(key, refresh_token, ask))
        try:
            return await asyncio.shield(flight)
        except asyncio.CancelledError:
            flight.add_done_callback(lambda flight: self._keep_landed(key, flight))
            raise

    def delivered(self, key: bytes, refreshed: Refreshed) -> None:
        """Hear that an asker was there to get *refreshed*."""
        refreshed.is_delivered = True
        self._kept.drop_for_one(key, refreshed)

    def undelivered(self, key: bytes, refreshed: Refreshed) -> None:
        """Give *refreshed*, whose asker has hung up, to the next one, unless somebody has it."""
        if not refreshed.is_delivered:
            self._kept.keep_for_one(key, refreshed, UNDELIVERED_SECONDS)
            if self._everywhere is not None:
                handover = asyncio.create_task(self._hand_over(key, refreshed, self._everywhere))
                self._handovers.add(handover)
                handover.add_done_callback(self._handovers.discard)

    async def close(self) -> None:
        """End what nobody waits for any more."""
        for handover in tuple(self._handovers):
            handover.cancel()
        await self._flights.close()

    async def _ask(self, key: bytes, refresh_token: Secret, ask: Ask) -> Refreshed:
        def replay_seconds(refreshed: Refreshed) -> float:
            return self._replay_seconds if refreshed.replaces(refresh_token) else 0.0

        async def ask_and_keep() -> Refreshed:
            refreshed = await ask()
            if seconds := replay_seconds(refreshed):
                self._kept.keep_for_all(key, refreshed, seconds)
            return refreshed

        if self._everywhere is None:
            return await ask_and_keep()
        return await self._everywhere.refresh(key, ask_and_keep, replay_seconds)

    async def _hand_over(self, key: bytes, refreshed: Refreshed, everywhere: StoreFlights) -> None:
        """Let the next asker of any machine have it, rather than the next of this one."""
        await asyncio.sleep(_SETTLING_SECONDS)
        if self._kept.drop_for_one(key, refreshed) and not await everywhere.keep_for_one(
            key, refreshed, UNDELIVERED_SECONDS
        ):
            self._kept.keep_for_one(key, refreshed, UNDELIVERED_SECONDS)

    def _keep_landed(self, key: bytes, flight: asyncio.Task[Refreshed]) -> None:
        if not flight.cancelled() and flight.exception() is None:
            self.undelivered(key, flight.result())
