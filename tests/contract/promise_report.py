"""Collects which promise was held, which was broken, and what was seen; prints the table."""

import json
import textwrap
from collections import Counter
from collections.abc import Generator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from .profiles import CLIENT_ID, CLIENT_SECRET, PROFILES, REDIRECT_URI

_NAME_WIDTH = 44
_NARROWEST = 100
_COLORS = {"held": "green", "broken": "red", "not asked": "yellow"}


def add_options(parser: pytest.Parser) -> None:
    """Add the options that point the suite at a service."""
    group = parser.getgroup("swap service under test")
    group.addoption("--swap-url", help="where the service under test is (default: start our own)")
    group.addoption(
        "--swap-command",
        metavar="COMMAND",
        help="starts that service, and again whenever it has died (default: somebody else does)",
    )
    group.addoption(
        "--accounts-port",
        type=int,
        default=8090,
        help="loopback port at which that service expects Spotify (default: 8090)",
    )
    group.addoption(
        "--profile", choices=sorted(PROFILES), default="sanic-swap", help="its kind of service"
    )
    group.addoption("--swap-client-id", default=CLIENT_ID)
    group.addoption("--swap-client-secret", default=CLIENT_SECRET)
    group.addoption("--swap-redirect-uri", default=REDIRECT_URI)
    group.addoption(
        "--deadline", type=float, help="seconds in which it has to answer (default: 9; ours: 3)"
    )
    group.addoption("--promises-json", type=Path, metavar="FILE", help="write the table as JSON")


class PromiseReport:
    """A pytest plugin: chooses the promises that apply, and remembers how each went."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._rows: dict[str, dict[str, str]] = {}
        config.addinivalue_line(
            "markers", "promise(group): a promise of the contract, asked of any swap service"
        )

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Against somebody else's service, ask for nothing but the promises that it makes."""
        # The last word is about everything that was seen before.
        items.sort(key=lambda item: "last_word" in item.nodeid)
        url = config.getoption("--swap-url")
        unasked = self._unasked()
        chosen, left = [], []
        for item in items:
            if marker := item.get_closest_marker("promise"):
                is_wanted = not set(marker.args) & unasked
            else:
                is_wanted = not url
            (chosen if is_wanted else left).append(item)
        items[:] = chosen
        if left:
            config.hook.pytest_deselected(items=left)

    def _unasked(self) -> set[str]:
        option = self._config.getoption
        if not option("--swap-url"):
            return {"ending"}  # our own ends in tests of its own
        unclaimed = set(PROFILES[option("--profile")].unclaimed)
        # Only who has started a program sees its log, and may end it.
        return unclaimed if option("--swap-command") else unclaimed | {"log", "ending"}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Ask nothing of the dead, and notice who dies."""
        service = getattr(item, "funcargs", {}).get("swap_service")
        if service is None or not item.get_closest_marker("promise"):
            return (yield)
        if not service.begin(_sentence(item)) and "last_word" not in item.name:
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
            report.user_properties.append(("promise", _sentence(item)))
            report.user_properties.append(("group", marker.args[0]))
            report.user_properties.append(("seen", _seen(service.last_seen, report, call)))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember one promise, in whichever process it was tested."""
        row = dict(report.user_properties)
        if "promise" not in row or (report.when != "call" and report.passed):
            return
        outcome = "held" if report.passed else "broken"
        self._rows[report.nodeid] = {
            "group": str(row["group"]),
            "promise": str(row["promise"]),
            "outcome": "not asked" if report.skipped else outcome,
            "seen": str(row["seen"]),
        }

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table, if the suite was asked to judge."""
        rows = list(self._rows.values())
        if path := self._config.getoption("--promises-json"):
            path.write_text(json.dumps(rows, indent=1))
        if not rows or not self._config.getoption("--swap-url"):
            return
        terminalreporter.section("promises")
        wide = max(_NARROWEST, terminalreporter._tw.fullwidth) - _NAME_WIDTH - 12
        for row in rows:
            names = textwrap.wrap(row["promise"], _NAME_WIDTH)
            words = [row["outcome"]]
            for word, name, seen in zip_longest(
                words, names, textwrap.wrap(row["seen"], wide), fillvalue=""
            ):
                terminalreporter.write(f"{word:9} ", **{_COLORS[row["outcome"]]: True})
                terminalreporter.write_line(f"{name:{_NAME_WIDTH}}  {seen}".rstrip())
        terminalreporter.write_line(_verdict(Counter(row["outcome"] for row in rows)))


def _verdict(counts: Counter[str]) -> str:
    verdict = f"{counts['held']} of {counts.total()} promises held, {counts['broken']} broken"
    if counts["not asked"]:
        verdict += f", {counts['not asked']} not asked"
    return verdict


def _seen(last: str, report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    if not report.failed or call.excinfo is None:
        return last
    complaint = str(call.excinfo.value).partition("\n")[0]
    return last if complaint in last else f"{complaint} | {last}"


def _sentence(item: pytest.Item) -> str:
    name, _, parameters = item.name.partition("[")
    words = name.removeprefix("test_").replace("_", " ")
    return f"{words}: {parameters.rstrip(']')}" if parameters else words
