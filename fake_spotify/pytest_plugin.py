"""The pytest fixture `fake_spotify`: a new fake for each test, checked at the test's end."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fake_spotify.fake import FakeSpotify

_RUNNING: "pytest.StashKey[FakeSpotify]" = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "fake_spotify(**choices): how the fixture fake_spotify is set up, "
        "for example era='2021', auto_approve=True, redirect_uris=['https://app.example/cb']",
    )


@pytest.fixture
def fake_spotify(request: pytest.FixtureRequest) -> "Iterator[FakeSpotify]":
    """
    Run a fake Spotify accounts service for one test, on a free port of 127.0.0.1.

    The test fails at its end if an expected request did not come, an unexpected one came, or a
    planned fault was not played; see `FakeSpotify.complaints`.
    """
    # Imported here: most tests of most projects need no web server.
    from fake_spotify.fake import FakeSpotify

    marker = request.node.get_closest_marker("fake_spotify")
    with FakeSpotify(**({} if marker is None else marker.kwargs)) as spotify:
        request.node.stash[_RUNNING] = spotify
        yield spotify


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that passed if its fake has complaints."""
    yield
    # Not in the fixture: that would be an error beside a test that passed.
    spotify = item.stash.get(_RUNNING, None)
    complaints = [] if spotify is None else spotify.complaints()
    if complaints:
        pytest.fail("\n".join(["fake_spotify:", *complaints]), pytrace=False)
