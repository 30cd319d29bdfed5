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

UNDELIVERED_SECONDS = 30.0
Ask = Callable[[], Coroutine[Any, Any, Refreshed]]


class SharedRefreshes:
    """
    Refreshes of this process.

    Args:
        replay_seconds: How long a replaced refresh token keeps getting the same answer.

    Attributes:
        coalesced: Askers who shared an answer that was under way.
        replayed: Askers who got the answer of an earlier rotation, or one undelivered.
    """

    def __init__(self, *, replay_seconds: float, kept: KeptAnswers | None = None) -> None:
        self._replay_seconds = replay_seconds
        self._kept = kept or KeptAnswers()
        self._flights: SingleFlight[Refreshed] = SingleFlight()
        self.replayed = 0

    @property
    def coalesced(self) -> int:
        """Askers who shared an answer that was under way."""
        return self._flights.joined

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

    async def close(self) -> None:
        """End what nobody waits for any more."""
        await self._flights.close()

    async def _ask(self, key: bytes, refresh_token: Secret, ask: Ask) -> Refreshed:
        refreshed = await ask()
        if self._replay_seconds and refreshed.replaces(refresh_token):
            self._kept.keep_for_all(key, refreshed, self._replay_seconds)
        return refreshed

    def _keep_landed(self, key: bytes, flight: asyncio.Task[Refreshed]) -> None:
        if not flight.cancelled() and flight.exception() is None:
            self.undelivered(key, flight.result())
