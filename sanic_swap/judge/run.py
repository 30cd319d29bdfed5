"""Runs the suite in this process, with a progress line, and returns the verdict."""

import importlib.util
import os
import sys
from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sanic_swap import __version__
from sanic_swap.judge.verdict import Promise, Verdict

_SHIPPED, _IN_CHECKOUT = "sanic_swap.judge.contract", "tests.contract"
_WIDTH = 79
SuitesOwn = Any
"""A class of the suite's, which type checkers cannot see from here."""


class NotJudged(Exception):
    """The service could not be judged; the message says why."""


def suite(module: str) -> ModuleType:
    """Return a module of the suite, which a wheel ships and a checkout has among its tests."""
    is_shipped = importlib.util.find_spec(_SHIPPED)
    return import_module(f"{_SHIPPED if is_shipped else _IN_CHECKOUT}.{module}")


def run(judging: SuitesOwn, profile: str, fake: str) -> Verdict:
    """
    Ask all promises.

    Args:
        judging: The suite's `Judging`.
        fake: The command that starts a fake for the curl lines.

    Raises:
        NotJudged: If the service is not there, or is not one that can be judged.
    """
    report = suite("promise_report").PromiseReport(judging)
    progress = _Progress()
    # What the caller's pytest would load or add has no business here.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    folder = Path(str(suite("promise_report").__file__)).parent
    arguments = [
        *(str(folder), "-c", os.devnull, "--rootdir", str(folder), "--confcutdir", str(folder)),
        *("--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:terminal", "-s"),
        *("-W", "ignore"),
    ]
    code = pytest.main(arguments, plugins=[report, progress])
    progress.clear()
    if progress.problem or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        known = ", ".join(suite("promise_report").groups())
        raise NotJudged(progress.problem or f"No promise was asked; the groups are {known}")
    return Verdict(
        service=judging.url,
        profile=profile,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        fake=fake,
        not_promised=tuple(sorted(judging.unasked)),
        promises=tuple(_promise(row, judging) for row in report.rows()),
    )


def _promise(row: SuitesOwn, judging: SuitesOwn) -> Promise:
    fake_url = judging.settings(f"http://{judging.fake_host}:{judging.fake_port}")["accounts_url"]
    texts = {name: str(value) for name, value in asdict(row).items()}
    texts["curl"] = texts["curl"].replace("$FAKE", fake_url)
    hidden = {
        name: text.replace(judging.client_secret, "<redacted>") for name, text in texts.items()
    }
    return Promise(**hidden)


def compared(old: Verdict, new: Verdict) -> Verdict:
    """Return what was broken in *old*, each as FIXED or STILL by *new*."""
    broken = {each.id for each in old.of("broken")}
    changes = {"held": "FIXED"}
    return replace(
        new,
        promises=tuple(
            replace(each, change=changes.get(each.outcome, "STILL"))
            for each in new.promises
            if each.id in broken
        ),
    )


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
        found = dict(report.user_properties)
        if report.when == "setup" and report.failed:
            self.problem = f"The suite failed: {report.longrepr}"
        if report.when != "call" or "promise" not in found:
            return
        outcome = {"passed": "held", "failed": "broken"}.get(report.outcome, "not asked")
        self._counts[outcome] += 1
        group = str(found["group"])
        if self._is_watched:
            words = f"{self._counts.total()}/{self._total}, {self._counts['broken']} broken"
            text = f"{words}  {group}: {found['promise']}"
            print(f"\r{text[:_WIDTH]:{_WIDTH}}", end="", file=sys.stderr, flush=True)
        elif group != self._group:
            print(f"{self._counts.total()}/{self._total} {group}", file=sys.stderr, flush=True)
        self._group = group

    def clear(self) -> None:
        """Leave nothing of the line that was written anew."""
        if self._is_watched:
            print(f"\r{'':{_WIDTH}}\r", end="", file=sys.stderr, flush=True)
