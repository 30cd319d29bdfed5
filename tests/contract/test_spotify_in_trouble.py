"""What apps are told when Spotify is unreachable, slow, or talks nonsense."""

import gzip
import json
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from pytest_httpserver import HTTPServer

from tests.contract.broken_upstream import (
    BrokenUpstream,
    Script,
    endless,
    keeps_silent,
    resets,
    says,
)
from tests.contract.http_client import Answer, post_form
from tests.contract.processes import Running, running_service, wait_until

DEADLINE_SECONDS = 2
OTHERS = 8
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = b'{"access_token":"a","refresh_token":"AQplain"}'


@pytest.fixture(scope="module")
def broken() -> Iterator[BrokenUpstream]:
    """A Spotify that breaks below HTTP."""
    with BrokenUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def patient_service(broken: BrokenUpstream) -> Iterator[Running]:
    """The service, in front of it, with a short deadline."""
    with running_service(broken.url, SPOTIFY_TIMEOUT=str(DEADLINE_SECONDS)) as service:
        yield service


def both_endpoints(service: Running, broken: BrokenUpstream) -> list[Answer]:
    """Swap with the script that is set, and refresh a good token with it."""
    script, broken.script = broken.script, says(HEAD + b"Content-Length: 46\r\n\r\n" + GOOD)
    # Most go well, so that Spotify does not seem to fail for everyone.
    for _ in range(OTHERS):
        sealed = post_form(f"{service.url}/swap", {"code": "c"}).json()["refresh_token"]
    answers = []
    for path, form in (("/swap", {"code": "c"}), ("/refresh", {"refresh_token": sealed})):
        # No connection is left that the service could use again just as it is closed.
        wait_until(broken.is_quiet)
        broken.script = script
        answers.append(post_form(f"{service.url}{path}", form))
    return answers


def test_a_spotify_that_refuses_connections_is_unreachable() -> None:
    with running_service("http://127.0.0.1:9") as service:
        answer = post_form(f"{service.url}/swap", {"code": "c"})

    assert (answer.status, answer.error) == (502, "temporarily_unavailable")


@pytest.mark.parametrize(
    ("script", "status", "error"),
    [
        pytest.param(resets(), 502, "temporarily_unavailable", id="reset before the head"),
        pytest.param(resets(b"HTTP/1."), 502, "temporarily_unavailable", id="reset in the head"),
        pytest.param(
            resets(HEAD + b'Content-Length: 99\r\n\r\n{"acc'),
            502,
            "temporarily_unavailable",
            id="reset in the body",
        ),
        pytest.param(says(b""), 502, "temporarily_unavailable", id="closed without a word"),
        pytest.param(
            says(HEAD + b"Content-Length: 99\r\n\r\n" + GOOD),
            502,
            "temporarily_unavailable",
            id="a short body",
        ),
        pytest.param(
            says(b"HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\ncut"),
            503,
            "temporarily_unavailable",
            id="a server error with a short body",
        ),
        pytest.param(keeps_silent(30), 504, "temporarily_unavailable", id="silence"),
        pytest.param(endless(b"", b"x"), 502, "server_error", id="an endless first line"),
        pytest.param(
            endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
            502,
            "server_error",
            id="1xx without end",
        ),
        pytest.param(
            endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"4\r\nxxxx\r\n"),
            502,
            "server_error",
            id="a body without end",
        ),
        pytest.param(says(b"SSH-2.0-OpenSSH_9\r\n"), 502, "server_error", id="another protocol"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
            502,
            "server_error",
            id="a length that is none",
        ),
        pytest.param(
            says(HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n"),
            502,
            "server_error",
            id="a huge head",
        ),
        pytest.param(
            says(
                HEAD
                + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n"
                + gzip.compress(b" " * 50_000_000 + GOOD)
            ),
            502,
            "server_error",
            id="a compressed bomb",
        ),
        pytest.param(
            says(b"HTTP/1.1 204 No Content\r\n\r\n"), 502, "server_error", id="no content"
        ),
        pytest.param(
            says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
            502,
            "server_error",
            id="another protocol, politely",
        ),
    ],
)
def test_what_breaks_below_http_is_answered_within_the_deadline(
    patient_service: Running, broken: BrokenUpstream, script: Script, status: int, error: str
) -> None:
    broken.script = script
    started = time.monotonic()
    answers = both_endpoints(patient_service, broken)
    seconds = time.monotonic() - started

    assert [(answer.status, answer.error) for answer in answers] == [(status, error)] * 2
    assert seconds < 2 * (DEADLINE_SECONDS + 1)
    assert patient_service.process.poll() is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(
    scripted_service: Running, upstream: HTTPServer, status: int
) -> None:
    upstream.clear()
    elsewhere = {"Location": upstream.url_for("/elsewhere")}
    upstream.expect_request("/api/token").respond_with_data("", status, elsewhere)

    answer = post_form(f"{scripted_service.url}/swap", {"code": "c"})

    assert (answer.status, answer.error) == (502, "server_error")
    assert [request.path for request, _ in upstream.log] == ["/api/token"]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(None, id="nothing"),
        pytest.param("soon", id="nonsense"),
        pytest.param("0", id="no time"),
        pytest.param(formatdate(0, usegmt=True), id="a date long ago"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_apps_are_told_to_wait_even_where_spotify_does_not_ask_for_it(
    scripted_service: Running, upstream: HTTPServer, status: int, sent: str | None
) -> None:
    upstream.clear()
    headers = {"Retry-After": sent} if sent else {}
    upstream.expect_request("/api/token").respond_with_data("<html>", status, headers)

    answers = [post_form(f"{scripted_service.url}/swap", {"code": "c"}) for _ in range(2)]

    asked_for = "0" if sent in ("0", formatdate(0, usegmt=True)) else "5"
    assert [answer.status for answer in answers] == [status] * 2
    assert {answer.headers["Retry-After"] for answer in answers} == {asked_for}
    assert len(upstream.log) == 2


def test_wrong_credentials_are_the_operators_fault_and_the_log_says_so(
    scripted_service: Running, upstream: HTTPServer
) -> None:
    upstream.clear()
    upstream.expect_request("/api/token").respond_with_json({"error": "invalid_client"}, 400)

    answer = post_form(f"{scripted_service.url}/swap", {"code": "c"})

    assert (answer.status, answer.error) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "300"
    assert "CLIENT_SECRET is wrong" in scripted_service.log()


def test_cookies_and_headers_of_spotify_go_no_further(
    scripted_service: Running, upstream: HTTPServer
) -> None:
    upstream.clear()
    headers = {"Set-Cookie": "a=b; Path=/", "fly-replay": "app=evil", "X-Other": "1"}
    upstream.expect_request("/api/token").respond_with_data(
        json.dumps({"access_token": "a"}), 200, headers, "text/html"
    )

    answers = [post_form(f"{scripted_service.url}/swap", {"code": "c"}) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert not {"set-cookie", "fly-replay", "x-other"} & {
        name.lower() for answer in answers for name in answer.headers
    }
    assert not any("Cookie" in request.headers for request, _ in upstream.log)
