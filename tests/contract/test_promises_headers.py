"""What stands around the answers: nothing of Spotify's, nothing kept, nobody else's page."""

from collections.abc import Callable

import pytest

from fake_spotify import Match
from fake_spotify.faults import Status

from .http_client import FORM, Answer
from .swap_service import SwapService, members
from .troubles import JSON

# A copied fly-replay would steer the proxy of a well-known host.
SPOTIFYS = {
    "Set-Cookie": "user=one; Path=/",
    "fly-replay": "instance=elsewhere",
    "X-Of-Spotify": "yes",
    "Access-Control-Allow-Origin": "https://accounts.example",
}
TOKENS = '{"access_token":"an-access-token","token_type":"Bearer","expires_in":3600}'
REFUSAL = '{"error":"invalid_grant","error_description":"Refresh token revoked"}'

ANSWERS: list[Callable[[SwapService], Answer]] = [
    lambda service: service.swap(),
    lambda service: service.refresh(service.sealed()),
    lambda service: service.swap("AQ-never-issued"),
    lambda service: service.send("GET", "/nowhere"),
]
NAMES = ["a swap", "a refresh", "a refusal", "an unknown path"]


@pytest.mark.promise("headers")
@pytest.mark.parametrize("ask", ANSWERS, ids=NAMES)
def test_answers_are_json_that_nobody_may_keep(
    service: SwapService, ask: Callable[[SwapService], Answer]
) -> None:
    answer = ask(service)

    kept = answer.headers.get("Cache-Control", "")
    assert answer.headers.get_content_type() == "application/json", "not application/json"
    members(answer)
    assert "no-store" in kept, f"Cache-Control is {kept!r}"
    assert answer.headers.get("Pragma") == "no-cache", "no Pragma"


@pytest.mark.promise("nosniff")
@pytest.mark.parametrize("ask", ANSWERS, ids=NAMES)
def test_browsers_may_not_guess_what_answers_are(
    service: SwapService, ask: Callable[[SwapService], Answer]
) -> None:
    answer = ask(service)

    assert answer.headers.get("X-Content-Type-Options") == "nosniff", "no nosniff"


@pytest.mark.promise("headers")
@pytest.mark.parametrize(
    "spotifys",
    [
        pytest.param(Status(200, TOKENS, {**SPOTIFYS, **JSON}), id="with tokens"),
        pytest.param(Status(400, REFUSAL, {**SPOTIFYS, **JSON}), id="with a refusal"),
        pytest.param(Status(503, "", {**SPOTIFYS, **JSON}), id="with an outage"),
    ],
)
def test_no_header_of_spotifys_is_handed_on(service: SwapService, spotifys: Status) -> None:
    token = service.sealed()
    service.spotify.fault(spotifys)

    answer = service.refresh(token)

    found = [name for name, value in SPOTIFYS.items() if answer.headers.get(name) == value]
    assert not found, f"handed on: {', '.join(found)}"


@pytest.mark.promise("headers")
def test_a_cookie_of_spotifys_is_not_sent_back_for_the_next_user(
    service: SwapService,
) -> None:
    first, second = service.sealed(), service.sealed()
    service.spotify.fault(Status(200, TOKENS, {**SPOTIFYS, **JSON}))
    service.refresh(first)
    service.refresh(second)

    latest = service.spotify.requests(Match(grant_type="refresh_token"))
    assert len(latest) >= 2, "Spotify was not asked twice"
    assert "cookie" not in latest[-1].headers, "it was"


@pytest.mark.promise("cors")
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_pages_of_other_origins_cannot_read_answers(service: SwapService, origin: str) -> None:
    asked = {"Content-Type": FORM, "Origin": origin}
    body = f"code={service.spotify.code()}".encode()

    answer = service.send("POST", service.profile.swap, body, asked)

    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed is None, f"Access-Control-Allow-Origin is {allowed!r}"


@pytest.mark.promise("cors")
def test_a_preflight_is_answered_and_allows_nothing(service: SwapService) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    answer = service.send("OPTIONS", service.profile.swap, headers=asked)

    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed is None, f"Access-Control-Allow-Origin is {allowed!r}"
