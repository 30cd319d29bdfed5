"""What holds for every answer, whatever was asked."""

import json
import re
from http.client import HTTPConnection

import pytest

from tests.contract.http_client import Answer, post_form, send
from tests.contract.processes import Running, running_service

PRINTABLE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+\Z")
TOKEN_PATHS = ["/swap", "/refresh", "/api/token", "/api/refresh_token"]


def ask(
    service: Running, method: str, path: str, body: bytes | None = None, **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(method, service.url + path, body, named)


REFUSED = [
    pytest.param("GET", "/nowhere", None, {}, 404, id="unknown path"),
    pytest.param("GET", "/swap/x", None, {}, 404, id="below a path"),
    pytest.param("GET", "/", None, {"Accept": "application/json"}, 200, id="root"),
    pytest.param("GET", "/healthz", None, {}, 200, id="health"),
    pytest.param("GET", "/readyz/", None, {}, 200, id="readiness"),
    pytest.param("GET", "/openapi.json", None, {}, 200, id="description"),
    pytest.param("GET", "/swap", None, {}, 405, id="GET for POST"),
    pytest.param("DELETE", "/healthz", None, {}, 405, id="DELETE for GET"),
    pytest.param("BREW", "/refresh", None, {}, 405, id="a method of teapots"),
    pytest.param("POST", "/swap", b"", {}, 400, id="empty body"),
    pytest.param("POST", "/swap", b"code=x", {"Content_Type": "image/png"}, 415, id="a picture"),
    pytest.param(
        "POST",
        "/swap",
        b"--x--",
        {"Content_Type": "multipart/form-data; boundary=x"},
        415,
        id="multipart",
    ),
    pytest.param("POST", "/swap", b"code=x", {"Content_Encoding": "gzip"}, 415, id="compressed"),
    pytest.param("POST", "/swap", b"code=" + b"x" * 16_380, {}, 413, id="a byte too large"),
    pytest.param("POST", "/refresh", b"x" * 1_000_000, {}, 413, id="a megabyte"),
    pytest.param(
        "POST", "/refresh", b"x" * 20_000, {"Content_Type": "a/b"}, 415, id="type before size"
    ),
    pytest.param("POST", "/nowhere", b"x" * 20_000, {}, 404, id="large and nowhere"),
    pytest.param("GET", "/healthz", None, {"X": "x" * 20_000}, 431, id="a large head"),
    pytest.param("POST", "/swap", b"code=x", {"Expect": "miracles"}, 417, id="an expectation"),
    pytest.param("POST", "/refresh", b"refresh_token=s1.x", {}, 400, id="a bad token"),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "status"), REFUSED)
