"""Wrong credentials are noticed before traffic, and asking about them keeps nobody waiting."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fake_spotify import FakeSpotify, Match
from fake_spotify.faults import OAuthError, Silence
from tests.contract import patience
from tests.contract.http_client import post_form, send
from tests.contract.processes import free_port, launched, wait_until
from tests.service.metrics import scraped
from tests.service.refreshing import log_in, refresh
from tests.service.running import NOWHERE, SERVE, environment, running_service

QUESTION = Match(grant_type="client_credentials")
NOT_ANSWERED = "Cannot tell whether Spotify takes our credentials: "
OTHER_ID = "0123456789abcdef0123456789abcdef"
OTHER_SECRET = "another-canary-secret-5b1e"


def readiness(url: str) -> tuple[int, dict[str, Any]]:
    """Return what /readyz says; 0 if nobody listens yet."""
    try:
        answer = send("GET", f"{url}/readyz")
    except OSError:
        return 0, {}
    return answer.status, answer.json()


def test_a_service_whose_credentials_are_wrong_is_not_ready(spotify: FakeSpotify) -> None:
    app = {"CLIENT_ID": OTHER_ID, "CLIENT_SECRET": OTHER_SECRET}
    with running_service(spotify.accounts_url, **app, METRICS_PORT="0") as service:
        status, body = readiness(service.url)
        assert (status, body["status"], body["credentials"]) == (503, "starting", "refused")
        assert send("GET", f"{service.url}/healthz").status == 200
        assert scraped(service)["sanic_swap_credentials_refused",] == 1
        assert service.log().count("Spotify refused our credentials (400)") == 1
        # The question is no call of an app's.
        assert scraped(service)["sanic_swap_spotify_calls_total", "credentials_refused"] == 0

        # Apps are answered all the same; ready it is when the question is asked again.
        answer = post_form(f"{service.url}/swap", {"code": "c"})
        assert (answer.status, answer.headers["Retry-After"]) == (503, "300")
        spotify.register(client_id=OTHER_ID, client_secret=OTHER_SECRET, redirect_uris=["x:y"])
        assert post_form(f"{service.url}/swap", {"code": "c"}).error == "invalid_grant"
        assert scraped(service)["sanic_swap_credentials_refused",] == 0


def test_credentials_that_are_refused_later_leave_the_service_ready(spotify: FakeSpotify) -> None:
    with running_service(spotify.accounts_url) as service:
        assert readiness(service.url)[1]["credentials"] == "ok"
        sealed = log_in(service, spotify)
        spotify.fault(OAuthError(error="invalid_client"), times=1)
        assert refresh(service, sealed).status == 503
        status, body = readiness(service.url)
        assert (status, body["status"], body["credentials"]) == (200, "degraded", "refused")

        assert refresh(service, sealed).status == 200
        assert readiness(service.url)[1]["status"] == "ready"


def test_no_answer_counts_as_good() -> None:
    with running_service(NOWHERE) as service:
        status, body = readiness(service.url)

        assert (status, body["status"], body["credentials"]) == (200, "ready", "unknown")
        assert NOT_ANSWERED in service.log()


@contextmanager
def starting(spotify: FakeSpotify) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the service while Spotify is silent about its credentials; yield URL and process."""
    url = f"http://127.0.0.1:{free_port()}"
    env = environment(spotify.accounts_url, PORT=url.rpartition(":")[2])
    spotify.fault(Silence(), match=QUESTION, times=None)
    with launched(SERVE, env=env, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: readiness(url)[0])
        assert readiness(url)[1]["status"] == "starting"
        yield url, process


def test_a_spotify_that_hangs_delays_readiness_and_nothing_else(spotify: FakeSpotify) -> None:
    with starting(spotify) as (url, process):
        assert post_form(f"{url}/swap", {"code": spotify.code()}).status == 200
        wait_until(lambda: readiness(url)[0] == 200)
        assert spotify.count(QUESTION) == 1

        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=patience.seconds(10))
        assert process.returncode == 0
        assert NOT_ANSWERED in log


def test_a_signal_does_not_wait_for_the_question(spotify: FakeSpotify) -> None:
    with starting(spotify) as (_, process):
        process.send_signal(signal.SIGTERM)

        _, log = process.communicate(timeout=patience.seconds(10))
        assert process.returncode == 0
        assert NOT_ANSWERED not in log
