"""A fake Spotify and the service in front of it start together and end together."""

import pytest

from sanic_swap.demo.pair import PairFailed, running_pair
from tests.contract.http_client import send


def test_both_run_until_the_block_ends_and_a_restart_keeps_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What is set where a developer works does not reach the service.
    monkeypatch.setenv("CLIENT_SECRET_FILE", "/missing")
    monkeypatch.setenv("MAX_CONNECTIONS", "many")
    with running_pair(["my-app://callback"]) as pair:
        before = pair.service_url
        pair.start_service(MAX_IN_FLIGHT="9")

        assert pair.service_url == before
        assert send("GET", f"{before}/readyz").status == 200
        with pytest.raises(PairFailed, match="MAX_IN_FLIGHT: "):
            pair.start_service(MAX_IN_FLIGHT="many")
        assert send("GET", f"{pair.fake.control_url}/health").status == 200
    for url in (pair.service_url, pair.fake.control_url):
        with pytest.raises(OSError, match="refused"):
            send("GET", f"{url}/")
    with pytest.raises(PairFailed, match="being stopped"):
        pair.start_service()


def test_a_fake_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(PairFailed, match="invalid choice"),
        running_pair(["my-app://callback"], ["--era", "1999"]),
    ):
        pass