def test_every_answer_is_json_that_nobody_may_keep(
    service: Running,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
    status: int,
) -> None:
    answer = ask(service, method, path, body, **headers)

    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert re.match(r"[A-Za-z0-9._-]{1,64}\Z", answer.headers["X-Request-ID"])
    assert re.match(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\Z", answer.headers["Date"])
    assert isinstance(answer.json(), dict)
    if status >= 400:
        assert len(answer.body) < 300
        assert set(answer.json()) == {"error", "error_description"}
        assert all(PRINTABLE.match(text) for text in answer.json().values())


@pytest.mark.parametrize("path", TOKEN_PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_another_method_is_told_which_one_is_right(
    service: Running, path: str, method: str
) -> None:
    answer = ask(service, method, path)

    assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/openapi.json"])
def test_head_is_get_without_a_body(service: Running, path: str) -> None:
    head, get = ask(service, "HEAD", path), ask(service, "GET", path)

    assert (head.status, head.body) == (get.status, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


@pytest.mark.parametrize(
    ("path", "allow"),
    [*((path, "OPTIONS, POST") for path in TOKEN_PATHS), ("/healthz", "GET, HEAD, OPTIONS")],
)
def test_options_says_what_there_is(service: Running, path: str, allow: str) -> None:
    answer = ask(service, "OPTIONS", path)

    assert (answer.status, answer.headers["Allow"], answer.body) == (204, allow, b"")


@pytest.mark.parametrize("path", ["/nowhere", "//swap", "/SWAP", "/%2e%2e/swap", "/swap%00"])
def test_an_unknown_path_is_not_repeated(service: Running, path: str) -> None:
    answer = ask(service, "GET", path)

    assert answer.status == 404
    assert path.strip("/").encode() not in answer.body.lower()


def test_the_callers_request_id_comes_back_and_a_forged_one_does_not(service: Running) -> None:
    assert (
        ask(service, "GET", "/healthz", X_Request_ID="app-1.2_3").headers["X-Request-ID"]
        == "app-1.2_3"
    )
    for bad in ("two words", "x" * 65, "semi;colon", "é".encode().decode("latin-1")):
        answer = ask(service, "GET", "/nowhere", X_Request_ID=bad)

        assert re.match(r"[0-9a-f]{16}\Z", answer.headers["X-Request-ID"])


def test_browsers_get_a_page_and_others_json(service: Running) -> None:
    page = ask(service, "GET", "/", Accept="text/html,application/xhtml+xml")

    assert page.headers["Content-Type"].startswith("text/html")
    assert b"<script" not in page.body
    assert ask(service, "GET", "/").json()["service"] == "sanic-swap"


def test_by_default_no_web_origin_may_read_an_answer(service: Running) -> None:
    answer = ask(service, "POST", "/swap", b"", Origin="https://app.example")

    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_listed_origins_may_read_every_answer(spotify: Running) -> None:
    with running_service(
        spotify.url, CORS_ORIGINS="https://app.example,capacitor://localhost"
    ) as service:
        for origin in ("https://app.example", "capacitor://localhost"):
            for answer in (
                ask(service, "POST", "/swap", b"", Origin=origin),
                ask(service, "GET", "/nowhere", Origin=origin),
            ):
                assert answer.headers["Access-Control-Allow-Origin"] == origin
                assert (
                    answer.headers["Access-Control-Expose-Headers"] == "Retry-After, X-Request-ID"
                )
                assert answer.headers["Vary"] == "Origin"
                assert "Access-Control-Allow-Credentials" not in answer.headers
        preflight = ask(
            service,
            "OPTIONS",
            "/swap",
            Origin="https://app.example",
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="content-type",
        )
        assert preflight.status == 204
        assert preflight.headers["Access-Control-Allow-Methods"] == "POST"
        assert (
            preflight.headers["Access-Control-Allow-Headers"]
            == "content-type, authorization, x-request-id"
        )
        for origin in ("https://app.example.evil", "https://APP.example", "null"):
            answer = ask(service, "POST", "/swap", b"", Origin=origin)

            assert answer.status == 400
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_refused_body_does_not_become_a_second_request(service: Running) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = ask(service, "POST", "/swap", smuggled, Content_Type="image/png")

    assert (answer.status, answer.headers["Connection"]) == (415, "close")


def test_form_and_json_are_judged_alike(service: Running) -> None:
    as_form = post_form(f"{service.url}/swap", {"code": "(null)"})
    as_json = ask(service, "POST", "/swap", json.dumps({"code": "(null)"}).encode())

    assert (as_form.status, as_form.json()) == (as_json.status, as_json.json())


def test_an_announced_body_that_is_empty_is_no_matter(service: Running) -> None:
    answer = ask(service, "OPTIONS", "/swap", b"", Content_Length="0")

    assert (answer.status, answer.headers["Connection"]) == (204, "keep-alive")
    assert "not consumed" not in service.log()


@pytest.mark.parametrize(
    ("types", "status"),
    [
        pytest.param(["application/json;charset=utf-8", "text/xml"], 415, id="JSON and XML"),
        pytest.param(["", "application/json"], 400, id="nothing and JSON"),
    ],
)
def test_two_content_types_are_none_that_we_know(
    service: Running, types: list[str], status: int
) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    connection = HTTPConnection(host, int(port), timeout=10)
    connection.putrequest("POST", "/swap")
    for value in types:
        connection.putheader("Content-Type", value)
    connection.putheader("Content-Length", "2")
    connection.endheaders(b"{}")

    assert connection.getresponse().status == status
    connection.close()
