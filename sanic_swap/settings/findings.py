"""What is found about the settings: by each start of the service, and by `check`."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """What a finding means, the worst first."""

    WRONG = "wrong"
    RISKY = "risky"
    NOT_KNOWN = "not known"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was found; it repeats no secret.

    Attributes:
        variable: The setting, several of them, or the file that they stand in; "" for all.
        at_start: Whether each start of the service logs it, not `check` alone.
    """

    level: Level
    variable: str
    text: str
    at_start: bool = False

    def __str__(self) -> str:
        return f"{self.variable}: {self.text}" if self.variable else self.text


def wrong(variable: str, text: str) -> Finding:
    """Return a finding for which the service does not start."""
    return Finding(Level.WRONG, variable, text)
