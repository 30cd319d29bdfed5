"""What holds for answers beyond the table of raw requests: methods, request ids, CORS."""

import re

import pytest

from fake_spotify import FakeSpotify
from tests.contract.http_client import Answer, send
from tests.service.running import Running, running_service


def ask(
    service: Running, method: str, path: str, body: bytes | None = None, **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(method, service.url + path, body, named)


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/openapi.json"])
def test_head_is_get_without_a_body(service: Running, path: str) -> None:
    head, get = ask(service, "HEAD", path), ask(service, "GET", path)

    assert (head.status, head.body) == (get.status, b"") == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_the_callers_request_id_comes_back_and_a_forged_one_does_not(service: Running) -> None:
    answer = ask(service, "GET", "/healthz", X_Request_ID="app-1.2_3")

    assert answer.headers["X-Request-ID"] == "app-1.2_3"
    for bad in ("two words", "x" * 65, "semi;colon", "é".encode().decode("latin-1")):
        answer = ask(service, "GET", "/nowhere", X_Request_ID=bad)

        assert re.match(r"[0-9a-f]{16}\Z", answer.headers["X-Request-ID"])


def test_the_front_page_is_for_people_and_json_for_everybody_else(service: Running) -> None:
    page = ask(service, "GET", "/", Accept="text/html,application/xhtml+xml")

    assert page.headers["Content-Type"].startswith("text/html")
    assert b"<script" not in page.body
    assert ask(service, "GET", "/").json()["service"] == "sanic-swap"


def cors_headers(answer: Answer) -> dict[str, str]:
    return {
        name.lower().removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-")
    }


def test_listed_origins_may_read_every_answer(spotify: FakeSpotify) -> None:
    listed = ("https://app.example", "capacitor://localhost")
    with running_service(spotify.accounts_url, CORS_ORIGINS=",".join(listed)) as service:
        for origin in listed:
            for path in ("/swap", "/nowhere"):
                answer = ask(service, "POST", path, b"", Origin=origin)

                assert answer.headers["Vary"] == "Origin"
                assert cors_headers(answer) == {
                    "allow-origin": origin,
                    "expose-headers": "Retry-After, X-Request-ID",
                }
        asked = {
            "Access_Control_Request_Method": "POST",
            "Access_Control_Request_Headers": "content-type, sentry-trace",
            "Origin": listed[0],
        }
        preflight = ask(service, "OPTIONS", "/swap", **asked)
        assert preflight.status == 204
        assert cors_headers(preflight)["allow-methods"] == "POST"
        assert cors_headers(preflight)["allow-headers"] == "content-type, sentry-trace"
        for origin in ("https://app.example.evil", "https://APP.example", "null"):
            assert not cors_headers(ask(service, "POST", "/swap", b"", Origin=origin))
