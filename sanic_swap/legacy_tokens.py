"""Which tokens of other swap services open here, and what must be inside."""

import re
import time
from collections.abc import Callable, Mapping, Sequence

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.legacy_shapes import readings, shape_of
from sanic_swap.sealing import OpenedToken
from sanic_swap.secret import Secret

# From what a service handed out to what it had sealed; None if that cannot have been sealed
# so. Most of these services did not authenticate: look at what comes out.
Opener = Callable[[bytes], bytes | None]

# What a wrong secret or an altered token makes of it must not reach Spotify.
_REFRESH_TOKEN = re.compile(rb"[A-Za-z0-9_-]{20,2925}\Z")


class LegacyTokens:
    """
    Opens other services' tokens, told apart by their shape; never seals one.

    Args:
        openers: For each format that is wanted, one opener for each secret; of the
            others every token is refused.
        hold: Whether tokens are held back, because nobody has said which are wanted.
        closes_at: Unix seconds from which on none opens; None for never.
        reseal: Whether they are to come back sealed as ours.
        now: Unix seconds, for tests.
    """

    def __init__(
        self,
        openers: Mapping[str, Sequence[Opener]],
        *,
        hold: bool = False,
        closes_at: float | None = None,
        reseal: bool = True,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._openers = openers
        self._hold = hold
        self._closes_at = closes_at
        self._reseal = reseal
        self._now = now

    def open(self, as_sent: str) -> OpenedToken:
        """
        Return what is inside a token; when it was authorized, nobody knows.

        Args:
            as_sent: With the blanks around it.

        Raises:
            TokenRefused: If it does not open, or is no token of a service that is wanted.
            TokenHeld: If it looks like one, and nobody has said which are wanted.
        """
        if self._hold and (shape := shape_of(as_sent)):
            raise TokenHeld(
                f"a token that looks like one of another swap service ({shape}): LEGACY_TOKENS"
                " decides which are opened; none tells such users to log in again"
            )
        if self._closes_at is not None and self._now() >= self._closes_at:
            raise TokenRefused
        for name, sealed in readings(as_sent):
            for open_ in self._openers.get(name, ()):
                plain = open_(sealed)
                if plain is not None and _REFRESH_TOKEN.match(plain):
                    return OpenedToken(
                        Secret(plain.decode("ascii")),
                        sealed_at=0,
                        authorized_at=0,
                        key_id=None,
                        is_current=not self._reseal,
                        imported=name,
                    )
        raise TokenRefused
