"""Prints the table of promises in docs/judge.md: `python -m tests.tools.promise_table`."""

from tests.contract.promise_report import groups
from tests.tools.judging import ROOT

GUIDE = ROOT / "docs" / "judge.md"


def table() -> str:
    """Return the table in Markdown, made of what the reports say."""
    lines = ["| Group | Severity | If it is broken | Promised |", "|---|---|---|---|"]
    for name, group in groups().items():
        promised = " ".join(row["expected"] for row in group["promises"].values())
        lines.append(f"| {name} | {group['severity']} | {group['harm']} | {promised} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
