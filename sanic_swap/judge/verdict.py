"""What the judge found about one service, and how it is kept as JSON."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from pathlib import Path

SEVERITIES = {
    "critical": "secrets leave the service, or it does not do its job",
    "high": "users are logged out, or apps hang",
    "medium": "apps cannot react rightly",
    "low": "polish",
}
OUTCOMES = ("held", "broken", "meaningless", "not asked")


class NotAReport(Exception):
    """The file is not a report that the judge has written; the message says why."""


@dataclass(frozen=True, slots=True)
class Promise:
    """
    One promise of the contract, and how the service kept it.

    Args:
        outcome: One of `OUTCOMES`; meaningless is held by an endpoint that refused everything.
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
    not_promised: tuple[str, ...]
    promises: tuple[Promise, ...]

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
        return int(any(each.outcome in ("broken", "meaningless") for each in self.promises))

    def of(self, outcome: str) -> list[Promise]:
        """Return the promises that went so, in order."""
        return [each for each in self.promises if each.outcome == outcome]

    def broken(self) -> Iterator[tuple[str, str, str, list[Promise]]]:
        """Yield severity, group, harm and promises, the worst first."""
        severities, groups = list(SEVERITIES), [each.group for each in self.promises]

        def rank(each: Promise) -> tuple[int, int, str]:
            return severities.index(each.severity), groups.index(each.group), each.harm

        found = sorted(self.of("broken"), key=rank)
        for (severity, group, harm), promises in groupby(
            found, lambda each: (each.severity, each.group, each.harm)
        ):
            yield severity, group, harm, list(promises)

    def as_json(self) -> str:
        """Return one JSON object."""
        return json.dumps({**asdict(self), "counts": self.counts()}, indent=1)


def read(path: Path) -> Verdict:
    """
    Return the report in *path*.

    Raises:
        NotAReport: If it is none.
    """
    try:
        members = json.loads(path.read_text())
        promises = tuple(Promise(**each) for each in members["promises"])
        names = {field.name for field in fields(Verdict)} - {"promises", "not_promised"}
        texts = {name: str(members[name]) for name in names}
        left_out = tuple(map(str, members["not_promised"]))
    except OSError as error:
        raise NotAReport(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise NotAReport(f"{path} is not a JSON report of `sanic-swap judge`") from None
    return Verdict(**texts, not_promised=left_out, promises=promises)
