"""Which faults wait for which requests, and how often they are played."""

from dataclasses import dataclass

from fake_spotify.faults import Fault
from fake_spotify.matching import ANY, Asked, Match


@dataclass(slots=True)
class Planned:
    """
    A fault that waits.

    Args:
        times: How often it is played; None is for ever.
        is_processed: Whether the request takes effect all the same.
    """

    id: int
    fault: Fault
    match: Match
    times: int | None
    is_processed: bool
    played: int = 0

    @property
    def is_spent(self) -> bool:
        """True once it was played as often as planned."""
        return self.times is not None and self.played >= self.times

    def is_for(self, asked: Asked) -> bool:
        """Tell whether it is for this request."""
        path_fits = self.match.path is not None or asked.path == self.fault.path
        return path_fits and self.match.fits(asked)


class FaultQueue:
    """Plays the first planned fault that is for a request; what was planned first goes first."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._count = 0

    def add(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        match: Match = ANY,
        is_processed: bool | None = None,
    ) -> Planned:
        """
        Plan *fault* for the next *times* requests that *match* picks; None is for ever.

        Without a path in *match* it is for the endpoint that such a fault is usually for. With
        *is_processed* true the request takes effect although its answer is lost.

        Raises:
            ValueError: If *match* needs to know the answer, *times* is below 1, or the fault needs
                an honest answer that there would not be.
        """
        if match.needs_answer:
            raise ValueError("a fault cannot be chosen by the answer that it replaces")
        if times is not None and times < 1:
            raise ValueError("times must be 1 or more, or None for ever")
        if is_processed is False and fault.is_processed:
            raise ValueError("this fault needs the honest answer, so the request is processed")
        self._count += 1
        effect = fault.is_processed if is_processed is None else is_processed
        planned = Planned(self._count, fault, match, times, effect)
        self._planned.append(planned)
        return planned

    def take(self, asked: Asked) -> Planned | None:
        """Give the fault to play for this request, and count it as played."""
        for planned in self._planned:
            if planned.is_for(asked):
                planned.played += 1
                if planned.is_spent:
                    self._planned.remove(planned)
                return planned
        return None

    def waiting(self) -> list[Planned]:
        """Give the faults that may still be played, in order."""
        return list(self._planned)

    def clear(self) -> None:
        """Plan nothing any more."""
        self._planned.clear()

    def complaints(self) -> list[str]:
        """Name the faults that were planned a number of times and were not reached."""
        return [
            f"planned {planned.fault!r} {planned.times} times, played it {planned.played}"
            for planned in self._planned
            if planned.times is not None
        ]
