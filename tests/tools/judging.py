"""Runs `sanic-swap judge` against the imitations."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.contract import patience
from tests.contract.processes import free_port, launched

ROOT = Path(__file__).parents[2]
IMITATIONS = ROOT / "tests" / "imitations"
LONGEST_SECONDS = 90
_SPOTIFY_SECONDS = 1.0


@dataclass(frozen=True)
class Judged:
    """What one run of the judge has printed and written."""

    code: int
    printed: str
    problem: str
    reports: Path

    @property
    def promises(self) -> dict[str, dict[str, str]]:
        """The rows of the JSON report by their ids."""
        members = json.loads((self.reports / "report.json").read_text())
        return {row["id"].removeprefix("test_"): row for row in members["promises"]}

    def not_held(self) -> dict[str, str]:
        """The outcomes that are not held, by the promises' ids."""
        rows = self.promises.items()
        return {name: row["outcome"] for name, row in rows if row["outcome"] != "held"}


def run_judge(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Judged:
    """Run the command as its users do; all reports go into *folder*."""
    command = [sys.executable, "-m", "sanic_swap", "judge", *arguments]
    out, err = folder / "out", folder / "err"
    with (
        out.open("wb") as printed,
        err.open("wb") as problem,
        launched(
            command, env={**os.environ, **(env or {})}, stdout=printed, stderr=problem
        ) as process,
    ):
        try:
            code = process.wait(patience.seconds(LONGEST_SECONDS))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still judging: {err.read_text()}") from None
    return Judged(code, out.read_text(), err.read_text(), folder)


def judge_imitation(folder: Path, faults: str, *arguments: str, **env: str) -> Judged:
    """Judge an imitation: the correct one, or the same with *faults*."""
    seconds = patience.seconds(_SPOTIFY_SECONDS)
    file = IMITATIONS / ("faulty_service.py" if faults else "correct_service.py")
    reports = [f"--report={folder / 'report'}.{kind}" for kind in ("json", "html", "md", "xml")]
    return run_judge(
        folder,
        f"http://127.0.0.1:{free_port()}",
        *(f"--fake-listen=127.0.0.1:{free_port()}", f"--deadline={2 * seconds}"),
        *("--command", f"{sys.executable} {file}", "--profile=sanic-swap"),
        *reports,
        *arguments,
        env={"FAULTS": faults, "SPOTIFY_TIMEOUT": str(seconds), **env},
    )


def secrets_in(text: str) -> list[str]:
    """Return what could be a code or a token of the fake's, or sealed by an imitation."""
    return re.findall(r"AQ[\w-]{30,}|BQ[\w-]{30,}|[0-9a-f]{60,}", text)


def only(words: list[str]) -> list[str]:
    """Return the options that ask these groups, or promises with these words, alone."""
    return [f"--only={each}" for each in words]
