"""How often something may happen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """So many requests in so many seconds; the shorter window sorts first."""

    seconds: int
    requests: int
