"""What standard OAuth libraries and JSON clients may count on."""

import json
import re

import pytest

from fake_spotify.facts.shapes import challenge_of

from .swap_service import SwapService, tokens

VERIFIER = "v" * 64
ALIAS = "/api/refresh_token"


@pytest.mark.promise("oauth endpoint")
def test_a_standard_token_endpoint_does_both(service: SwapService) -> None:
    form = {"grant_type": "authorization_code", "code": service.spotify.code()}
    brought = tokens(service.post("/api/token", form), "the code was not swapped")
    token = str(brought.get("refresh_token"))

    answer = service.post("/api/token", {"grant_type": "refresh_token", "refresh_token": token})
    refused = service.post("/api/token", {"grant_type": "client_credentials"})

    tokens(answer, "the refresh was refused")
    is_refused = (refused.status, refused.error) == (400, "unsupported_grant_type")
    assert is_refused, "another grant type is not 400 unsupported_grant_type"


@pytest.mark.promise("json bodies")
def test_a_json_body_does_as_well(service: SwapService) -> None:
    body = json.dumps({"code": service.spotify.code()}).encode()

    answer = service.send("POST", service.profile.swap, body, {"Content-Type": "application/json"})

    tokens(answer, "the code was not swapped")


@pytest.mark.promise("methods")
def test_another_method_is_405_with_allow(service: SwapService) -> None:
    answer = service.send("GET", service.profile.swap)

    assert answer.status == 405, "not 405"
    assert "POST" in answer.headers.get("Allow", ""), "Allow does not name POST"


@pytest.mark.promise("request id")
def test_every_answer_has_a_request_id(service: SwapService) -> None:
    for answer in (service.swap(), service.send("GET", "/nowhere")):
        found = answer.headers.get("X-Request-ID", "")
        assert re.match(r"[A-Za-z0-9._-]{1,64}\Z", found), f"X-Request-ID is {found!r}"


@pytest.mark.promise("pkce")
def test_a_code_verifier_is_passed_on(service: SwapService) -> None:
    code = service.spotify.code(code_challenge=challenge_of(VERIFIER))

    answer = service.swap(code, code_verifier=VERIFIER)

    tokens(answer, "the code was not swapped")


@pytest.mark.promise("paths")
@pytest.mark.parametrize("suffix", ["/", "?code=of-the-query", "/?refresh_token=of-the-query"])
def test_a_trailing_slash_and_a_query_change_nothing(service: SwapService, suffix: str) -> None:
    code = service.spotify.code()

    answer = service.post(service.profile.swap + suffix, {"code": code})

    tokens(answer, "the code was not swapped")


@pytest.mark.promise("paths")
@pytest.mark.parametrize(("swap", "refresh"), [("/swap", "/refresh"), ("/api/token", ALIAS)])
def test_the_paths_of_both_seeds_are_served(service: SwapService, swap: str, refresh: str) -> None:
    answer = service.post(swap, {"code": service.spotify.code()})
    token = tokens(answer, "the code was not swapped").get("refresh_token")

    answer = service.post(refresh, {"refresh_token": str(token)})

    tokens(answer, "the refresh was refused")


@pytest.mark.promise("methods")
def test_options_says_which_methods_there_are(service: SwapService) -> None:
    answer = service.send("OPTIONS", service.profile.swap)

    assert (answer.status, answer.body) == (204, b""), "not an empty 204"
    assert "POST" in answer.headers.get("Allow", ""), "Allow does not name POST"
