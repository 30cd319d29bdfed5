"""Metrics and log alone tell which trouble it is: each has signs that no other has."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import (
    CaptivePortal,
    FalseInvalidGrant,
    NoHealthyUpstream,
    Silence,
    SlowHead,
    Status,
    TooManyRequests,
)
from sanic_swap.keys import new_secret, root_key
from sanic_swap.sealing import KeyRing, SealingContext
from sanic_swap.secret import Secret
from tests.contract.http_client import post_form
from tests.contract.metrics import grown, scraped
from tests.contract.processes import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    Running,
    running_service,
    wait_until,
)
from tests.legacy_sealers import sealed_by_ruby

TABLE = (
    (Path(__file__).parents[2] / "docs/operate.md").read_text().partition("## Three in the morning")
)[2]
CALLS, REQUESTS = "sanic_swap_spotify_calls_total", "sanic_swap_requests_total"
Signs = tuple[tuple[str, ...], str]
# By its name in the document: the metric that grows, and a part of the log.
SIGNS: dict[str, Signs] = {
    "wrong client secret": ((CALLS, "credentials_refused"), "Spotify refused our credentials"),
    "a key is missing": ((REQUESTS, "/refresh", "token_held"), "held back: a token of key"),
    "legacy tokens, and nobody said what of them": (
        (REQUESTS, "/refresh", "token_held"),
        "held back: a token that looks like one of another swap service",
    ),
    "Spotify is down": (("sanic_swap_spotify_breaker_open",), "Spotify fails for everyone"),
    "Spotify is slow": ((CALLS, "spotify_too_slow"), "no answer within"),
    "Spotify throttles": (("sanic_swap_spotify_hold_back_seconds",), "Spotify asks us to wait"),
    "Spotify calls living grants dead": (
        ("sanic_swap_revocation_guard_holding",),
        "Spotify refuses many young grants",
    ),
    "DNS, network or firewall": ((CALLS, "spotify_unreachable"), "ClientConnectorDNSError"),
    "a portal or proxy answers in Spotify's name": (
        (CALLS, "spotify_nonsense"),
        "Spotify's answer cannot be used",
    ),
    "the store is lost": (("sanic_swap_store_lost",), "the store is lost"),
    "too much to do": ((REQUESTS, "/swap", "too_busy"), "too_busy"),
    "somebody guesses tokens, or an app sends nonsense": (
        (REQUESTS, "/refresh", "token_refused"),
        "token_refused",
    ),
}
Trouble = Callable[[Running, FakeSpotify], None]


def swaps(service: Running, fake: FakeSpotify, count: int) -> None:
    codes = [fake.code() for _ in range(count)]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda code: post_form(f"{service.url}/swap", {"code": code}), codes))


def refreshes(service: Running, tokens: list[str]) -> None:
    with ThreadPoolExecutor(5) as pool:
        list(
            pool.map(
                lambda one: post_form(f"{service.url}/refresh", {"refresh_token": one}), tokens
            )
        )


def wrong_secret(service: Running, fake: FakeSpotify) -> None:
    fake.fault(Status(400, '{"error":"invalid_client"}'))
    swaps(service, fake, 1)


def missing_key(service: Running, fake: FakeSpotify) -> None:
    keys = KeyRing(root_key(new_secret()), SealingContext(CLIENT_ID, fake.accounts_url))
    refreshes(service, [keys.seal(Secret("AQ" + "x" * 40), 0)])


def legacy(service: Running, _: FakeSpotify) -> None:
    refreshes(service, [sealed_by_ruby("a secret", "AQ" + "x" * 40)])


def down(service: Running, fake: FakeSpotify) -> None:
    fake.fault(NoHealthyUpstream(), times=None)
    swaps(service, fake, 25)


def slow(service: Running, fake: FakeSpotify) -> None:
    fake.fault(Silence())
    swaps(service, fake, 1)


def throttled(service: Running, fake: FakeSpotify) -> None:
    fake.fault(TooManyRequests(60))
    swaps(service, fake, 1)


def false_revocations(service: Running, fake: FakeSpotify) -> None:
    tokens = [
        post_form(f"{service.url}/swap", {"code": fake.code()}).json()["refresh_token"]
        for _ in range(6)
    ]
    fake.fault(FalseInvalidGrant(), times=None)
    refreshes(service, tokens)


def no_dns(service: Running, fake: FakeSpotify) -> None:
    swaps(service, fake, 1)


def portal(service: Running, fake: FakeSpotify) -> None:
    fake.fault(CaptivePortal())
    swaps(service, fake, 1)


def no_store(service: Running, fake: FakeSpotify) -> None:
    token = post_form(f"{service.url}/swap", {"code": fake.code()}).json()["refresh_token"]
    refreshes(service, [token])


def overload(service: Running, fake: FakeSpotify) -> None:
    fake.fault(SlowHead(0.5), times=None)
    swaps(service, fake, 5)


def guesses(service: Running, _: FakeSpotify) -> None:
    refreshes(service, ["s1.guessed"])


@pytest.mark.parametrize(
    ("name", "trouble", "settings"),
    [
        pytest.param("wrong client secret", wrong_secret, {}, id="secret"),
        pytest.param("a key is missing", missing_key, {}, id="key"),
        pytest.param("legacy tokens, and nobody said what of them", legacy, {}, id="legacy"),
        pytest.param("Spotify is down", down, {}, id="down"),
        pytest.param("Spotify is slow", slow, {"SPOTIFY_TIMEOUT": "1"}, id="slow"),
        pytest.param("Spotify throttles", throttled, {}, id="throttles"),
        pytest.param("Spotify calls living grants dead", false_revocations, {}, id="revocations"),
        pytest.param(
            "DNS, network or firewall",
            no_dns,
            {"SPOTIFY_ACCOUNTS_URL": "https://accounts.spotify.invalid"},
            id="DNS",
        ),
        pytest.param("a portal or proxy answers in Spotify's name", portal, {}, id="portal"),
        pytest.param(
            "the store is lost", no_store, {"STORE_URL": "redis://127.0.0.1:1"}, id="store"
        ),
        pytest.param(
            "too much to do",
            overload,
            {"MAX_IN_FLIGHT": "1", "MAX_CONNECTIONS": "50"},
            id="overload",
        ),
        pytest.param(
            "somebody guesses tokens, or an app sends nonsense", guesses, {}, id="guesses"
        ),
    ],
)
def test_a_trouble_is_known_by_its_signs(
    name: str, trouble: Trouble, settings: dict[str, str]
) -> None:
    with (
        FakeSpotify(
            client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=[REDIRECT_URI]
        ) as fake,
        running_service(fake.accounts_url, METRICS_PORT="0", **settings) as service,
    ):
        with grown(service) as change:
            trouble(service, fake)
        # From its start on, because a store may be lost before anybody looks.
        change = {key: max(change[key], value) for key, value in scraped(service).items()}
        wait_until(lambda: SIGNS[name][1] in service.log())
        seen = {
            other
            for other, (metric, line) in SIGNS.items()
            if change.get(metric, 0.0) > 0 and line in service.log()
        }

    assert seen == {name}


@pytest.mark.parametrize("name", SIGNS)
def test_the_document_names_the_signs(name: str) -> None:
    [row] = [line for line in TABLE.splitlines() if line.startswith(f"| {name} |")]
    (metric, *labels), line = SIGNS[name]

    metrics, log = (re.sub(r"[`…]", "", cell) for cell in row.split("|")[2:4])
    assert metric.removeprefix("sanic_swap_") in metrics or metrics.strip() == "the same"
    assert not labels or labels[-1] in metrics or metrics.strip() == "the same"
    assert line.split(": ")[0] in log or line in row
