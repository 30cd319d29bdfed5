"""Decides whether to believe Spotify that a grant is revoked.

In an outage Spotify once rejected the living grants of most users of a product, and the product
logged them out (metabrainz/listenbrainz-server#1921). On any other day a few refreshes in a
thousand are refused, each for a reason of its own. So the guard looks for many different grants
that are refused together, all of them too young to have expired.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from sanic_swap.errors import GrantRefused, RevocationDoubted
from sanic_swap.logs import log

AUTHORIZATION_SECONDS = 180 * 86_400  # since July 2026 users' authorizations end after six months
LEAST_GRANTS = 5  # different ones; below that, each is a case of its own
WINDOW_SECONDS = 600.0  # older refusals have nothing to do with today's
BEGINS_AT = 1  # a spike begins with no more successes than refusals
ENDS_AT = 4  # it ends with more than four successes to a refusal
LONGEST_SECONDS = 7200.0  # then Spotify is believed, whatever it says
SUCCESS_MARGIN = 3  # so many more of the others succeeded than were refused: a single case
PEER_WAIT_SECONDS = 1.0  # how long the first ones wait to see whether others are refused too
_MOST_REFUSALS = 100  # the guard looks at the last few
_MOST_BELIEVED = 10_000  # digests of 32 bytes
_POLL_SECONDS = 0.05
_WATCH_SECONDS = 1.0

Verdict = Literal["believe", "wait", "hold"]


class RefusedGrant(NamedTuple):
    """The latest refusal of one young grant."""

    moment: float  # seconds of any clock
    successes: int  # how many refreshes had succeeded before it, in all


def judge(
    refusals: Sequence[RefusedGrant],
    successes: int,
    refusal: RefusedGrant,
    *,
    now: float,
    patience_seconds: float = PEER_WAIT_SECONDS,
    spike_began_at: float | None = None,
) -> tuple[Verdict, float | None]:
    """Judge the *refusal* of a young grant by what became of the others.

    It is a spike when the last `LEAST_GRANTS` grants were refused within the window while
    hardly any refresh succeeded. Then a refusal is held, but no longer than `LONGEST_SECONDS`
    from the beginning of the spike, as everybody may indeed have been revoked. Otherwise it
    is believed as soon as enough others succeed, or when its wait is over.

    Args:
        refusals: One for each young grant, in the order of time; the last hundred are enough.
        successes: How many refreshes have succeeded, in all.
        now: Seconds of the clock that the moments are from.
        patience_seconds: How long the refusal waits for others to be refused.
        spike_began_at: What the call before returned beside its verdict; None without a spike.
    """
    latest = refusals[-LEAST_GRANTS:]
    if len(latest) == LEAST_GRANTS and now - latest[0].moment < WINDOW_SECONDS:
        tolerated = LEAST_GRANTS * (BEGINS_AT if spike_began_at is None else ENDS_AT)
        if successes - latest[0].successes <= tolerated:
            spike_began_at = now if spike_began_at is None else spike_began_at
            is_bounded = now - spike_began_at < LONGEST_SECONDS
            return "hold" if is_bounded else "believe", spike_began_at
    later = sum(other.moment > refusal.moment for other in refusals)
    is_alone = successes - refusal.successes - later >= SUCCESS_MARGIN
    is_decided = is_alone or now - refusal.moment >= patience_seconds
    return "believe" if is_decided else "wait", None


class Revocations:
    """Which grants this process saw refused, and whether Spotify is believed about them.

    Args:
        timeout_seconds: The longest that a request may take, waiting for others included.
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
        self.held = 0  # refusals, so far
        self.is_holding = False  # whether refusals are held back now

    def succeeded(self) -> None:
        """Count a refresh that succeeded."""
        self._successes += 1

    async def check(
        self, digest: bytes, authorized_at: int, refusal: GrantRefused, *, began: float
    ) -> None:
        """Return if *refusal* is to be believed; raise RevocationDoubted if it is held back.

        Args:
            digest: Of the refresh token.
            authorized_at: Unix seconds; of 0, an unknown age, every refusal is believed.
            began: When the request began, by the clock.
        """
        is_young = self._now() - authorized_at < AUTHORIZATION_SECONDS
        if refusal.error != "invalid_grant" or not is_young:
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
        while self._judge(refusal, patience) == "wait":  # noqa: ASYNC110 - time decides, too
            await asyncio.sleep(_POLL_SECONDS)
        if self.is_holding and self._watch is None:
            log.error(
                "Revocation guard active: Spotify rejected the last %d grants. Apps get 503 instead"
                " of invalid_grant for at most %d s. If the grants were revoked on purpose, set"
                " REVOCATION_GUARD=off and restart",
                LEAST_GRANTS,
                LONGEST_SECONDS,
            )
            self._watch = asyncio.create_task(self._watch_end_of_spike(refusal))

    def _judge(self, refusal: RefusedGrant, patience_seconds: float) -> Verdict:
        verdict, self._spike_began_at = judge(
            tuple(self._refusals.values()),
            self._successes,
            refusal,
            now=self._clock(),
            patience_seconds=patience_seconds,
            spike_began_at=self._spike_began_at,
        )
        self.is_holding = verdict == "hold"
        return verdict

    async def _watch_end_of_spike(self, refusal: RefusedGrant) -> None:
        while self.is_holding:
            await asyncio.sleep(_WATCH_SECONDS)
            self._judge(refusal, 0.0)
        self._watch = None
        log.warning(
            "Revocation guard inactive; invalid_grant is passed on again",
            extra={"fields": {"held_so_far": self.held}},
        )
