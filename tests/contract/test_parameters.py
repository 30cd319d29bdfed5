"""What an app may send, and what is refused before Spotify hears of it."""

import json
from urllib.parse import quote

import pytest
from pytest_httpserver import HTTPServer

from tests.contract.http_client import FORM, Answer, send
from tests.contract.processes import CLIENT_ID, REDIRECT_URI, Running, running_service

GOOD_TOKENS = {"access_token": "a", "token_type": "Bearer", "expires_in": 3600}
PATHS = ["/swap", "/refresh", "/api/token", "/api/refresh_token"]


@pytest.fixture(autouse=True)
def tokens_for_everybody(upstream: HTTPServer) -> None:
    """Spotify answers whatever reaches it, and remembers that it was asked."""
    upstream.clear()
    upstream.expect_request("/api/token").respond_with_json(GOOD_TOKENS)


def post(service: Running, path: str, body: bytes, content_type: str | None = FORM) -> Answer:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return send("POST", service.url + path, body, headers)


def form_and_json(name: str, value: str) -> list[tuple[bytes, str]]:
    return [
        (f"{name}={quote(value, safe='')}".encode(), FORM),
        (json.dumps({name: value}).encode(), "application/json"),
    ]


REFUSED_SWAPS = [
    pytest.param(b"", "invalid_request", "code", id="nothing"),
    pytest.param(b"code=", "invalid_request", "code", id="empty"),
    pytest.param(b"code=%20%09%0D%0A", "invalid_request", "code", id="blanks"),
    pytest.param(b"code=(null)", "invalid_request", "code", id="(null)"),
    pytest.param(b"code=null", "invalid_request", "code", id="null"),
    pytest.param(b"code=undefined", "invalid_request", "code", id="undefined"),
    pytest.param(b"code=a&code=a", "invalid_request", "code", id="repeated"),
    pytest.param(b"code=a&code=", "invalid_request", "code", id="repeated, once empty"),
    pytest.param(b"code=" + b"a" * 2049, "invalid_request", "code", id="too long"),
    pytest.param(b"code=a%00b", "invalid_request", "code", id="a NUL"),
    pytest.param("code=ä".encode(), "invalid_request", "code", id="not ASCII"),
    pytest.param(b"code=a%0Ab", "invalid_request", "code", id="a newline inside"),
    pytest.param(b"code=%zz", "invalid_request", "form", id="a broken escape"),
    pytest.param(b"code=a%", "invalid_request", "form", id="a cut escape"),
    pytest.param(b"code=%ff", "invalid_request", "form", id="escaped, not UTF-8"),
    pytest.param(b"code=\xff", "invalid_request", "form", id="not UTF-8"),
    pytest.param(b"\xef\xbb\xbfcode=a", "invalid_request", "byte order mark", id="a BOM"),
    pytest.param(b"code=a&redirect_uri=https://evil.example", "invalid_request", "redirect_uri",
                 id="another redirect URI"),
    pytest.param(b"code=a&redirect_uri=https://app.example/callback/", "invalid_request",
                 "redirect_uri", id="a redirect URI with a slash more"),
    pytest.param(b"code=a&redirect_uri=HTTPS://app.example/callback", "invalid_request",
                 "redirect_uri", id="a redirect URI in capitals"),
    pytest.param(b"code=a&code_verifier=short", "invalid_request", "code_verifier",
                 id="a short verifier"),
    pytest.param(b"code=a&code_verifier=" + b"v" * 129, "invalid_request", "code_verifier",
                 id="a long verifier"),
    pytest.param(b"code=a&code_verifier=" + b"v" * 42 + b"%2B", "invalid_request",
                 "code_verifier", id="a verifier with another letter"),
    pytest.param(b"code=a&client_id=" + b"0" * 32, "invalid_client", "client_id",
                 id="another client"),
    pytest.param(b"code=a&client_id=x&grant_type=y", "invalid_client", "client_id",
                 id="client before grant type"),
    pytest.param(b"grant_type=refresh_token&code=(null)", "unsupported_grant_type", "grant_type",
                 id="grant type before code"),
    pytest.param(b"code=a&grant_type=password", "unsupported_grant_type", "grant_type",
                 id="a foreign grant type"),
    pytest.param(b"code=a&grant_type=null", "invalid_request", "grant_type", id="no grant type"),
    pytest.param(b"code=a&grant_type=x&grant_type=x", "invalid_request", "grant_type",
                 id="two grant types"),
    pytest.param(b"code[]=a", "invalid_request", "code", id="an array"),
    pytest.param(b"Code=a", "invalid_request", "code", id="in capitals"),
    pytest.param(b'{"code":"a"}', "invalid_request", "code", id="JSON declared as a form"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "error", "named"), REFUSED_SWAPS)
