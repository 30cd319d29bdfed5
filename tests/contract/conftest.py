"""The service and the fake Spotify, each a process, shared by the tests that only ask."""

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.contract.processes import Running, running_fake, running_service


@pytest.fixture(scope="session")
def spotify() -> Iterator[Running]:
    """A fake Spotify whose users agree by themselves."""
    with running_fake("--auto-approve") as fake:
        yield fake


@pytest.fixture(scope="session")
def service(spotify: Running) -> Iterator[Running]:
    """The service, in front of the fake."""
    with running_service(spotify.url) as service:
        yield service


@pytest.fixture(scope="session")
def upstream() -> Iterator[HTTPServer]:
    """A Spotify that answers whatever a test wants."""
    with HTTPServer() as server:
        yield server


@pytest.fixture(scope="session")
def scripted_service(upstream: HTTPServer) -> Iterator[Running]:
    """The service, in front of a Spotify that answers whatever a test wants."""
    with running_service(upstream.url_for("").rstrip("/")) as service:
        yield service
