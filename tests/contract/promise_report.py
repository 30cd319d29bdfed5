"""Collects which promise was held, which was broken, and what was seen; prints the table."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.profiles import PROFILES

_WIDTH = 66


def add_options(parser: pytest.Parser) -> None:
    """Add the options that point the suite at a service."""
    group = parser.getgroup("swap service under test")
    group.addoption("--swap-url", help="where the service under test is (default: start our own)")
    group.addoption(
        "--accounts-port",
        type=int,
        default=8090,
        help="loopback port at which that service expects Spotify (default: 8090)",
    )
    group.addoption(
        "--profile", choices=sorted(PROFILES), default="sanic-swap", help="its kind of service"
    )
    group.addoption("--swap-client-id", default="5fe01282e44241328a84e7c5cc169165")
    group.addoption("--swap-client-secret", default="canary-client-secret-9d1c7a")
    group.addoption("--swap-redirect-uri", default="https://app.example/callback")
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
        if not config.getoption("--swap-url"):
            return
        profile = PROFILES[config.getoption("--profile")]
        chosen, left = [], []
        for item in items:
            marker = item.get_closest_marker("promise")
            asked = marker is not None and not set(marker.args) & profile.unclaimed
            (chosen if asked else left).append(item)
        items[:] = chosen
        config.hook.pytest_deselected(items=left)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self,
        item: pytest.Item,
        call: pytest.CallInfo[None],  # noqa: ARG002 - pytest names it
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Hand on what the test saw last."""
        report = yield
        service = getattr(item, "funcargs", {}).get("swap_service")
        if item.get_closest_marker("promise") and service is not None:
            report.user_properties.append(("promise", _sentence(item)))
            report.user_properties.append(("seen", service.last_seen))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember one promise, in whichever process it was tested."""
        told = dict(report.user_properties)
        if "promise" not in told or (report.when != "call" and report.passed):
            return
        outcome = "held" if report.passed else "broken"
        self._rows[report.nodeid] = {
            "promise": str(told["promise"]),
            "outcome": "not asked" if report.skipped else outcome,
            "seen": str(told["seen"]),
        }

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table, if the suite was asked to judge."""
        rows = list(self._rows.values())
        if path := self._config.getoption("--promises-json"):
            path.write_text(json.dumps(rows, indent=1))
        if not rows or not self._config.getoption("--swap-url"):
            return
        terminalreporter.section("promises")
        for row in rows:
            color = {"green" if row["outcome"] == "held" else "red": True}
            terminalreporter.write(f"{row['outcome']:9}", **color)
            terminalreporter.write_line(f" {row['promise']:{_WIDTH}} {row['seen']}")
        held = sum(row["outcome"] == "held" for row in rows)
        terminalreporter.write_line(f"{held} of {len(rows)} promises held")


def _sentence(item: pytest.Item) -> str:
    name, _, parameters = item.name.partition("[")
    words = name.removeprefix("test_").replace("_", " ")
    return f"{words}: {parameters.rstrip(']')}" if parameters else words
