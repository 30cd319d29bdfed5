"""
Ways to misbehave for a request: small objects with names, the same in Python and over HTTP.

    Fault
    ├── Instead      another answer in Spotify's place      fault_answers
    ├── Variation    an honest answer of a rarer kind       fault_variations
    └── Performance  damage on the way                      fault_wires
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from fake_spotify.policy import Policy
from fake_spotify.replies import Reply


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for a while; infinity is until the client hangs up."""

    seconds: float


class Ending(Enum):
    """How a connection ends."""

    CLOSE = "close"
    RESET = "reset"


Step = bytes | Pause | Ending | Reply
"""
What happens on the wire: raw bytes, a pause, an end, or an ordinary answer.

Without an ordinary answer the connection is closed after the last step.
"""


class Fault:
    """
    A way to misbehave.

    `path` is the endpoint that it is for unless another is chosen. `is_processed` tells whether
    the request takes effect (a code is spent, a token is rotated) although the answer suffers.
    """

    path: ClassVar[str] = "/api/token"
    is_processed: ClassVar[bool] = True


class Instead(Fault, ABC):
    """Another answer in Spotify's place."""

    is_processed = False

    @abstractmethod
    def reply(self, now: float) -> Reply:
        """Give the answer; *now* is in Unix seconds."""


class Variation(Fault, ABC):
    """An honest answer, under another policy."""

    @abstractmethod
    def vary(self, policy: Policy) -> Policy:
        """Give the policy for this one answer."""


class Performance(Fault, ABC):
    """Damage on the way."""

    @abstractmethod
    def steps(self, honest: Reply) -> Iterator[Step]:
        """Tell what happens on the wire in place of *honest*."""
