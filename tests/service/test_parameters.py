"""What an app may send, and what is refused before Spotify hears of it."""

import pytest
from pytest_httpserver import HTTPServer

from tests.contract.http_client import Answer, post_form, send
from tests.contract.profiles import CLIENT_ID, REDIRECT_URI
from tests.service.refreshing import refresh
from tests.service.running import Running, running_service


@pytest.fixture(autouse=True)
def tokens_for_everybody(upstream: HTTPServer) -> None:
    """Spotify answers whatever reaches it, and remembers that it was asked."""
    upstream.clear()
    upstream.expect_request("/api/token").respond_with_json(
        {"access_token": "a", "token_type": "Bearer", "expires_in": 3600}
    )


@pytest.mark.parametrize(
    ("token", "status"),
    [
        pytest.param("garbage", 400, id="garbage"),
        pytest.param("s1.AAAAAAAA." + "A" * 139, 503, id="a seal of a key that nobody named"),
        pytest.param("AQ" + "x" * 129, 503, id="like Spotify's own"),
        pytest.param("q Y/" * 16 + "q Y/" * 8, 503, id="like Ruby's, its + become blanks"),
    ],
)
def test_what_is_no_token_of_ours_is_refused_or_held_and_spotify_is_not_asked(
    scripted_service: Running, upstream: HTTPServer, token: str, status: int
) -> None:
    answer = refresh(scripted_service, token)

    assert answer.status == status
    assert answer.error == ("invalid_grant" if status == 400 else "temporarily_unavailable")
    assert (status == 503) == ("Retry-After" in answer.headers)
    assert not upstream.log


def test_a_redirect_uri_is_chosen_among_the_registered_ones(
    upstream: HTTPServer, upstream_url: str
) -> None:
    registered = f"{REDIRECT_URI}, my-app://login,http://127.0.0.1/cb,http://[::1]/"
    with running_service(upstream_url, CALLBACK_URL=registered) as service:

        def swap(redirect_uri: str) -> Answer:
            return post_form(f"{service.url}/swap", {"code": "a", "redirect_uri": redirect_uri})

        chosen = ["", "my-app://login", "http://127.0.0.1:51234/cb", "http://[::1]:8/"]
        for uri in chosen:
            assert swap(uri).status == 200
        swaps = [request for request, _ in upstream.log if "code" in request.form]
        assert [request.form["redirect_uri"] for request in swaps] == [
            uri or REDIRECT_URI for uri in chosen
        ]
        for other in ("http://127.0.0.1:51234/cb2", "http://localhost:1/cb", "my-app://login:1"):
            assert swap(other).error == "invalid_request"


def test_spotify_gets_exactly_what_it_needs(
    scripted_service: Running, upstream: HTTPServer
) -> None:
    verifier = "v._~-" * 10
    form = f"code=+a%20b&code_verifier={verifier}&scope=x&client_id={CLIENT_ID}&client_secret=y"

    answer = send("POST", f"{scripted_service.url}/api/token?code=c", form.encode())

    [(request, _)] = upstream.log
    assert answer.status == 200
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
