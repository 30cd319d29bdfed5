"""Remembers which grants Spotify refused, and holds back refusals that are most likely false."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from sanic_swap.errors import GrantRefused, RevocationDoubted
from sanic_swap.logs import log
from sanic_swap.swap.revocation_guard import (
    LEAST_GRANTS,
    LONGEST_SECONDS,
    PEER_WAIT_SECONDS,
    RefusedGrant,
    Verdict,
    is_young,
    judge,
)

_MOST_REFUSALS = 100  # the guard looks at the last few
_MOST_BELIEVED = 10_000  # digests of 32 bytes
_POLL_SECONDS = 0.05
_WATCH_SECONDS = 1.0


class Revocations:
    """Which grants this process saw refused, and whether Spotify is believed about them.

    Args:
        timeout_seconds: The longest that a request may take, waiting for others included.
        clock: Seconds that only go forward.
        now: Unix seconds, for the age of grants.

    Attributes:
        held: How many refusals have been held back.
        is_holding: Whether refusals are held back now.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._now = now
        self._refusals: OrderedDict[bytes, RefusedGrant] = OrderedDict()
        self._believed: OrderedDict[bytes, None] = OrderedDict()
        self._successes = 0
        self._spike_began_at: float | None = None
        self._watch: asyncio.Task[None] | None = None
        self.held = 0
        self.is_holding = False

    def succeeded(self) -> None:
        """Count a refresh that succeeded."""
        self._successes += 1

    async def check(
        self, digest: bytes, authorized_at: int, refusal: GrantRefused, *, began: float
    ) -> None:
        """Return if *refusal* is to be believed.

        Args:
            digest: Of the refresh token.
            began: When the request began, by the clock.

        Raises:
            RevocationDoubted: If it is held back.
        """
        if refusal.error != "invalid_grant" or not is_young(authorized_at, self._now()):
            return
        # An app that goes on sending a token that is known to be dead is no news.
        if digest not in self._believed:
            await self._wait_for_verdict(digest, began)
        if self.is_holding:
            self.held += 1
            raise RevocationDoubted("Spotify refused one of many grants; held back by the guard")
        self._believed[digest] = None
        if len(self._believed) > _MOST_BELIEVED:
            self._believed.popitem(last=False)

    async def close(self) -> None:
        """End the watch over a spike."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])

    async def _wait_for_verdict(self, digest: bytes, began: float) -> None:
        now = self._clock()
        seconds_left = began + self._timeout_seconds - now
        patience = min(PEER_WAIT_SECONDS, self._timeout_seconds / 4, seconds_left)
        refusal = self._refusals[digest] = RefusedGrant(now, self._successes)
        self._refusals.move_to_end(digest)
        if len(self._refusals) > _MOST_REFUSALS:
            self._refusals.popitem(last=False)
        while self._judge(refusal, patience) is Verdict.WAIT:  # noqa: ASYNC110 - time decides, too
            await asyncio.sleep(_POLL_SECONDS)
        if self.is_holding and self._watch is None:
            log.error(
                "Revocation guard active: Spotify rejected the last %d grants. Apps get 503 instead"
                " of invalid_grant for at most %d s. If the grants were revoked on purpose, set"
                " REVOCATION_GUARD=off and restart",
                LEAST_GRANTS,
                LONGEST_SECONDS,
            )
            self._watch = asyncio.create_task(self._watch_end_of_spike())

    def _judge(self, refusal: RefusedGrant | None = None, patience_seconds: float = 0.0) -> Verdict:
        verdict, self._spike_began_at = judge(
            tuple(self._refusals.values()),
            self._successes,
            refusal,
            now=self._clock(),
            patience_seconds=patience_seconds,
            spike_began_at=self._spike_began_at,
        )
        self.is_holding = verdict is Verdict.HOLD
        return verdict

    async def _watch_end_of_spike(self) -> None:
        while self.is_holding:
            await asyncio.sleep(_WATCH_SECONDS)
            self._judge()
        self._watch = None
        log.warning(
            "Revocation guard inactive; invalid_grant is passed on again",
            extra={"fields": {"held_so_far": self.held}},
        )
