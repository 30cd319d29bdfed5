"""The service and the fake Spotify, each a process, shared by the tests that only ask."""

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from fake_spotify import FakeSpotify
from tests.contract.http_client import send
from tests.contract.metrics import metrics_url
from tests.contract.processes import KEY, Running, running_fake, running_service
from tests.contract.profiles import PROFILES
from tests.contract.service_command import running_command
from tests.contract.swap_service import SwapService

_OUR_DEADLINE = 2.0  # SPOTIFY_TIMEOUT of our own service here; the shorter, the sooner tested
_SLACK = 3.0  # for a busy machine


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
    """The service, in front of a Spotify that answers whatever a test wants, to one token too."""
    with running_service(upstream.url_for("").rstrip("/"), ROTATION_REPLAY="0") as service:
        yield service


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
def judged(
    request: pytest.FixtureRequest,
    judged_spotify: FakeSpotify,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SwapService]:
    """Somebody's service if one was named, else our own."""
    option = request.config.getoption
    profile, url = PROFILES[option("--profile")], option("--swap-url")
    if url and (command := option("--swap-command")):
        with running_command(command, url) as program:
            yield SwapService(
                url, profile, judged_spotify, option("--deadline") or 9, program, program.log
            )
    elif url:
        yield SwapService(url, profile, judged_spotify, option("--deadline") or 9)
    else:
        traces = tmp_path_factory.mktemp("traces") / "sent"
        settings = {
            "SPOTIFY_TIMEOUT": str(_OUR_DEADLINE),
            "METRICS_PORT": "0",
            "NEW_RELIC_LICENSE_KEY": "eu01xxcanary0license0key0123456789abcdef",
            "NEW_RELIC_DEVELOPER_MODE": "true",  # sends nothing
            "NEW_RELIC_AUDIT_LOG": str(traces),  # what it would have sent
        }
        with running_service(judged_spotify.accounts_url, **settings) as ours:
            judged = SwapService(
                ours.url, profile, judged_spotify, _OUR_DEADLINE + _SLACK, log=ours.log
            )
            judged.canaries.add([KEY])
            yield judged
            # Here too, because of several workers only one is asked for the last word.
            assert not judged.leaks
            assert not judged.logged_secrets()
            assert not judged.canaries.in_text(send("GET", metrics_url(ours)).body.decode())
        assert not judged.canaries.in_text(traces.read_text())


@pytest.fixture
def swap_service(judged: SwapService) -> Iterator[SwapService]:
    """The judged service, with a Spotify that behaves until the test says otherwise."""
    judged.spotify.clear_faults()
    judged.spotify.clear_requests()
    yield judged
    judged.spotify.clear_faults()
