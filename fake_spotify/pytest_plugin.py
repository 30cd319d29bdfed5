"""The pytest fixtures `fake_spotify` and `fake_spotify_session`, checked at each test's end."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fake_spotify.fake import FakeSpotify

_RUNNING: "pytest.StashKey[FakeSpotify]" = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "fake_spotify(**choices): how the fixture fake_spotify is set up, "
        "for example era='2021', auto_approve=True, redirect_uris=['https://app.example/cb']",
    )


@pytest.fixture(scope="session")
def fake_spotify_options() -> dict[str, Any]:
    """Say how both fixtures are set up; a project may have a fixture of this name in its place."""
    return {}


@pytest.fixture
def fake_spotify(
    request: pytest.FixtureRequest, fake_spotify_options: dict[str, Any]
) -> "Iterator[FakeSpotify]":
    """Run a fake Spotify accounts service for one test, on a free port of 127.0.0.1.

    The test fails at its end if an expected request did not come, an unexpected one came, or a
    planned fault was not played; see `FakeSpotify.complaints`.
    """
    # Imported here: most tests of most projects need no web server.
    from fake_spotify.fake import FakeSpotify

    marker = request.node.get_closest_marker("fake_spotify")
    chosen = {} if marker is None else marker.kwargs
    with FakeSpotify(**{**fake_spotify_options, **chosen}) as spotify:
        request.node.stash[_RUNNING] = spotify
        yield spotify


@pytest.fixture(scope="session")
def fake_spotify_session(
    request: pytest.FixtureRequest, fake_spotify_options: dict[str, Any]
) -> "Iterator[FakeSpotify]":
    """Run one fake for all tests, so that a server under test can be started once in front of it.

    Each test is checked as with `fake_spotify`; then the fake and every app that was registered
    are reset.
    """
    from fake_spotify.fake import FakeSpotify

    with FakeSpotify(**fake_spotify_options) as spotify:
        request.config.stash[_RUNNING] = spotify
        yield spotify
        del request.config.stash[_RUNNING]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that passed if its fake has complaints."""
    yield
    # Not in the fixture: that would be an error beside a test that passed.
    fakes = [stash.get(_RUNNING, None) for stash in (item.stash, item.config.stash)]
    complaints = [line for fake in fakes if fake is not None for line in fake.complaints()]
    if complaints:
        pytest.fail("\n".join(["fake_spotify:", *complaints]), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Leave the session's fake to the next test as if it were new."""
    yield
    spotify = item.config.stash.get(_RUNNING, None)
    if spotify is not None:
        spotify.reset_all()
