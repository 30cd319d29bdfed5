"""A pytest plugin that chooses the promises to ask, and remembers how each went."""

import re
import tomllib
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fake_spotify import __version__

from .documents import as_text
from .judging import JUDGING, CannotJudge, Judging
from .verdict import Promise, Verdict

_LAST_WORD = "last_word"
# How what stands in a function's name is written.
_NAMES = {"spotifys": "Spotify's", "spotify": "Spotify", "json": "JSON", "last word": "in all:"}


@cache
def groups() -> dict[str, dict[str, Any]]:
    """Return all groups by name: what their promises mean, and which these are."""
    return tomllib.loads(Path(__file__).with_name("promises.toml").read_text())


def meanings() -> dict[str, dict[str, str]]:
    """Return severity, harm, expectation and source of each promise by its test's name."""
    found: dict[str, dict[str, str]] = {}
    for group in groups().values():
        of_all = {name: text for name, text in group.items() if name != "promises"}
        found |= {name: {**of_all, **row} for name, row in group["promises"].items()}
    return found


class PromiseReport:
    """
    The plugin.

    Args:
        on_promise: Hears of each promise when it has been asked.
    """

    def __init__(
        self, judging: Judging, on_promise: Callable[[Promise], object] = lambda _: None
    ) -> None:
        self._judging = judging
        self._on_promise = on_promise
        self._meanings = meanings()
        self._promises: dict[str, Promise] = {}
        self._asked: dict[str, set[str]] = {}
        self._succeeded: set[str] = set()

    def verdict(self) -> Verdict:
        """Return what it saw; what endpoints hold that never worked is meaningless."""
        for name, promise in self._promises.items():
            asked = self._asked[name]
            if promise.outcome == "held" and asked and not self._succeeded & asked:
                promise.outcome = "meaningless"
        judging = self._judging
        return Verdict(
            service=judging.url,
            profile=judging.profile.name,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=__version__,
            fake=judging.fake_command,
            not_promised=sorted(judging.unasked),
            promises=list(self._promises.values()),
        )

    def pytest_configure(self, config: pytest.Config) -> None:
        """Tell the fixtures what is judged."""
        config.stash[JUDGING] = self._judging
        config.addinivalue_line(
            "markers", "promise(group): a promise of the contract, asked of any swap service"
        )
        config.addinivalue_line("markers", "flood: too much for a service on another host")

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Ask for nothing but the promises that the service makes, and that were chosen."""
        # The last word is about everything that was seen before.
        items.sort(key=lambda item: _LAST_WORD in item.nodeid)
        is_chosen = {item: self._is_chosen(item) for item in items}
        items[:] = [item for item in is_chosen if is_chosen[item]]
        left = [item for item in is_chosen if not is_chosen[item]]
        config.hook.pytest_deselected(items=left)

    def _is_chosen(self, item: pytest.Item) -> bool:
        judging, marker = self._judging, item.get_closest_marker("promise")
        if not marker:
            return not judging.url
        group = marker.args[0]
        if group in judging.unasked:
            return False
        words, known = _sentence(item), groups()
        is_asked = [only == group or (only not in known and only in words) for only in judging.only]
        if judging.only and not any(is_asked):
            return False
        # What is said of the whole run needs the whole run.
        is_whole = any(_LAST_WORD in name for name in judging.names)
        if judging.names and not is_whole and item.name not in judging.names:
            return False
        return not (judging.is_remote and item.get_closest_marker("flood"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Ask nothing of the dead, and notice who dies."""
        service = getattr(item, "funcargs", {}).get("service")
        if service is None or not item.get_closest_marker("promise"):
            return (yield)
        try:
            is_there = service.begin(_sentence(item))
        except CannotJudge as problem:  # it could be started before
            is_there = False
            service.show_as(str(problem).partition("\n")[0])
        if not is_there and _LAST_WORD not in item.name:
            since = f", since: {service.deaths[-1]}" if service.deaths else ""
            service.show_as(f"nobody answers at {service.url}{since}")
            pytest.skip(service.last_seen)
        try:
            return (yield)
        finally:
            service.end()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Hand on what the test saw, and what it missed."""
        report = yield
        service = getattr(item, "funcargs", {}).get("service")
        marker = item.get_closest_marker("promise")
        if marker and service is not None:
            report.user_properties += {
                "promise": _sentence(item),
                "group": marker.args[0],
                "seen": self._hidden(_seen(service.last_seen, report, call)),
                "curl": self._hidden(service.last_curl),
                "asked": sorted(service.asked),
                "succeeded": sorted(service.succeeded),
            }.items()
        return report

    def _hidden(self, text: str) -> str:
        return text.replace(self._judging.client_secret, "<redacted>")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember one promise, in whichever process it was tested."""
        found: dict[str, Any] = dict(report.user_properties)
        if "promise" not in found or (report.when != "call" and report.passed):
            return
        name = report.nodeid.rpartition("::")[2]
        self._asked[report.nodeid] = set(found.pop("asked"))
        self._succeeded |= set(found.pop("succeeded"))
        outcome = {"passed": "held", "failed": "broken"}.get(report.outcome, "not asked")
        meaning = self._meanings[name.partition("[")[0].removeprefix("test_")]
        promise = Promise(id=name, outcome=outcome, **found, **meaning)
        self._promises[report.nodeid] = promise
        self._on_promise(promise)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the verdict, if the suite was asked to judge somebody's service."""
        verdict = self.verdict()
        if path := terminalreporter.config.getoption("--promises-json"):
            path.write_text(verdict.as_json())
        if verdict.promises and verdict.service:
            terminalreporter.section("promises")
            width = terminalreporter._tw.fullwidth
            terminalreporter.write_line(as_text(verdict, width, colour=False))


def _seen(last: str, report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    if not report.failed or call.excinfo is None:
        return last
    complaint = str(call.excinfo.value).partition("\n")[0]
    return last if complaint in last else f"{complaint} | {last}"


def _sentence(item: pytest.Item) -> str:
    name, _, parameters = item.name.partition("[")
    words = name.removeprefix("test_").replace("_", " ")
    for plain, written in _NAMES.items():
        words = re.sub(rf"\b{plain}\b", written, words)
    return f"{words}: {parameters.rstrip(']')}" if parameters else words
