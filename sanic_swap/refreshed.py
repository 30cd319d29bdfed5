"""One refresh's answer, in a form that several askers can share."""

from dataclasses import dataclass, field

from sanic_swap.secret import Secret
from sanic_swap.token_answer import TokenAnswer


@dataclass(slots=True)
class Refreshed:
    """
    What Spotify answered to a refresh token.

    Attributes:
        seals: The refresh token that apps get in place of their own, sealed once for all
            who know the same authorization time (in Unix seconds; a re-seal carries it on).
        is_delivered: Whether somebody who asked for it was still there to get it.
    """

    answer: TokenAnswer
    seals: dict[int, str] = field(default_factory=dict, repr=False)
    is_delivered: bool = False

    def replaces(self, refresh_token: Secret) -> bool:
        """Say whether Spotify rotated *refresh_token*, which may be dead from now on."""
        return self.answer.refresh_token not in (None, refresh_token)

    @property
    def size(self) -> int:
        """Roughly the characters that it holds."""
        return self.answer.size + sum(map(len, self.seals.values()))
