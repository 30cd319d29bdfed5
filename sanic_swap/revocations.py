"""Remembers what Spotify refused, and holds back what is most likely not true."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from sanic_swap.errors import GrantRefused, RevocationDoubted
from sanic_swap.logs import log
from sanic_swap.revocation_guard import (
    COMPANY_SECONDS,
    LONGEST_SECONDS,
    Judgement,
    Refusal,
    Seen,
    Verdict,
    is_young,
    judge,
)

_MOST_REFUSALS = 100  # the guard looks at the last few
_MOST_BELIEVED = 10_000  # digests of 32 bytes
_POLL_SECONDS = 0.02
_WATCH_SECONDS = 1.0


class Revocations:
    """
    What is known about refused refreshes, and what follows from it.

    Args:
        timeout_seconds: The longest that a request may take, waiting for company included.
        clock: Seconds that only go forward.
        now: Unix seconds, for the age of grants.

    Attributes:
        held: How many refusals have been held back.
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
        self._refusals: OrderedDict[bytes, Refusal] = OrderedDict()
        self._believed: OrderedDict[bytes, None] = OrderedDict()
        self._successes = 0
        self._jumped_at: float | None = None
        self._is_watching = False
        self.held = 0

    @property
    def is_holding(self) -> bool:
        """Whether young grants' refusals are held back now."""
        return self._jumped_at is not None and self._clock() - self._jumped_at < LONGEST_SECONDS

    def succeeded(self) -> None:
        """Hear that a refresh succeeded."""
        self._successes += 1

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
        if await self._verdict(key, began) is Verdict.HOLD:
            self.held += 1
            raise RevocationDoubted
        self._believed[key] = None
        if len(self._believed) > _MOST_BELIEVED:
            self._believed.popitem(last=False)

    async def _verdict(self, key: bytes, began: float) -> Verdict:
        # An app that goes on asking with a token that is known to be dead says nothing new.
        if key in self._believed:
            return self._judge().verdict
        since = self._clock()
        left = began + self._timeout_seconds - since
        patience = min(COMPANY_SECONDS, self._timeout_seconds / 4, left)
        refusal = self._refusals[key] = Refusal(since, self._successes)
        self._refusals.move_to_end(key)
        if len(self._refusals) > _MOST_REFUSALS:
            self._refusals.popitem(last=False)
        while True:
            verdict = self._judge(refusal, self._clock() - since, patience).verdict
            if verdict is not Verdict.WAIT:
                return verdict
            await asyncio.sleep(_POLL_SECONDS)

    def _judge(
        self, refusal: Refusal | None = None, waited: float = 0.0, patience: float = 0.0
    ) -> Judgement:
        before = self._jumped_at
        judgement = judge(
            Seen(tuple(self._refusals.values()), self._successes),
            refusal,
            now=self._clock(),
            waited_seconds=waited,
            patience_seconds=patience,
            jumped_at=before,
        )
        self._jumped_at = judgement.jumped_at
        if before is None and self._jumped_at is not None:
            log.error(
                "Spotify refuses many young grants at once, which has happened in outages:"
                " their apps are told to try again later. If the grants really were revoked,"
                " REVOCATION_GUARD=off says so to them",
                extra={"fields": {"at_most_seconds": int(LONGEST_SECONDS)}},
            )
            if not self._is_watching:
                self._is_watching = True
                asyncio.get_running_loop().call_later(_WATCH_SECONDS, self._watch)
        return judgement

    def _watch(self) -> None:
        """Look once a second whether it is over, and say so."""
        if self._judge().verdict is Verdict.HOLD:
            asyncio.get_running_loop().call_later(_WATCH_SECONDS, self._watch)
            return
        self._is_watching = False
        log.warning(
            "refusals of young grants are believed again",
            extra={"fields": {"held_so_far": self.held}},
        )
