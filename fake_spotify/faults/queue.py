"""What a fault is, and which planned fault each request gets."""

from dataclasses import dataclass
from typing import ClassVar

from fake_spotify.choices import ChoiceError
from fake_spotify.matching import ANY, Match, Request

FOREVER = "forever"
LONGEST_SECONDS = 600.0


def check_wait(name: str, seconds: float) -> float:
    """Return *seconds*; a ChoiceError if negative, or longer than ten minutes."""
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise ChoiceError(name, f"must be from 0 to {LONGEST_SECONDS:.0f}, which is ten minutes")
    return seconds


def read_times(value: object) -> int | None:
    """Read a number, or None or "forever", which is None; a ChoiceError if it is neither."""
    if value is None or value == FOREVER:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ChoiceError("times", f'must be a number from 1, or "{FOREVER}"')
    return value


@dataclass(frozen=True)
class Fault:
    """A way to misbehave for one request."""

    path: ClassVar[str] = "/api/token"  # the endpoint that it is for unless a match names another
    # Whether the request takes effect (a code is spent, a token rotated) although its answer
    # suffers.
    is_processed: ClassVar[bool] = True


@dataclass(slots=True)
class Planned:
    """A fault that waits for a request."""

    id: int
    fault: Fault
    match: Match
    times: int | None  # None is for ever
    is_processed: bool
    played: int = 0


class FaultQueue:
    """The planned faults; a request gets the first one that is for it."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._count = 0
        self.changes = 0

    def add(
        self,
        fault: Fault,
        *,
        times: int | str | None = 1,
        match: Match = ANY,
        is_processed: bool | None = None,
    ) -> Planned:
        """Plan *fault* as `App.fault` says; a ValueError if an argument does not fit."""
        if match.needs_answer:
            raise ValueError("a fault cannot be chosen by the answer that it replaces")
        if is_processed is False and fault.is_processed:
            raise ValueError("this fault needs the normal answer, so the request is processed")
        self._count += 1
        self.changes += 1
        takes_effect = fault.is_processed if is_processed is None else is_processed
        planned = Planned(self._count, fault, match, read_times(times), takes_effect)
        self._planned.append(planned)
        return planned

    def take(self, request: Request) -> Planned | None:
        """Return the fault to play for *request*, counted as played."""
        for planned in self._planned:
            has_path = planned.match.path is not None or request.path == planned.fault.path
            if has_path and planned.match.fits(request):
                planned.played += 1
                self.changes += 1
                if planned.played == planned.times:
                    self._planned.remove(planned)
                return planned
        return None

    def waiting(self) -> list[Planned]:
        """Return the faults that may still be played, in order."""
        return list(self._planned)

    def clear(self) -> None:
        self._planned.clear()
        self.changes += 1

    def drop(self, fault_id: int) -> bool:
        """Drop one planned fault; False if it is no longer there."""
        kept = [planned for planned in self._planned if planned.id != fault_id]
        is_known = len(kept) < len(self._planned)
        self._planned = kept
        self.changes += 1
        return is_known

    def complaints(self) -> list[str]:
        return [
            f"planned {planned.fault!r} {planned.times} times, played it {planned.played}"
            for planned in self._planned
            if planned.times is not None
        ]
