"""Runs the suite in this process, with a progress line, and returns the verdict."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from .judging import CannotJudge, Judging
from .promise_report import PromiseReport, groups
from .verdict import Promise, Verdict

_WIDTH = 79


def run(judging: Judging) -> Verdict:
    """Ask all promises; raise CannotJudge if the service is not there, or is a stranger."""
    progress = _Progress()
    report = PromiseReport(judging, progress.on_promise)
    # What the caller's pytest would load or add has no business here.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    folder = str(Path(__file__).parent)
    arguments = [
        *(folder, "-c", os.devnull, "--rootdir", folder, "--confcutdir", folder),
        *("--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:terminal", "-s"),
        *("-W", "ignore"),
    ]
    code = pytest.main(arguments, plugins=[report, progress])
    progress.clear()
    if progress.problem or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        known = ", ".join(groups())
        raise CannotJudge(progress.problem or f"No promise was asked; the groups are {known}")
    return report.verdict()


class _Progress:
    """A pytest plugin: one line that is written anew, or one for each group if nobody watches."""

    def __init__(self) -> None:
        self.problem = ""
        self._is_watched = sys.stderr.isatty()
        self._counts: Counter[str] = Counter()
        self._group = ""
        self._total = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._total = len(session.items)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.problem = getattr(excinfo.value, "msg", "") or "Interrupted"

    def pytest_internalerror(self, excrepr: object) -> None:
        self.problem = f"The suite failed: {excrepr}"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problem = f"The suite cannot be loaded: {report.longrepr}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "setup" and report.failed:
            self.problem = f"The suite failed: {report.longrepr}"

    def on_promise(self, promise: Promise) -> None:
        """Say how far it is."""
        self._counts[promise.outcome] += 1
        asked = f"{self._counts.total()}/{self._total}"
        if self._is_watched:
            words = f"{asked}, {self._counts['broken']} broken  {promise.group}: {promise.promise}"
            print(f"\r{words[:_WIDTH]:{_WIDTH}}", end="", file=sys.stderr, flush=True)
        elif promise.group != self._group:
            print(f"{asked} {promise.group}", file=sys.stderr, flush=True)
        self._group = promise.group

    def clear(self) -> None:
        """Leave nothing of the line that was written anew."""
        if self._is_watched:
            print(f"\r{'':{_WIDTH}}\r", end="", file=sys.stderr, flush=True)
