"""The judged service, and the fake Spotify that it asks."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fake_spotify import FakeSpotify

from .judging import JUDGING, CannotJudge, Judging
from .probe import probe, wait_for
from .processes import listens
from .service_command import running_command
from .swap_service import SwapService

_GENTLE_SECONDS = 0.2


@pytest.fixture(scope="session")
def judging(request: pytest.FixtureRequest) -> Judging:
    """What is judged, and how."""
    return request.config.stash[JUDGING]


@pytest.fixture(scope="session")
def judged_spotify(judging: Judging) -> Iterator[FakeSpotify]:
    """The fake that the judged service asks, at the port where it expects it."""
    spotify = FakeSpotify(
        host=judging.fake_host,
        port=judging.fake_port,
        control=False,
        client_id=judging.client_id,
        client_secret=judging.client_secret,
        redirect_uris=[judging.redirect_uri],
    )
    try:
        spotify.start()
    except OSError as error:
        where = f"{judging.fake_host}:{judging.fake_port}"
        pytest.exit(f"The fake of Spotify cannot listen at {where}: {error.strerror}", 2)
    yield spotify
    spotify.stop()


@pytest.fixture(scope="session")
def judged(request: pytest.FixtureRequest, judging: Judging) -> Iterator[SwapService]:
    """Somebody's service if one was named, else that of whoever surrounds this suite."""
    if not judging.url:
        yield request.getfixturevalue("default_service")
        return
    if judging.command and listens(judging.url):
        why = "stop that service, or leave out --command to judge it"
        pytest.exit(f"Somebody answers at {judging.url} already: {why}", 2)
    spotify = request.getfixturevalue("judged_spotify")
    try:
        with _service(judging, spotify) as service:
            probe(service, judging)
            yield service
    except CannotJudge as problem:
        pytest.exit(str(problem), 2)


@pytest.fixture
def service(judged: SwapService) -> Iterator[SwapService]:
    """The judged service, with a Spotify that behaves until the test says otherwise."""
    judged.spotify.clear_faults()
    judged.spotify.clear_requests()
    yield judged
    judged.spotify.clear_faults()


@contextmanager
def _service(judging: Judging, spotify: FakeSpotify) -> Iterator[SwapService]:
    seen = (judging.url, judging.profile, spotify, judging.deadline_seconds)
    if judging.command:
        settings = judging.settings(spotify.accounts_url)
        with running_command(judging, settings) as program:
            yield SwapService(*seen, program, program.log)
    else:
        wait_for(judging, spotify.accounts_url)
        yield SwapService(*seen, least_seconds=_GENTLE_SECONDS if judging.is_remote else 0)
