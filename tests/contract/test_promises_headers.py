"""What stands around the answers: nothing of Spotify's, nothing kept, nobody else's page."""

from collections.abc import Callable

import pytest

from fake_spotify import Match
from fake_spotify.faults import Status

from .http_client import Answer
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
EVIL = "https://evil.example"
REFUSAL = '{"error":"invalid_grant","error_description":"Refresh token revoked"}'

ANSWERS: dict[str, Callable[[SwapService], Answer]] = {
    "a swap": lambda service: service.swap(),
    "a refresh": lambda service: service.refresh(service.sealed()),
    "a refusal": lambda service: service.swap("AQ-never-issued"),
    "an unknown path": lambda service: service.send("GET", "/nowhere"),
}
EACH_ANSWER = pytest.mark.parametrize("ask", ANSWERS.values(), ids=ANSWERS)


@pytest.mark.promise("headers")
@EACH_ANSWER
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
@EACH_ANSWER
def test_browsers_may_not_guess_what_answers_are(
    service: SwapService, ask: Callable[[SwapService], Answer]
) -> None:
    answer = ask(service)

    assert answer.headers.get("X-Content-Type-Options") == "nosniff", "no nosniff"


@pytest.mark.promise("headers")
@pytest.mark.parametrize(
    ("status", "body"),
    [(200, TOKENS), (400, REFUSAL), (503, "")],
    ids=["with tokens", "with a refusal", "with an outage"],
)
def test_no_header_of_spotifys_is_handed_on(service: SwapService, status: int, body: str) -> None:
    token = service.sealed()
    service.spotify.fault(Status(status, body, {**SPOTIFYS, **JSON}))

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


def assert_not_allowed(answer: Answer) -> None:
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed is None, f"Access-Control-Allow-Origin is {allowed!r}"


@pytest.mark.promise("cors")
@pytest.mark.parametrize("origin", [EVIL, "null"])
def test_pages_of_other_origins_cannot_read_answers(service: SwapService, origin: str) -> None:
    form = {"code": service.spotify.code()}

    assert_not_allowed(service.post(service.profile.swap, form, Origin=origin))


@pytest.mark.promise("cors")
def test_a_preflight_is_answered_and_allows_nothing(service: SwapService) -> None:
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}

    assert_not_allowed(service.send("OPTIONS", service.profile.swap, headers=asked))
