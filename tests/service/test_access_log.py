"""The access log of the running service: one line for each answer, which nobody can forge."""

import json
from typing import Any

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import Status
from tests.contract.http_client import post_form, send
from tests.contract.processes import wait_until
from tests.service.metrics import scraped
from tests.service.refreshing import log_in, refresh
from tests.service.running import KEY, Running, running_service
from tests.service.seals import key_id, seal


def lines_of(service: Running, request_id: str) -> list[dict[str, Any]]:
    return [line for line in service.lines() if line.get("request_id") == request_id]


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param('x" outcome="ok', id="another field"),
        pytest.param('x\x85{"level":"error"}', id="a line end of Unicode"),
        pytest.param("x\r\n {}", id="a folded header"),
    ],
)
def test_no_header_forges_a_line(service: Running, agent: str) -> None:
    before = len(service.log().splitlines())
    send("GET", f"{service.url}/", headers={"User-Agent": agent, "X-Request-ID": "forger"})
    send("GET", f"{service.url}/", headers={"X-Request-ID": f"after-{before}"})
    wait_until(lambda: lines_of(service, f"after-{before}"))

    new = service.log().splitlines()[before:]
    assert len(new) == 2
    assert all(isinstance(json.loads(line), dict) and line.isascii() for line in new)


def test_a_line_tells_neither_query_nor_body_nor_codes_in_a_path(service: Running) -> None:
    url = f"{service.url}/swap/AQcanary/code=canary?canary-query"
    send("POST", url, b"code=canary-body", {"X-Request-ID": "untold"})
    wait_until(lambda: lines_of(service, "untold"))

    [line] = lines_of(service, "untold")
    assert line["message"].startswith("POST /swap/…/code 404 ")
    assert line["reason"] == "No such endpoint"
    assert "canary" not in json.dumps(line)


@pytest.mark.parametrize("token", ["AQ" + "x" * 38, "s1.E0VmQeUw." + "x" * 50])
def test_a_token_is_no_request_id(service: Running, token: str) -> None:
    answer = send("GET", f"{service.url}/", headers={"X-Request-ID": token})

    assert len(answer.headers["X-Request-ID"]) == 16
    assert token not in service.log()


def test_a_warning_about_one_request_has_its_id_and_its_grant(
    service: Running, spotify: FakeSpotify
) -> None:
    token = log_in(service, spotify)
    spotify.fault(Status(429, "{}"), times=1)
    form = {"refresh_token": token}
    post_form(f"{service.url}/refresh", form, {"X-Request-ID": "throttled"})
    wait_until(lambda: len(lines_of(service, "throttled")) == 2)

    warning, access = sorted(lines_of(service, "throttled"), key=lambda line: "path" in line)
    assert (warning["level"], warning["grant"]) == ("warning", access["grant"])


def test_an_error_of_spotifys_that_repeats_the_code_is_not_logged(
    service: Running, spotify: FakeSpotify
) -> None:
    code = spotify.code()
    spotify.fault(Status(400, f'{{"error":"no {code}"}}'), times=1)
    answer = post_form(f"{service.url}/swap", {"code": code}, {"X-Request-ID": "repeated"})
    wait_until(lambda: len(lines_of(service, "repeated")) == 2)

    [access] = [line for line in lines_of(service, "repeated") if "path" in line]
    assert (answer.error, access["error"]) == (f"no {code}", "(the code that was sent)")


def test_nobody_fills_the_log_or_the_metrics_with_invented_keys(spotify: FakeSpotify) -> None:
    elsewhere = "https://accounts.spotify.com"
    misplaced = seal("AQtoken", 0, elsewhere)
    with running_service(spotify.accounts_url, METRICS_PORT="0") as service:
        for number in range(15):
            for _ in range(2):
                token = f"s1.AAAAAA{number:02}.{'A' * 200}"
                refresh(service, token)
        refresh(service, "AQ" + "x" * 40)
        answer = refresh(service, misplaced)
        send("GET", f"{service.url}/", headers={"X-Request-ID": "last"})
        wait_until(lambda: lines_of(service, "last"))

        assert scraped(service)["sanic_swap_tokens_held_total", "unknown"] == 30
        assert scraped(service)["sanic_swap_tokens_held_total", key_id(KEY, elsewhere)] == 1
        # That of the operator's own mistake is told even then.
        [error] = [line for line in service.lines() if line["level"] == "error"]
        loud = [line for line in service.lines() if line["message"].startswith("Refresh token")]
        access = [line for line in service.lines() if line.get("outcome") == "token_held"]
    assert answer.status == 503
    assert "SPOTIFY_ACCOUNTS_URL" in error["message"]
    assert [line["level"] for line in loud] == ["warning"] * 12 + ["error"]
    assert "request_id" in loud[0]
    assert (access[0]["reason"], access[0]["key"]) == ("unknown_key", "AAAAAA00")


def test_it_can_be_turned_off(spotify: FakeSpotify) -> None:
    with running_service(spotify.accounts_url, ACCESS_LOG="off") as service:
        send("GET", f"{service.url}/", headers={"X-Request-ID": "quiet"})
        assert service.stop() == 0

        assert "listening" in service.log()
        assert "quiet" not in service.log()
