"""How long tests wait: what is enough for an idle machine, times what this one needs."""

import os
import time
from functools import cache

import pytest

_VARIABLE = "TEST_PATIENCE"
_ROUNDS = 4_000_000
_IDLE_SECONDS = 0.2  # for so many rounds, on a machine of 2024 that has nothing else to do
_LEAST, _MOST = 1.0, 10.0


def seconds(on_idle_machine: float) -> float:
    """Return how long to wait here for what an idle machine does in so many seconds."""
    return on_idle_machine * factor()


@cache
def factor() -> float:
    """Return TEST_PATIENCE if it is set, else how slow a short calibration finds the machine."""
    chosen = os.environ.get(_VARIABLE)
    return float(chosen) if chosen else min(max(_LEAST, _slowness()), _MOST)


def pytest_configure() -> None:
    """Decide before there are other processes, which are not to measure each other."""
    os.environ[_VARIABLE] = str(factor())


def pytest_report_header() -> str:
    """Tell by how much time limits are stretched."""
    return f"{_VARIABLE}: {factor():.1f}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Stretch the limit of each test (pytest-timeout's)."""
    by_default = float(config.getini("timeout") or 0)
    for item in items:
        marker = item.get_closest_marker("timeout")
        limit = float(marker.args[0]) if marker else by_default
        item.add_marker(pytest.mark.timeout(seconds(limit)), append=False)


def _slowness() -> float:
    began = time.monotonic()
    for _ in range(_ROUNDS):
        pass
    return (time.monotonic() - began) / _IDLE_SECONDS
