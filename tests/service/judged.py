"""Our own service as the contract suite judges it: with all that it could tell a secret to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fake_spotify import FakeSpotify
from tests.contract import patience
from tests.contract.http_client import SENT, send
from tests.contract.profiles import PROFILES
from tests.contract.swap_service import SwapService
from tests.service.metrics import metrics_url
from tests.service.running import KEY, running_service

_TIMEOUT_SECONDS = 2.0  # the shorter, the sooner tested
_SLACK_SECONDS = 3.0


@contextmanager
def judged_service(spotify: FakeSpotify, traces: Path) -> Iterator[SwapService]:
    """
    Run our service until the block ends.

    Args:
        traces: What it would have sent to New Relic goes into this file.

    Raises:
        AssertionError: If an answer, the log, a metric or a trace held a secret.
    """
    timeout = patience.seconds(_TIMEOUT_SECONDS)
    settings = {
        "SPOTIFY_TIMEOUT": str(timeout),
        "METRICS_PORT": "0",
        "NEW_RELIC_LICENSE_KEY": "eu01xxcanary0license0key0123456789abcdef",
        "NEW_RELIC_DEVELOPER_MODE": "true",  # sends nothing
        "NEW_RELIC_AUDIT_LOG": str(traces),
    }
    with running_service(spotify.accounts_url, **settings) as ours:
        deadline = timeout + patience.seconds(_SLACK_SECONDS)
        judged = SwapService(ours.url, PROFILES["sanic-swap"], spotify, deadline, log=ours.log)
        SENT.add([KEY])
        yield judged
        # Here too, because of several workers only one is asked for the last word.
        assert not judged.leaks
        assert not judged.logged_secrets()
        assert not SENT.in_text(send("GET", metrics_url(ours)).body.decode())
    assert not SENT.in_text(traces.read_text())
