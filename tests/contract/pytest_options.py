"""The options by which `pytest tests/contract` judges any swap service."""

from dataclasses import replace
from pathlib import Path

import pytest

from .judging import DEADLINE_SECONDS, Judging
from .profiles import CLIENT_ID, CLIENT_SECRET, PROFILES, REDIRECT_URI

_WAIT_SECONDS = 60.0


def add_options(parser: pytest.Parser) -> None:
    """Add the options that point the suite at a service."""
    group = parser.getgroup("swap service under test")
    group.addoption("--swap-url", help="where the service under test is (default: start our own)")
    group.addoption(
        "--swap-command",
        metavar="COMMAND",
        help="starts that service, and again whenever it has died (default: somebody else does)",
    )
    group.addoption(
        "--accounts-port",
        type=int,
        default=8090,
        help="loopback port at which that service expects Spotify (default: 8090)",
    )
    group.addoption(
        "--profile", choices=sorted(PROFILES), default="sanic-swap", help="its kind of service"
    )
    group.addoption("--swap-client-id", default=CLIENT_ID)
    group.addoption("--swap-client-secret", default=CLIENT_SECRET)
    group.addoption("--swap-redirect-uri", default=REDIRECT_URI)
    group.addoption(
        "--deadline", type=float, help="seconds in which it has to answer (default: 9; ours: 3)"
    )
    group.addoption("--promises-json", type=Path, metavar="FILE", help="write the table as JSON")


def judging(config: pytest.Config) -> Judging:
    """Return what these options say."""
    option = config.getoption
    chosen = Judging(
        url=option("--swap-url") or "",
        command=option("--swap-command") or "",
        profile=PROFILES[option("--profile")],
        client_id=option("--swap-client-id"),
        client_secret=option("--swap-client-secret"),
        redirect_uri=option("--swap-redirect-uri"),
        deadline_seconds=option("--deadline") or DEADLINE_SECONDS,
        wait_seconds=_WAIT_SECONDS,
    )
    return replace(chosen, fake_port=option("--accounts-port")) if chosen.url else chosen
