"""What all rooms share: time limits that fit the machine, and options that judge any service."""

import os
import signal
import sysconfig
from collections.abc import Iterator

import pytest
from hypothesis import settings

from fake_spotify import FakeSpotify
from tests.contract import patience, promise_report, pytest_options
from tests.contract.profiles import REGISTRATION
from tests.contract.swap_service import SwapService
from tests.service.judged import judged_service

# A busy machine may take its time; how long a test may take in all is pytest's to say.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ONE_PYTHON = "3.13"  # the newest that every machine of CI has


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the contract suite judge a service that somebody else has started."""
    pytest_options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Collect the promises; stretch time limits on a slow machine; let Ctrl-C be heard."""
    # Jobs in the background of a shell script ignore it, and so would all programs that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    report = promise_report.PromiseReport(pytest_options.judging(config))
    config.pluginmanager.register(report, "promise_report")
    config.pluginmanager.register(patience, "patience")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one Python of tox run what does not depend on it; without tox there is only one."""
    if "TOX_ENV_NAME" in os.environ and sysconfig.get_python_version() != ONE_PYTHON:
        left_out = pytest.mark.skip(reason=f"Python {ONE_PYTHON} runs it")
        for item in items:
            if item.get_closest_marker("one_python"):
                item.add_marker(left_out)


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
