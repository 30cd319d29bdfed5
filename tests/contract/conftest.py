"""The judged service, and the fake Spotify that it asks."""

from collections.abc import Iterator

import pytest

from fake_spotify import FakeSpotify

from .profiles import PROFILES
from .service_command import running_command
from .swap_service import SwapService

_DEADLINE_SECONDS = 9


@pytest.fixture(scope="session")
def judged_spotify(request: pytest.FixtureRequest) -> Iterator[FakeSpotify]:
    """The fake that the judged service asks, at the port where it expects it."""
    option = request.config.getoption
    port = option("--accounts-port") if option("--swap-url") else 0
    spotify = FakeSpotify(
        port=port,
        client_id=option("--swap-client-id"),
        client_secret=option("--swap-client-secret"),
        redirect_uris=[option("--swap-redirect-uri")],
    )
    try:
        spotify.start()
    except OSError as error:
        pytest.exit(f"the fake cannot have --accounts-port {port}: {error}", 2)
    yield spotify
    spotify.stop()


@pytest.fixture(scope="session")
def judged(request: pytest.FixtureRequest, judged_spotify: FakeSpotify) -> Iterator[SwapService]:
    """Somebody's service if one was named, else that of whoever surrounds this suite."""
    option = request.config.getoption
    profile, url = PROFILES[option("--profile")], option("--swap-url")
    deadline = option("--deadline") or _DEADLINE_SECONDS
    if not url:
        yield request.getfixturevalue("default_service")
    elif command := option("--swap-command"):
        with running_command(command, url) as program:
            yield SwapService(url, profile, judged_spotify, deadline, program, program.log)
    else:
        yield SwapService(url, profile, judged_spotify, deadline)


@pytest.fixture
def swap_service(judged: SwapService) -> Iterator[SwapService]:
    """The judged service, with a Spotify that behaves until the test says otherwise."""
    judged.spotify.clear_faults()
    judged.spotify.clear_requests()
    yield judged
    judged.spotify.clear_faults()
