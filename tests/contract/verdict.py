"""What was found about one service, and how it is kept as JSON."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .judging import CannotJudge

SEVERITIES = ("critical", "high", "medium", "low")
OUTCOMES = ("held", "broken", "meaningless", "not asked")


@dataclass(slots=True)
class Promise:
    """
    One promise of the contract, and how the service kept it.

    Args:
        outcome: One of `OUTCOMES`; meaningless is held by an endpoint that refused everything.
        curl: A line for a shell that shows it; empty if there is none.
        severity, harm, expected, source: How bad it is if broken, for whom, and who says so.
        change: FIXED or STILL, if it was asked again; else empty.
    """

    id: str
    group: str
    promise: str
    outcome: str
    seen: str
    curl: str
    severity: str
    harm: str
    expected: str
    source: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Everything about one service.

    Args:
        at: When, ISO 8601, UTC.
        fake: The command that starts the fake that the curl lines need.
        not_promised: Groups that were left out.
    """

    service: str
    profile: str
    at: str
    version: str
    fake: str
    not_promised: list[str]
    promises: list[Promise]

    def counts(self) -> Counter[str]:
        """Return how many promises went each way."""
        return Counter(each.outcome for each in self.promises)

    @property
    def summary(self) -> str:
        """One sentence: how many promises were held and broken."""
        counts = self.counts()
        words = f"{counts['held']} of {len(self.promises)} promises held"
        others = [f", {counts[name]} {name}" for name in OUTCOMES[1:] if counts[name]]
        return words + "".join(others)

    @property
    def exit_code(self) -> int:
        """0 if all held, else 1."""
        return int(bool(self.of("broken") or self.of("meaningless")))

    def of(self, outcome: str) -> list[Promise]:
        """Return the promises that went so, in order."""
        return [each for each in self.promises if each.outcome == outcome]

    def broken(self) -> dict[tuple[str, str, str], list[Promise]]:
        """Return the broken promises by severity, group and harm, the worst first."""
        found: dict[tuple[str, str, str], list[Promise]] = {}
        for each in self.of("broken"):
            found.setdefault((each.severity, each.group, each.harm), []).append(each)
        return dict(sorted(found.items(), key=lambda item: SEVERITIES.index(item[0][0])))

    def compared(self, old: "Verdict") -> "Verdict":
        """Return what was broken in *old*, each as FIXED or STILL."""
        was_broken = {each.id for each in old.of("broken")}
        again = [each for each in self.promises if each.id in was_broken]
        for each in again:
            each.change = "FIXED" if each.outcome == "held" else "STILL"
        return replace(self, promises=again)

    def as_json(self) -> str:
        """Return one JSON object."""
        return json.dumps({**asdict(self), "counts": self.counts()}, indent=1)


def read(path: Path) -> Verdict:
    """Return the report in *path*; raise CannotJudge if it is none."""
    try:
        members = json.loads(path.read_text())
        del members["counts"]
        members["promises"] = [Promise(**each) for each in members["promises"]]
        return Verdict(**members)
    except OSError as error:
        raise CannotJudge(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise CannotJudge(f"{path} is not a JSON report of `sanic-swap judge`") from None
