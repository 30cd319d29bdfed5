"""Whether Spotify is believed when it says that a grant is dead: one pure function.

Spotify has once told most users of a product, in an outage, that their living tokens were
dead, and the product logged them out (metabrainz/listenbrainz-server#1921). On any other
day some refreshes in a thousand are refused, each for a reason of its own. So what is
looked for is many different grants refused together, all of them too young to have died
of age.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

YOUNG_SECONDS = 180 * 86_400  # refresh tokens live six months from the user's authorization
LEAST_GRANTS = 5  # different ones; below that, each is a case of its own
WINDOW_SECONDS = 600.0  # older refusals have nothing to do with today's
BEGINS_AT = 1  # as many successes as refusals: no more, and it is a jump
ENDS_AT = 4  # four successes to a refusal: more, and it is over
LONGEST_SECONDS = 7200.0  # then Spotify is believed, whatever it says
LEAD = 3  # so many more of the others succeeded: a single case
COMPANY_SECONDS = 1.0  # how long the first ones wait to see whether they stay alone


class Verdict(Enum):
    """What becomes of a refusal."""

    BELIEVE = auto()
    WAIT = auto()
    HOLD = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    The latest refusal of one young grant.

    Attributes:
        moment: Seconds of any clock.
        successes: How many refreshes had succeeded before it, in all.
    """

    moment: float
    successes: int


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What a service, or all machines of one, have seen of Spotify.

    Attributes:
        refusals: One for each young grant, in the order of time; the last hundred will do.
        successes: How many refreshes have succeeded, in all.
    """

    refusals: Sequence[Refusal]
    successes: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    A verdict, and what has to be remembered for the next.

    Attributes:
        jumped_at: Since when refusals have been too many to be true; None if they are not.
    """

    verdict: Verdict
    jumped_at: float | None


def is_young(authorized_at: int, now: float) -> bool:
    """Say whether a grant is known to be too young to have died of age (Unix seconds)."""
    return authorized_at > 0 and now - authorized_at < YOUNG_SECONDS


def judge(
    seen: Seen,
    refusal: Refusal | None = None,
    *,
    now: float,
    waited_seconds: float = 0.0,
    patience_seconds: float = COMPANY_SECONDS,
    jumped_at: float | None = None,
) -> Judgement:
    """
    Judge the *refusal* of a young grant by what became of the others.

    It is a jump when the last `LEAST_GRANTS` grants were refused within the window while
    hardly anybody succeeded. Then a refusal is held; but no longer than `LONGEST_SECONDS`
    from the beginning of the jump, as everybody may indeed have been revoked. Otherwise it
    is believed as soon as others fare better, or when it has waited in vain for company.

    Args:
        seen: The refusal itself included.
        refusal: None only asks whether a jump is over.
        now: Seconds of the clock that the moments are from.
        waited_seconds: How long this refusal has been waiting for company.
        jumped_at: What the judgement before said.
    """
    latest = seen.refusals[-LEAST_GRANTS:]
    is_jump = False
    if len(latest) == LEAST_GRANTS and now - latest[0].moment < WINDOW_SECONDS:
        tolerated = LEAST_GRANTS * (BEGINS_AT if jumped_at is None else ENDS_AT)
        is_jump = seen.successes - latest[0].successes <= tolerated
    if is_jump:
        jumped_at = now if jumped_at is None else jumped_at
        is_bounded = now - jumped_at < LONGEST_SECONDS
        return Judgement(Verdict.HOLD if is_bounded else Verdict.BELIEVE, jumped_at)
    if refusal is None or waited_seconds >= patience_seconds:
        return Judgement(Verdict.BELIEVE, None)
    later = sum(other.moment > refusal.moment for other in seen.refusals)
    is_alone = seen.successes - refusal.successes - later >= LEAD
    return Judgement(Verdict.BELIEVE if is_alone else Verdict.WAIT, None)
