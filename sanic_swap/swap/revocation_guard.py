"""Decides whether to believe Spotify that a grant is revoked: one pure function.

In an outage Spotify once rejected the living grants of most users of a product, and the product
logged them out (metabrainz/listenbrainz-server#1921). On any other day a few refreshes in a
thousand are refused, each for a reason of its own. So the guard looks for many different grants
that are refused together, all of them too young to have expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

AUTHORIZATION_SECONDS = 180 * 86_400  # since July 2026 users' authorizations end after six months
LEAST_GRANTS = 5  # different ones; below that, each is a case of its own
WINDOW_SECONDS = 600.0  # older refusals have nothing to do with today's
BEGINS_AT = 1  # a spike begins with no more successes than refusals
ENDS_AT = 4  # it ends with more than four successes to a refusal
LONGEST_SECONDS = 7200.0  # then Spotify is believed, whatever it says
SUCCESS_MARGIN = 3  # so many more of the others succeeded than were refused: a single case
PEER_WAIT_SECONDS = 1.0  # how long the first ones wait to see whether others are refused too


class Verdict(Enum):
    """What becomes of a refusal."""

    BELIEVE = auto()
    WAIT = auto()
    HOLD = auto()


@dataclass(frozen=True, slots=True)
class RefusedGrant:
    """The latest refusal of one young grant.

    Attributes:
        moment: Seconds of any clock.
        successes: How many refreshes had succeeded before it, in all.
    """

    moment: float
    successes: int


def is_young(authorized_at: int, now: float) -> bool:
    """Say whether a grant is known to be too young to have expired (Unix seconds)."""
    return authorized_at > 0 and now - authorized_at < AUTHORIZATION_SECONDS


def judge(
    refusals: Sequence[RefusedGrant],
    successes: int,
    refusal: RefusedGrant | None = None,
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
        refusal: One of *refusals*. None only asks whether a spike is over.
        now: Seconds of the clock that the moments are from.
        patience_seconds: How long the refusal waits for others to be refused.
        spike_began_at: What the call before returned.

    Returns:
        The verdict, and when the spike began; None if there is none.
    """
    latest = refusals[-LEAST_GRANTS:]
    if len(latest) == LEAST_GRANTS and now - latest[0].moment < WINDOW_SECONDS:
        tolerated = LEAST_GRANTS * (BEGINS_AT if spike_began_at is None else ENDS_AT)
        if successes - latest[0].successes <= tolerated:
            spike_began_at = now if spike_began_at is None else spike_began_at
            is_bounded = now - spike_began_at < LONGEST_SECONDS
            return (Verdict.HOLD if is_bounded else Verdict.BELIEVE), spike_began_at
    if refusal is None or now - refusal.moment >= patience_seconds:
        return Verdict.BELIEVE, None
    later = sum(other.moment > refusal.moment for other in refusals)
    is_alone = successes - refusal.successes - later >= SUCCESS_MARGIN
    return (Verdict.BELIEVE if is_alone else Verdict.WAIT), None
