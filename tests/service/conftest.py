"""Services and what they ask, shared by the tests that leave them as they are."""

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from fake_spotify import FakeSpotify
from tests.service.broken_upstream import BrokenUpstream
from tests.service.running import Running, running_service


@pytest.fixture(autouse=True)
def _undisturbed(spotify: FakeSpotify) -> Iterator[None]:
    spotify.clear_requests()
    yield
    # Before the fixtures of the next module, which come before this one.
    spotify.clear_faults()
    spotify.clock.reset()


@pytest.fixture(scope="session")
def service(spotify: FakeSpotify) -> Iterator[Running]:
    """The service, in front of it."""
    with running_service(spotify.accounts_url) as service:
        yield service


@pytest.fixture(scope="session")
def upstream() -> Iterator[HTTPServer]:
    """A Spotify that answers whatever a test wants."""
    with HTTPServer() as server:
        yield server


@pytest.fixture(scope="session")
def upstream_url(upstream: HTTPServer) -> str:
    """Where it is, as SPOTIFY_ACCOUNTS_URL has it."""
    return upstream.url_for("").rstrip("/")


@pytest.fixture(scope="session")
def scripted_service(upstream_url: str) -> Iterator[Running]:
    """The service, in front of a Spotify that answers whatever a test wants, to one token too."""
    with running_service(upstream_url, ROTATION_REPLAY="0") as service:
        yield service


@pytest.fixture
def broken() -> Iterator[BrokenUpstream]:
    """A Spotify that breaks below HTTP."""
    with BrokenUpstream() as upstream:
        yield upstream
