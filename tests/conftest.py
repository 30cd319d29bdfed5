"""Options of the contract suite, and what it tells at its end."""

import pytest

from tests.contract import promise_report


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the suite judge a service that somebody else has started."""
    promise_report.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Make room for what is seen."""
    config.pluginmanager.register(promise_report.PromiseReport(config), "promise_report")
