"""Remembers what Spotify refused, and holds back what is most likely not true."""

import asyncio
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sanic_swap.errors import GrantRefused, RevocationDoubted, StoreLost
from sanic_swap.logs import log
from sanic_swap.revocation_guard import (
    COMPANY_SECONDS,
    LONGEST_SECONDS,
    Refusal,
    Seen,
    Verdict,
    is_young,
    judge,
)

if TYPE_CHECKING:
    from sanic_swap.redis_store import RedisStore

_MOST_REFUSALS = 100  # the guard looks at the last few
_MOST_BELIEVED = 10_000  # digests of 32 bytes
_POLL_SECONDS = 0.05
_WATCH_SECONDS = 1.0


class _Jump:
    """Whether too many are refused by one view of it, and since when."""

    def __init__(self) -> None:
        self.is_holding = False
        self._began_at: float | None = None

    def judge(self, seen: Seen, refusal: Refusal | None = None, **more: Any) -> Verdict:  # noqa: ANN401 - as `judge` has them
        judgement = judge(seen, refusal, jumped_at=self._began_at, **more)
        self._began_at = judgement.jumped_at
        self.is_holding = judgement.verdict is Verdict.HOLD
        return judgement.verdict


class Revocations:
    """
    What is known about refused refreshes, and what follows from it.

    Args:
        timeout_seconds: The longest that a request may take, waiting for company included.
        everywhere: Where other machines tell what they have seen; None if there are none.
        clock: Seconds that only go forward.
        now: Unix seconds, for the age of grants.

    Attributes:
        held: How many refusals have been held back.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float,
        everywhere: "RedisStore | None" = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._everywhere = everywhere
        self._clock = clock
        self._now = now
        self._refusals: OrderedDict[bytes, Refusal] = OrderedDict()
        self._believed: OrderedDict[bytes, None] = OrderedDict()
        self._successes = 0
        self._here, self._anywhere = _Jump(), _Jump()
        self._watch: asyncio.Task[None] | None = None
        self.held = 0

    @property
    def is_holding(self) -> bool:
        """Whether young grants' refusals are held back now."""
        return self._here.is_holding or self._anywhere.is_holding

    def succeeded(self) -> None:
        """Hear that a refresh succeeded."""
        self._successes += 1
        if self._everywhere is not None:
            self._everywhere.succeeded()

    async def check(
        self, key: bytes, authorized_at: int, refusal: GrantRefused, *, began: float
    ) -> None:
        """
        Return if *refusal* is to be believed.

        Args:
            key: The digest of the refresh token that was refused.
            began: When the request began, by the clock.

        Raises:
            RevocationDoubted: If it is held back.
        """
        if refusal.error != "invalid_grant" or not is_young(authorized_at, self._now()):
            return
        if await self._is_held(key, began):
            self.held += 1
            raise RevocationDoubted
        self._believed[key] = None
        if len(self._believed) > _MOST_BELIEVED:
            self._believed.popitem(last=False)

    async def close(self) -> None:
        """End the watch over a jump."""
        if self._watch is not None:
            self._watch.cancel()

    async def _is_held(self, key: bytes, began: float) -> bool:
        # An app that goes on asking with a token that is known to be dead says nothing new.
        if key in self._believed:
            return self.is_holding
        since = self._clock()
        left = began + self._timeout_seconds - since
        patience = min(COMPANY_SECONDS, self._timeout_seconds / 4, left)
        refusal = self._refusals[key] = Refusal(since, self._successes)
        self._refusals.move_to_end(key)
        if len(self._refusals) > _MOST_REFUSALS:
            self._refusals.popitem(last=False)
        await self._look_anywhere(urlsafe_b64encode(key).decode())
        while True:
            verdict = self._here.judge(
                self._seen_here(),
                refusal,
                now=self._clock(),
                waited_seconds=self._clock() - since,
                patience_seconds=patience,
            )
            if self.is_holding or verdict is not Verdict.WAIT:
                self._tell_if_it_begins()
                return self.is_holding
            await asyncio.sleep(_POLL_SECONDS)
            await self._look_anywhere()

    def _seen_here(self) -> Seen:
        return Seen(tuple(self._refusals.values()), self._successes)

    async def _look_anywhere(self, refused: str = "") -> None:
        """Judge by what all machines have seen; tell them of a grant that was *refused*."""
        if self._everywhere is None:
            return
        try:
            seen, now = await self._everywhere.seen(refused)
        except StoreLost:
            self._anywhere = _Jump()
        else:
            self._anywhere.judge(seen, now=now)

    def _tell_if_it_begins(self) -> None:
        if not self.is_holding or self._watch is not None:
            return
        log.error(
            "Spotify refuses many young grants at once, which has happened in outages: their apps"
            " are told to try again later. If the grants really were revoked,"
            " REVOCATION_GUARD=off says so to them",
            extra={"fields": {"at_most_seconds": int(LONGEST_SECONDS)}},
        )
        self._watch = asyncio.create_task(self._watch_its_end())

    async def _watch_its_end(self) -> None:
        while self.is_holding:
            await asyncio.sleep(_WATCH_SECONDS)
            self._here.judge(self._seen_here(), now=self._clock())
            await self._look_anywhere()
        self._watch = None
        log.warning(
            "refusals of young grants are believed again",
            extra={"fields": {"held_so_far": self.held}},
        )
