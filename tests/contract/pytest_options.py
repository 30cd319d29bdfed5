"""The options by which `pytest tests/contract` judges any swap service."""

from dataclasses import replace
from pathlib import Path

import pytest

from .judging import DEADLINE_SECONDS, Judging
from .profiles import CLIENT_ID, CLIENT_SECRET, PROFILES, REDIRECT_URI

_WAIT_SECONDS = 60.0
_AGAIN = "starts that service, and again whenever it has died (default: somebody else does)"
_PORT = "loopback port at which that service expects Spotify (default: 8090)"
_DEADLINE = "seconds in which it has to answer (default: 9; ours: 3)"


def add_options(parser: pytest.Parser) -> None:
    """Add the options that point the suite at a service."""
    add = parser.getgroup("swap service under test").addoption
    add("--swap-url", default="", help="where that service is (default: start our own)")
    add("--swap-command", default="", metavar="COMMAND", help=_AGAIN)
    add("--accounts-port", type=int, default=8090, help=_PORT)
    add("--profile", choices=sorted(PROFILES), default="sanic-swap", help="its kind of service")
    add("--swap-client-id", default=CLIENT_ID)
    add("--swap-client-secret", default=CLIENT_SECRET)
    add("--swap-redirect-uri", default=REDIRECT_URI)
    add("--deadline", type=float, default=DEADLINE_SECONDS, help=_DEADLINE)
    add("--promises-json", type=Path, metavar="FILE", help="write the report as JSON")


def judging(config: pytest.Config) -> Judging:
    """Return what these options say."""
    option = config.getoption
    chosen = Judging(
        url=option("--swap-url"),
        command=option("--swap-command"),
        profile=PROFILES[option("--profile")],
        client_id=option("--swap-client-id"),
        client_secret=option("--swap-client-secret"),
        redirect_uri=option("--swap-redirect-uri"),
        deadline_seconds=option("--deadline"),
        wait_seconds=_WAIT_SECONDS,
    )
    return replace(chosen, fake_port=option("--accounts-port")) if chosen.url else chosen
