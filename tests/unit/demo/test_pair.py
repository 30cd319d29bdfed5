"""A fake Spotify and the service in front of it start together and end together."""

import pytest

from sanic_swap.demo.pair import PairFailed, running_pair
from tests.contract.http_client import send


def test_both_run_until_the_block_ends_and_a_restart_keeps_the_address() -> None:
    with running_pair(["my-app://callback"]) as pair:
        before = pair.service_url
        pair.start_service(MAX_IN_FLIGHT="9")

        assert pair.service_url == before
        assert send("GET", f"{before}/readyz").status == 200
        assert send("GET", f"{pair.fake.control_url}/health").status == 200
    for url in (pair.service_url, pair.fake.control_url):
        with pytest.raises(OSError, match="refused"):
            send("GET", f"{url}/")
    with pytest.raises(PairFailed, match="being stopped"):
        pair.start_service()


@pytest.mark.parametrize(
    ("fake_options", "settings", "printed"),
    [
        pytest.param(["--era", "1999"], {}, "invalid choice", id="fake"),
        pytest.param([], {"MAX_IN_FLIGHT": "many"}, "MAX_IN_FLIGHT: ", id="service"),
    ],
)
def test_a_start_that_fails_says_what_was_printed(
    fake_options: list[str], settings: dict[str, str], printed: str
) -> None:
    with (
        pytest.raises(PairFailed, match=printed),
        running_pair(["my-app://callback"], fake_options, **settings),
    ):
        pass


def test_settings_in_the_environment_do_not_reach_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLIENT_SECRET_FILE", "/missing")
    monkeypatch.setenv("MAX_IN_FLIGHT", "many")
    with running_pair(["my-app://callback"]) as pair:
        assert send("GET", f"{pair.service_url}/readyz").status == 200
