"""A pytest plugin that chooses the promises to ask, and remembers how each went."""

import json
import re
import textwrap
import tomllib
from collections import Counter
from collections.abc import Generator
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from .judging import JUDGING, CannotJudge, Judging

_MEANINGS = Path(__file__).with_name("promises.toml")
_NAME_WIDTH = 44
_NARROWEST = 100
_COLORS = {"held": "green", "broken": "red", "not asked": "yellow", "meaningless": "yellow"}
_LAST_WORD = "last_word"
# How what stands in a function's name is written.
_NAMES = {"spotifys": "Spotify's", "spotify": "Spotify", "json": "JSON", "last word": "in all:"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one promise is about: how bad it is if broken, for whom, and who says so."""

    severity: str
    harm: str
    expected: str
    source: str


@dataclass(slots=True)
class Row:
    """
    One promise and how it went.

    Args:
        outcome: `held`, `broken`, `meaningless` (held, but only because everything was refused)
            or `not asked`.
        curl: A line for a shell that shows it; empty if there is none.
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


def meanings() -> dict[str, Meaning]:
    """Return the meaning of each promise by its test's name."""
    table = tomllib.loads(_MEANINGS.read_text())
    names = [field.name for field in fields(Meaning)]
    return {
        name: Meaning(*(row.get(each, group.get(each)) for each in names))
        for group in table.values()
        for name, row in group["promises"].items()
    }


def groups() -> list[str]:
    """Return the names of all groups."""
    return list(tomllib.loads(_MEANINGS.read_text()))


class PromiseReport:
    """The plugin; `rows()` returns what it saw."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self._meanings = meanings()
        self._rows: dict[str, Row] = {}
        self._asked: dict[str, list[str]] = {}
        self._succeeded: set[str] = set()

    def rows(self) -> list[Row]:
        """Return a row for each promise; what endpoints hold that never worked is meaningless."""
        for name, row in self._rows.items():
            asked = self._asked.get(name, [])
            if row.outcome == "held" and asked and not self._succeeded & set(asked):
                row.outcome = "meaningless"
        return list(self._rows.values())

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
        chosen = [item for item in items if self._is_chosen(item)]
        left = [item for item in items if item not in chosen]
        items[:] = chosen
        if left:
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
        service = getattr(item, "funcargs", {}).get("swap_service")
        if service is None or not item.get_closest_marker("promise"):
            return (yield)
        try:
            is_there = service.begin(_sentence(item))
        except CannotJudge as problem:  # it could be started before
            is_there, service.last_seen = False, str(problem).partition("\n")[0]
        if not is_there and _LAST_WORD not in item.name:
            since = f", since: {service.deaths[-1]}" if service.deaths else ""
            service.last_seen = f"nobody answers at {service.url}{since}"
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
        service = getattr(item, "funcargs", {}).get("swap_service")
        marker = item.get_closest_marker("promise")
        if marker and service is not None:
            report.user_properties += [
                ("promise", _sentence(item)),
                ("group", marker.args[0]),
                ("seen", _seen(service.last_seen, report, call)),
                ("curl", service.last_curl),
                ("asked", sorted(service.asked)),
                ("succeeded", sorted(service.succeeded)),
            ]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember one promise, in whichever process it was tested."""
        found = dict(report.user_properties)
        if "promise" not in found or (report.when != "call" and report.passed):
            return
        outcome = "held" if report.passed else "broken"
        name = report.nodeid.rpartition("::")[2]
        meaning = self._meanings[name.partition("[")[0].removeprefix("test_")]
        self._asked[report.nodeid] = found["asked"]
        self._succeeded |= set(found["succeeded"])
        self._rows[report.nodeid] = Row(
            id=name,
            group=found["group"],
            promise=found["promise"],
            outcome="not asked" if report.skipped else outcome,
            seen=found["seen"],
            curl=found["curl"],
            **asdict(meaning),
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table, if the suite was asked to judge somebody's service."""
        rows = self.rows()
        if path := terminalreporter.config.getoption("--promises-json"):
            path.write_text(json.dumps([asdict(row) for row in rows], indent=1))
        if not rows or not self._judging.url:
            return
        terminalreporter.section("promises")
        wide = max(_NARROWEST, terminalreporter._tw.fullwidth) - _NAME_WIDTH - 15
        for row in rows:
            names, seen = textwrap.wrap(row.promise, _NAME_WIDTH), textwrap.wrap(row.seen, wide)
            for word, name, part in zip_longest([row.outcome], names, seen, fillvalue=""):
                terminalreporter.write(f"{word:12} ", **{_COLORS[row.outcome]: True})
                terminalreporter.write_line(f"{name:{_NAME_WIDTH}}  {part}".rstrip())
        terminalreporter.write_line(verdict(rows))


def verdict(rows: list[Row]) -> str:
    """Return how many promises were held and broken, in one sentence."""
    counts = Counter(row.outcome for row in rows)
    words = f"{counts['held']} of {len(rows)} promises held, {counts['broken']} broken"
    others = [f", {counts[name]} {name}" for name in ("meaningless", "not asked") if counts[name]]
    return words + "".join(others)


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
