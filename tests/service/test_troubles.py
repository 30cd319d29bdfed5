"""Metrics and log alone tell which trouble it is: each has signs that no other has."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import (
    CaptivePortal,
    FalseInvalidGrant,
    Fault,
    NoHealthyUpstream,
    OAuthError,
    Silence,
    SlowHead,
    Status,
    TooManyRequests,
)
from tests.contract import patience
from tests.contract.http_client import post_form
from tests.contract.processes import wait_until
from tests.legacy_sealers import sealed_by_ruby
from tests.service.metrics import grown, scraped
from tests.service.refreshing import log_in, refresh
from tests.service.running import Running, running_service
from tests.service.seals import new_secret, seal

OPERATE_MD = Path(__file__).parents[2] / "docs/operate.md"
TABLE = OPERATE_MD.read_text().partition("## Three in the morning")[2]
TOKEN = "AQ" + "x" * 40
CALLS, REQUESTS = "sanic_swap_spotify_calls_total", "sanic_swap_requests_total"
STORE_LOST = ("sanic_swap_store_lost",)
Cause = Callable[[Running, FakeSpotify], None]


@dataclass(frozen=True)
class Trouble:
    """
    What may go wrong.

    Attributes:
        name: The first cell of its row in the document.
        metric: What grows, and its labels.
        log: A part of a line.
        cause: Brings it about.
        settings: Of a service of its own; None if one that has had other troubles will do.
    """

    name: str
    metric: tuple[str, ...]
    log: str
    cause: Cause
    settings: dict[str, str] | None = None


def swaps(count: int, *faults: Fault) -> Cause:
    """Return what swaps at once while Spotify has *faults*."""

    def cause(service: Running, spotify: FakeSpotify) -> None:
        codes = [spotify.code() for _ in range(count)]
        for fault in faults:
            spotify.fault(fault, times=None)
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda code: post_form(f"{service.url}/swap", {"code": code}), codes))

    return cause


def a_key_is_missing(service: Running, spotify: FakeSpotify) -> None:
    refresh(service, seal(TOKEN, 0, spotify.accounts_url, new_secret()))


def living_grants_are_refused(service: Running, spotify: FakeSpotify) -> None:
    tokens = [log_in(service, spotify) for _ in range(6)]
    spotify.fault(FalseInvalidGrant(), times=None)
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda token: refresh(service, token), tokens))


TROUBLES = [
    Trouble(
        "wrong client secret",
        (CALLS, "credentials_refused"),
        "Spotify refused our credentials",
        swaps(1, Status(400, '{"error":"invalid_client"}')),
    ),
    Trouble(
        "nobody can log in",
        (REQUESTS, "/swap", "grant_refused"),
        "Spotify refused: invalid_grant (Invalid redirect URI)",
        swaps(1, OAuthError("invalid_grant", "Invalid redirect URI")),
    ),
    Trouble(
        "a key is missing",
        (REQUESTS, "/refresh", "token_held"),
        "Refresh token not accepted (503): key ",
        a_key_is_missing,
    ),
    Trouble(
        "legacy tokens, and nobody said what of them",
        (REQUESTS, "/refresh", "token_held"),
        "Refresh token not accepted (503): the token looks like",
        lambda service, _: refresh(service, sealed_by_ruby("a secret", TOKEN)),
    ),
    Trouble(
        "Spotify is down",
        ("sanic_swap_spotify_breaker_open",),
        "Circuit breaker open",
        swaps(25, NoHealthyUpstream()),
        {},
    ),
    Trouble(
        "Spotify is slow",
        (CALLS, "spotify_too_slow"),
        "Spotify gave no answer within",
        swaps(1, Silence()),
        {"SPOTIFY_TIMEOUT": "1"},
    ),
    Trouble(
        "Spotify throttles",
        ("sanic_swap_spotify_hold_back_seconds",),
        "Spotify sent Retry-After",
        swaps(1, TooManyRequests(60)),
        {},
    ),
    Trouble(
        "Spotify calls living grants dead",
        ("sanic_swap_revocation_guard_holding",),
        "Revocation guard active",
        living_grants_are_refused,
        {},
    ),
    Trouble(
        "DNS, network or firewall",
        (CALLS, "spotify_unreachable"),
        "no address found for",
        swaps(1),
        {"SPOTIFY_ACCOUNTS_URL": "https://accounts.spotify.invalid"},
    ),
    Trouble(
        "a portal or proxy answers in Spotify's name",
        (CALLS, "spotify_nonsense"),
        "Spotify's answer cannot be used",
        swaps(1, CaptivePortal()),
    ),
    Trouble(
        "the store is lost",
        STORE_LOST,
        "Store unreachable",
        lambda service, spotify: refresh(service, log_in(service, spotify)),
        {"STORE_URL": "redis://127.0.0.1:1"},
    ),
    Trouble(
        "too much to do",
        (REQUESTS, "/swap", "too_busy"),
        "too_busy",
        swaps(5, SlowHead(patience.seconds(0.5))),
        {"MAX_IN_FLIGHT": "1", "MAX_CONNECTIONS": "50"},
    ),
    Trouble(
        "somebody guesses tokens, or an app sends nonsense",
        (REQUESTS, "/refresh", "token_refused"),
        "token_refused",
        lambda service, _: refresh(service, "s1.guessed"),
    ),
]


@contextmanager
def running(spotify: FakeSpotify, **more: str) -> Iterator[Running]:
    settings = {"METRICS_PORT": "0", "SPOTIFY_ACCOUNTS_URL": spotify.accounts_url, **more}
    with running_service("", **settings) as service:
        yield service


@pytest.fixture(scope="module")
def tried(spotify: FakeSpotify) -> Iterator[Running]:
    """A service for troubles that leave no trace."""
    with running(spotify) as service:
        yield service


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
def test_a_trouble_is_known_by_its_signs(
    trouble: Trouble, spotify: FakeSpotify, tried: Running
) -> None:
    with ExitStack() as stack:
        service, before = tried, len(tried.log())
        if trouble.settings is not None:
            service, before = stack.enter_context(running(spotify, **trouble.settings)), 0
        with grown(service) as change:
            trouble.cause(service, spotify)
        # A store may be lost before anybody looks.
        change[STORE_LOST] = scraped(service).get(STORE_LOST, 0.0)
        wait_until(lambda: trouble.log in service.log()[before:])
        log = service.log()[before:]
    seen = {other.name for other in TROUBLES if change.get(other.metric) and other.log in log}

    assert seen == {trouble.name}

    # And the document names them.
    [row] = [line for line in TABLE.splitlines() if line.startswith(f"| {trouble.name} |")]
    metric, *labels = trouble.metric
    metrics, log = (re.sub(r"[`…]", "", cell) for cell in row.split("|")[2:4])
    assert metric.removeprefix("sanic_swap_") in metrics or metrics.strip() == "the same"
    assert not labels or labels[-1] in metrics or metrics.strip() == "the same"
    assert trouble.log in log or trouble.log in row
