"""Prometheus reads, on a port of its own, how the service fares."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import NoHealthyUpstream, Status
from tests.contract.http_client import post_form, send
from tests.contract.processes import wait_until
from tests.service.metrics import grown, metrics_url, scraped
from tests.service.raw_client import raw_connection
from tests.service.refreshing import log_in, refresh
from tests.service.running import Running, running_service

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def measured(spotify: FakeSpotify) -> Iterator[Running]:
    with running_service(
        spotify.accounts_url,
        METRICS_PORT="0",
        LEGACY_TOKENS="node",
        LEGACY_TOKENS_UNTIL="2999-12-31",
    ) as service:
        yield service


def test_requests_are_counted_by_endpoint_and_outcome(
    measured: Running, spotify: FakeSpotify
) -> None:
    with grown(measured) as change:
        token = log_in(measured, spotify)
        altered = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
        for one in (token, token, "s1.x", altered, f"s1.AAAAAAAA.{'A' * 200}"):
            refresh(measured, one)
        send("GET", f"{measured.url}/healthz/")
        send("DELETE", f"{measured.url}/refresh/")
        spotify.fault(NoHealthyUpstream(), times=1)
        refresh(measured, token)
        spotify.fault(Status(400, '{"error":"invalid_client"}'))
        refresh(measured, token)

    requests = {
        key[1:]: count
        for key, count in change.items()
        if key[0] == "sanic_swap_requests_total" and count
    }
    assert requests == {
        ("/swap", "ok"): 1,
        ("/refresh", "ok"): 3,
        ("/refresh", "token_refused"): 2,
        ("/refresh", "token_held"): 1,
        ("/refresh", "credentials_refused"): 1,
        ("/healthz", "ok"): 1,
        ("/refresh", "http_error"): 1,
    }
    assert change["sanic_swap_request_duration_seconds_count", "/refresh"] == 8
    assert change["sanic_swap_spotify_calls_total", "tokens"] == 4
    assert change["sanic_swap_spotify_calls_total", "spotify_fails"] == 1
    assert change["sanic_swap_spotify_calls_total", "credentials_refused"] == 1
    assert change["sanic_swap_spotify_call_duration_seconds_count",] == 6
    assert change["sanic_swap_spotify_retries_total",] == 1
    assert change["sanic_swap_tokens_opened_total", token.split(".")[1]] == 4
    assert change["sanic_swap_tokens_refused_total", "altered"] == 1
    assert change["sanic_swap_tokens_refused_total", "not_a_token"] == 1
    assert change["sanic_swap_tokens_held_total", "unknown"] == 1


def test_no_label_comes_from_outside(measured: Running, spotify: FakeSpotify) -> None:
    before = scraped(measured).keys()
    for path in ("/canary-path", "/swap/canary-path", "/%73wap", "/swap//", "/swap?canary-query"):
        for method in ("GET", "POST", "CANARYMETHOD"):
            send(method, measured.url + path, b"code=canary-code", {"X-Request-ID": "canary-id"})
    with raw_connection(measured.url) as connection:
        connection.send(b"OPTIONS * HTTP/1.1\r\nHost: swap.example\r\n\r\n")
        assert connection.read()
    refresh(measured, "s1.canaryid." + "A" * 139)
    spotify.fault(Status(400, '{"error":"canary_error","error_description":"canary words"}'))
    post_form(f"{measured.url}/swap", {"code": spotify.code()})

    new = scraped(measured).keys() - before
    assert {labels[1] for labels in new} <= {"other", "/", "0.005", "0.01"} | {
        label for _, *labels in before for label in labels
    }
    assert "canary" not in send("GET", metrics_url(measured)).body.decode().lower()


def test_what_is_under_way_is_told_and_a_drain_too(spotify: FakeSpotify) -> None:
    with running_service(spotify.accounts_url, METRICS_PORT="0") as service:
        now = scraped(service)
        assert now["sanic_swap_requests_in_flight",] == 0
        assert now["sanic_swap_requests_in_flight_limit",] == 1000
        assert now["sanic_swap_draining",] == 0
        assert now["process_resident_memory_bytes",] > 1_000_000
        assert 0 < now["process_open_fds",] < 1000
        wait_until(lambda: scraped(service)["sanic_swap_event_loop_lag_seconds_count",] > 0)
        [build] = [key for key in now if key[0] == "sanic_swap_build_info"]
        assert build[1] == "unknown" or re.match("[0-9a-f]{12}$", build[1])
        assert re.match(r"3\.\d+\.", build[2])
        keys = [key[1:] for key in now if key[0] == "sanic_swap_key_info"]
        assert [use for _, use in keys] == ["current"]

        with socket.create_connection(service.address) as unfinished:
            unfinished.sendall(b"POST /swap HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n")
            service.process.terminate()
            wait_until(lambda: "draining" in service.log())

            assert scraped(service)["sanic_swap_draining",] == 1


def test_a_grant_counts_once_a_day_by_what_is_left_of_it(
    measured: Running, spotify: FakeSpotify
) -> None:
    with grown(measured) as change:
        token = log_in(measured, spotify)
        for _ in range(3):
            refresh(measured, token)

    assert change["sanic_swap_authorization_remaining_days_count",] == 1
    assert change["sanic_swap_authorization_remaining_days_bucket", "150.0"] == 0
    assert change["sanic_swap_authorization_remaining_days_bucket", "180.0"] == 1


def test_the_public_port_tells_no_metrics(measured: Running) -> None:
    assert send("GET", f"{measured.url}/metrics").status == 404


def test_by_default_there_are_no_metrics(service: Running) -> None:
    assert '"metrics"' not in service.log()


def documented(heading: str, next_heading: str) -> set[str]:
    """Return the names in the first column of a table of docs/operate.md."""
    text = (ROOT / "docs/operate.md").read_text()
    table = text.partition(heading)[2].partition(next_heading)[0]
    rows = (line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_documents_name_every_metric_and_no_other(measured: Running) -> None:
    there = {name.removeprefix("sanic_swap_") for name, *_ in scraped(measured)}
    there = {re.sub(r"_(bucket|count|sum)$", "", name) for name in there}

    assert documented("## Metrics", "### Outcomes") - {"store_lost", "store_losses_total"} == {
        name for name in there if not name.startswith("process_")
    }


def test_the_documents_name_every_outcome_and_no_other(measured: Running) -> None:
    counted = {key[2] for key in scraped(measured) if key[0] == "sanic_swap_requests_total"}

    assert documented("### Outcomes", "## The log") == counted
