"""New Relic hears how long endpoints and Spotify take, and no secret.

With the real agent in its offline developer mode: what it would send it writes to a file.
"""

import re
from collections.abc import Iterator

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import Status
from tests.contract.http_client import post_form, send
from tests.contract.processes import wait_until
from tests.contract.profiles import CLIENT_SECRET
from tests.contract.taint import Canaries
from tests.service.running import (
    KEY,
    running_service,
)

LICENSE = "eu01xxcanary0license0key0123456789abcdef"


@pytest.fixture(scope="module")
def told(
    spotify: FakeSpotify, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, Canaries]]:
    """Return what New Relic would hear of some requests, the log, and what must be in neither."""
    sent = tmp_path_factory.mktemp("newrelic") / "sent"
    canaries = Canaries()
    canaries.add([CLIENT_SECRET, KEY, LICENSE, "canary-path-0123", "canary-query-0123"])
    canaries.add(["canary-agent-0123", "canary-body-0123456", "canary-header-0123"])
    changes = {
        "NEW_RELIC_LICENSE_KEY": LICENSE,
        "NEW_RELIC_DEVELOPER_MODE": "true",
        "NEW_RELIC_AUDIT_LOG": str(sent),
    }
    with running_service(spotify.accounts_url, **changes) as service:
        # It records nothing before it has "connected", which ends with this.
        wait_until(lambda: sent.exists() and "'agent_settings'" in sent.read_text())
        headers = {"User-Agent": "canary-agent-0123", "X-Request-ID": "canary-header-0123"}
        for _ in range(3):  # and a moment later
            code = spotify.code()
            answer = post_form(f"{service.url}/swap?canary-query-0123", {"code": code}, headers)
            tokens = answer.json()
            for token in (tokens["refresh_token"], "canary-body-0123456"):
                post_form(f"{service.url}/refresh", {"refresh_token": token}, headers)
            spotify.fault(Status(400, '{"error":"invalid_client"}'))
            post_form(f"{service.url}/api/token", {"code": spotify.code()}, headers)
            send("GET", f"{service.url}/canary-path-0123?canary-query-0123", headers=headers)
            canaries.add([code, tokens["refresh_token"], tokens["access_token"]])
        canaries.add(grant.refresh_token for grant in spotify.grants())
        assert service.stop() == 0
        yield sent.read_text(), service.log(), canaries


def test_each_endpoint_is_a_transaction(told: tuple[str, str, Canaries]) -> None:
    names = set(re.findall(r"'WebTransaction/([^']+)'", told[0]))

    assert {name.removeprefix("Endpoint/") for name in names} >= {
        "swap",
        "refresh",
        "api/token",
        "other",
    }
    assert re.search(r"'http\.statusCode': 200", told[0])


def test_a_call_to_spotify_is_a_segment_that_names_its_host_alone(
    told: tuple[str, str, Canaries],
) -> None:
    names = re.findall(r"'External/([^']+)'", told[0])

    assert len([name for name in names if name.endswith("/aiohttp/POST")]) >= 3
    assert all(name.startswith(("127.0.0.1:", "all")) for name in names)


def test_no_secret_and_no_word_of_a_caller_is_recorded(told: tuple[str, str, Canaries]) -> None:
    sent, log, canaries = told

    assert canaries.in_text(sent) == []
    assert not {LICENSE, CLIENT_SECRET, KEY} & {*canaries.in_text(log)}