def test_a_bad_swap_is_refused_by_name_and_spotify_is_not_asked(
    scripted_service: Running, upstream: HTTPServer, body: bytes, error: str, named: str
) -> None:
    answer = post(scripted_service, "/swap", body)

    assert (answer.status, answer.error) == (400, error)
    assert named in answer.json()["error_description"]
    assert not upstream.log


REFUSED_JSON = [
    pytest.param(b"[]", id="an array"),
    pytest.param(b'"code"', id="a string"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"{", id="cut"),
    pytest.param(b'{"code":"a",}', id="a comma too many"),
    pytest.param(b'{"code":"a"} x', id="something behind"),
    pytest.param(b"{'code':'a'}", id="single quotes"),
    pytest.param(b'{"code":"a","n":NaN}', id="NaN"),
    pytest.param(b'{"code":"a","n":Infinity}', id="Infinity"),
    pytest.param(b'{"code":"a","n":01}', id="a leading zero"),
    pytest.param(b'{"code":1}', id="a number"),
    pytest.param(b'{"code":["a"]}', id="a list"),
    pytest.param(b'{"code":{"a":1}}', id="an object"),
    pytest.param(b'{"code":true}', id="a boolean"),
    pytest.param(b'{"code":null}', id="null"),
    pytest.param(b'{"code":"a","code":"a"}', id="repeated"),
    pytest.param(b'{"code":null,"code":"a"}', id="repeated, once null"),
    pytest.param(b'{"code":"\\ud800"}', id="half a surrogate pair"),
    pytest.param(b'{"code":"a\tb"}', id="a raw control character"),
    pytest.param(b'{"code":"\\u0000"}', id="an escaped NUL"),
    pytest.param(b'{"code":"\xff"}', id="not UTF-8"),
    pytest.param(b'\xef\xbb\xbf{"code":"a"}', id="a BOM"),
    pytest.param('{"code":"a"}'.encode("utf-16"), id="UTF-16"),
    pytest.param(b'{"code":"a","n":' + b"[" * 15_000, id="nested without end"),
    pytest.param(
        b'{"code":"a","n":' + b"[" * 501 + b"]" * 501 + b"}", id="nested deeply, well formed"
    ),
    pytest.param(b'{"code":' + b"1" * 10_000 + b"}", id="a very long number"),
    pytest.param(b'{"code":"a","client_id":7}', id="a client that is a number"),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", REFUSED_JSON)
def test_bad_json_is_refused_and_spotify_is_not_asked(
    scripted_service: Running, upstream: HTTPServer, path: str, body: bytes
) -> None:
    answer = post(scripted_service, path, body, "application/json")

    assert (answer.status, answer.error) == (400, "invalid_request")
    assert not upstream.log


@pytest.mark.parametrize(
    ("value", "status"),
    [
        pytest.param("garbage", 400, id="garbage"),
        pytest.param("s1.", 400, id="only the prefix"),
        pytest.param("s1.AAAAAAAA." + "A" * 138, 400, id="too short for a seal"),
        pytest.param("s1.AAAAAAAA." + "A" * 139, 503, id="a seal of a key that nobody named"),
        pytest.param("s2.AAAAAAAA." + "A" * 139, 400, id="of a version to come"),
        pytest.param("x" * 4097, 400, id="too long"),
        pytest.param("(null)", 400, id="(null)"),
        pytest.param("AQ" + "x" * 129, 503, id="like Spotify's own"),
        pytest.param("0123456789abcdef" * 8, 503, id="like the Node service's"),
        pytest.param("gAAAAABk" + "x" * 132 + "==", 503, id="like Fernet's"),
        pytest.param("q+Y/" * 16 + "\n" + "q+Y/" * 8, 503, id="like the Ruby service's"),
        pytest.param("q Y/" * 16 + "q Y/" * 8, 503, id="the same, its + become blanks"),
        pytest.param("\x00", 400, id="a NUL"),
        pytest.param("\U0001f3b5" * 40, 400, id="music"),
    ],
)
@pytest.mark.parametrize("kind", ["form", "json"])
def test_what_is_no_token_of_ours_is_refused_or_held_and_spotify_is_not_asked(
    scripted_service: Running, upstream: HTTPServer, value: str, status: int, kind: str
) -> None:
    body, content_type = form_and_json("refresh_token", value)[kind == "json"]

    answer = post(scripted_service, "/refresh", body, content_type)

    assert answer.status == status
    assert answer.error in ("invalid_grant", "invalid_request", "temporarily_unavailable")
    assert (status == 503) == ("Retry-After" in answer.headers)
    assert not upstream.log


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"LEGACY_TOKENS": "none"}, 400, id="refused on purpose"),
        pytest.param({"UNKNOWN_KEY": "reject"}, 400, id="nothing is held"),
        pytest.param({"ENCRYPTION_SECRET": None}, 400, id="the key is a made-up one"),
        pytest.param({}, 503, id="nobody has decided"),
    ],
)
def test_another_services_token_is_held_until_somebody_decides(
    spotify: Running, changes: dict[str, str | None], status: int
) -> None:
    with running_service(spotify.url, **changes) as service:
        answer = post(service, "/refresh", b"refresh_token=AQ" + b"x" * 129)

        assert answer.status == status
        assert ("held back: a token that looks like one of another" in service.log()) == (
            status == 503
        )


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        pytest.param("", REDIRECT_URI, id="none: the first one"),
        pytest.param("my-app://login", "my-app://login", id="an app's own scheme"),
        pytest.param("http://127.0.0.1:51234/cb", "http://127.0.0.1:51234/cb", id="any port"),
        pytest.param("http://[::1]:8/", "http://[::1]:8/", id="any port, IPv6"),
        pytest.param("http://127.0.0.1/cb", "http://127.0.0.1/cb", id="the entry itself"),
    ],
)
def test_a_redirect_uri_is_chosen_among_the_registered_ones(
    upstream: HTTPServer, sent: str, asked: str
) -> None:
    registered = f"{REDIRECT_URI}, my-app://login,http://127.0.0.1/cb,http://[::1]/"
    with running_service(upstream.url_for("").rstrip("/"), CALLBACK_URL=registered) as service:
        form = b"code=a&redirect_uri=" + quote(sent, safe="").encode()
        assert post(service, "/swap", form).status == 200
        assert upstream.log[0][0].form["redirect_uri"] == asked
        for other in (
            "http://127.0.0.1:51234/cb2",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:1x/cb",
            "http://127.0.0.2/cb",
            "http://localhost:1/cb",
            "my-app://login:1",
        ):
            refused = post(service, "/swap", b"code=a&redirect_uri=" + quote(other).encode())
            assert (refused.status, refused.error) == (400, "invalid_request")


def test_spotify_gets_exactly_what_it_needs(
    scripted_service: Running, upstream: HTTPServer
) -> None:
    verifier = "v._~-" * 10
    body = f"code=+a b&code_verifier={verifier}&scope=x&client_id={CLIENT_ID}&client_secret=y"

    assert post(scripted_service, "/api/token", body.replace("a b", "a%20b").encode()).status == 200

    [(request, _)] = upstream.log
    assert dict(request.form) == {
        "grant_type": "authorization_code",
        "code": "a b",
        "redirect_uri": REDIRECT_URI,
        "code_verifier": verifier,
    }
    assert request.query_string == b""
    assert request.authorization is not None
    assert request.authorization.username == CLIENT_ID
    assert request.headers["Accept-Encoding"] == "identity"
    assert "Cookie" not in request.headers
