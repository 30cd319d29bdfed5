"""Which refreshes call Spotify, and which share the answer of another.

Every refresh brings a new access token, with two exceptions: equal refreshes under way
share one answer, and a token that a rotation replaced keeps getting that rotation's answer
for a while.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from sanic_swap.sealing.key_ring import OpenedToken
from sanic_swap.spotify.answer import TokenAnswer
from sanic_swap.trace import RequestTrace

LARGEST = 32 * 1024 * 1024  # characters of all kept answers together; the oldest go first


@dataclass(slots=True, repr=False, eq=False)
class Refreshed:
    """What Spotify answered to a refresh token; several requests can share it."""

    answer: TokenAnswer
    sealed: str | None  # replaces the refresh token that came in; None if that one stays
    authorized_at: int  # what is sealed with it, in Unix seconds
    is_rotation: bool  # whether Spotify replaced the refresh token, which may be revoked by now

    @property
    def size(self) -> int:
        """Roughly the characters that it holds."""
        return len(self.answer.before) + len(self.answer.after or "") + len(self.sealed or "")


# The digest of the refresh token, the token itself, and the request that is served.
CallSpotify = Callable[[bytes, OpenedToken, RequestTrace], Awaitable[Refreshed]]


class OtherMachines(Protocol):
    """Shares refreshes with other machines; *joined* counts those that used another's answer."""

    joined: int

    async def refresh(
        self, call: CallSpotify, digest: bytes, opened: OpenedToken, trace: RequestTrace
    ) -> Refreshed:
        """Return what *call* returns, here or on another machine."""


class SharedRefreshes:
    """This process's refreshes; an answer to a replaced token is replayed for *replay_seconds*."""

    def __init__(
        self,
        call: CallSpotify,
        *,
        replay_seconds: float,
        other_machines: OtherMachines | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._call = call
        self._rotations = Rotations(replay_seconds, clock)
        self._other_machines = other_machines
        # The one strong reference: the event loop itself holds tasks weakly.
        self._flights: dict[bytes, asyncio.Task[Refreshed]] = {}
        self._joined = 0
        self.replayed = 0  # refreshes that got the answer of an earlier rotation

    @property
    def coalesced(self) -> int:
        """Refreshes that shared an answer that was under way."""
        return self._joined + (self._other_machines.joined if self._other_machines else 0)

    async def refresh(self, digest: bytes, opened: OpenedToken, trace: RequestTrace) -> Refreshed:
        """Return what Spotify answers to *opened*, whose refresh token has this *digest*.

        The call has a task of its own: a client that hangs up neither takes the others'
        answer away nor loses a rotation. Its SpotifyError is raised to all who waited for it.
        """
        if (kept := self._rotations.get(digest)) is not None:
            self.replayed += 1
            return kept
        if (flight := self._flights.get(digest)) is None:
            flight = asyncio.create_task(self._fly(digest, opened, trace))
            # Or asyncio would log the error of a flight that nobody waits for any more.
            flight.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._flights[digest] = flight
        else:
            self._joined += 1
        return await asyncio.shield(flight)

    async def close(self) -> None:
        """Wait for the calls under way; each has a deadline of its own."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    async def _fly(self, digest: bytes, opened: OpenedToken, trace: RequestTrace) -> Refreshed:
        try:
            if self._other_machines is None:
                return await self._call_and_keep(digest, opened, trace)
            return await self._other_machines.refresh(self._call_and_keep, digest, opened, trace)
        finally:
            del self._flights[digest]

    async def _call_and_keep(
        self, digest: bytes, opened: OpenedToken, trace: RequestTrace
    ) -> Refreshed:
        refreshed = await self._call(digest, opened, trace)
        if refreshed.is_rotation:
            self._rotations.keep(digest, refreshed)
        return refreshed


class Rotations:
    """Rotations' answers, each kept for *seconds*, of *largest* characters together."""

    def __init__(
        self, seconds: float, clock: Callable[[], float], *, largest: int = LARGEST
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._largest = largest
        # With the moment at which it ends, the oldest first. A plain dict finds its oldest key
        # ever more slowly.
        self._kept: OrderedDict[bytes, tuple[Refreshed, float]] = OrderedDict()
        self.size = 0

    def get(self, digest: bytes) -> Refreshed | None:
        """Return the answer that is kept for *digest*, if there is one."""
        refreshed, until = self._kept.get(digest, (None, 0.0))
        return refreshed if self._clock() < until else None

    def keep(self, digest: bytes, refreshed: Refreshed) -> None:
        """Keep *refreshed*, and drop what is over or too much."""
        now = self._clock()
        if digest in self._kept:
            self.size -= self._kept.pop(digest)[0].size
        self._kept[digest] = refreshed, now + self._seconds
        self.size += refreshed.size
        while self._kept:
            oldest, until = next(iter(self._kept.values()))
            if self.size <= self._largest and now < until:
                return
            self._kept.popitem(last=False)
            self.size -= oldest.size
