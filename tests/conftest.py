"""What all rooms share: time limits that fit the machine, and options that judge any service."""

from collections.abc import Iterator

import pytest

from fake_spotify import FakeSpotify
from tests.contract import patience, promise_report, pytest_options
from tests.contract.profiles import REGISTRATION
from tests.contract.swap_service import SwapService
from tests.service.judged import judged_service


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the contract suite judge a service that somebody else has started."""
    pytest_options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Collect the promises; stretch time limits on a slow machine."""
    report = promise_report.PromiseReport(pytest_options.judging(config))
    config.pluginmanager.register(report, "promise_report")
    config.pluginmanager.register(patience, "patience")


@pytest.fixture(scope="session")
def spotify() -> Iterator[FakeSpotify]:
    """The fake that our own services ask."""
    with FakeSpotify(**REGISTRATION) as spotify:
        yield spotify


@pytest.fixture(scope="session")
def default_service(
    judged_spotify: FakeSpotify, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SwapService]:
    """Our own service, which the contract suite judges unless another is named."""
    with judged_service(judged_spotify, tmp_path_factory.mktemp("traces") / "sent") as service:
        yield service
