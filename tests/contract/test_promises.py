"""What every swap service owes the apps that use it."""

import json
import re

import pytest

from fake_spotify import Match
from fake_spotify.fault_answers import FalseInvalidGrant, OAuthError
from fake_spotify.fault_variations import DoNotRotate, EmptyRefreshToken, Rotate
from fake_spotify.fault_wires import Members
from tests.contract.http_client import FORM, Answer
from tests.contract.swap_service import SwapService

SPOTIFYS_OWN = re.compile(r"AQ[A-Za-z0-9_-]{100,}\Z")


def members(answer: Answer) -> dict[str, object]:
    value = answer.json()
    assert isinstance(value, dict)
    return value


@pytest.mark.promise("main job")
def test_a_code_becomes_tokens_with_a_numeric_expiry(swap_service: SwapService) -> None:
    answer = swap_service.swap(swap_service.spotify.code(scope="user-read-email"))

    assert answer.status == 200
    assert members(answer)["access_token"]
    assert members(answer)["expires_in"] == 3600
    assert members(answer)["scope"] == "user-read-email"


@pytest.mark.promise("main job")
def test_a_refresh_brings_a_new_access_token(swap_service: SwapService) -> None:
    first = members(swap_service.swap())

    answer = swap_service.refresh(str(first["refresh_token"]))

    assert answer.status == 200
    assert members(answer)["access_token"] not in (None, first["access_token"])


@pytest.mark.promise("main job")
def test_tokens_may_not_be_kept_on_the_way(swap_service: SwapService) -> None:
    for answer in (swap_service.swap(), swap_service.refresh(swap_service.sealed())):
        assert answer.headers.get("Cache-Control") == "no-store"
        assert answer.headers.get_content_type() == "application/json"


@pytest.mark.promise("sealing")
def test_the_real_refresh_token_stays_in_the_service(swap_service: SwapService) -> None:
    token = swap_service.sealed()

    assert not SPOTIFYS_OWN.match(token)
    assert token not in {grant.refresh_token for grant in swap_service.spotify.grants()}


@pytest.mark.promise("sealing")
def test_a_rotated_refresh_token_is_sealed_too(swap_service: SwapService) -> None:
    token = swap_service.sealed()
    swap_service.spotify.fault(Rotate(), match=Match(grant_type="refresh_token"))

    answer = swap_service.refresh(token)

    new = str(members(answer)["refresh_token"])
    assert not SPOTIFYS_OWN.match(new)
    assert swap_service.refresh(new).status == 200


@pytest.mark.promise("sealing")
def test_a_sealed_token_survives_an_unescaped_form(swap_service: SwapService) -> None:
    for _ in range(5):
        token = swap_service.sealed()
        body = f"refresh_token={token}".encode()

        answer = swap_service.send(
            "POST", swap_service.profile.refresh, body, {"Content-Type": FORM}
        )

        assert answer.status == 200


@pytest.mark.promise("sealing")
@pytest.mark.parametrize("at", [0.02, 0.3, 0.6, 0.98], ids=lambda at: f"at {at:.0%}")
def test_a_tampered_token_is_refused_and_spotify_is_not_asked(
    swap_service: SwapService, at: float
) -> None:
    token = swap_service.sealed()
    place = int(len(token) * at)
    other = "A" if token[place] != "A" else "B"
    swap_service.spotify.clear_requests()

    answer = swap_service.refresh(token[:place] + other + token[place + 1 :])

    assert 400 <= answer.status < 600
    assert swap_service.spotify.count(Match(path="/api/token")) == 0
    assert "error" in members(answer)


@pytest.mark.promise("sealing")
def test_two_sealed_tokens_share_no_keystream(swap_service: SwapService) -> None:
    first, second = swap_service.sealed(), swap_service.sealed()
    same = sum(a == b for a, b in zip(first, second, strict=False))

    # Spotify's tokens all begin alike; a cipher that shows it shows more.
    assert same < len(first) / 4
    assert first[-60:] != second[-60:]


@pytest.mark.promise("always a refresh token")
@pytest.mark.parametrize(
    "mode",
    [
        pytest.param(DoNotRotate(), id="Spotify sends none"),
        pytest.param(EmptyRefreshToken(), id="Spotify sends an empty one"),
        pytest.param(Rotate(), id="Spotify rotates"),
        pytest.param(Members(add={"refresh_token": None}), id="Spotify sends null"),
    ],
)
def test_fifty_refreshes_always_bring_a_usable_refresh_token(
    swap_service: SwapService, mode: object
) -> None:
    token = swap_service.sealed()
    swap_service.spotify.fault(mode, times=None, match=Match(grant_type="refresh_token"))  # type: ignore[arg-type]
    for _ in range(50):
        answer = swap_service.refresh(token)
        assert answer.status == 200
        token = str(members(answer).get("refresh_token"))

        assert token not in ("None", "")


@pytest.mark.promise("refusals")
@pytest.mark.parametrize(
    ("form", "endpoint"),
    [
        pytest.param({}, "swap", id="no code"),
        pytest.param({"code": ""}, "swap", id="an empty code"),
        pytest.param({"code": "(null)"}, "swap", id="the code (null)"),
        pytest.param({}, "refresh", id="no refresh token"),
        pytest.param({"refresh_token": ""}, "refresh", id="an empty refresh token"),
        pytest.param({"refresh_token": "(null)"}, "refresh", id="the refresh token (null)"),
        pytest.param({"refresh_token": "undefined"}, "refresh", id="the token undefined"),
        pytest.param({"refresh_token": "garbage"}, "refresh", id="garbage for a token"),
    ],
)
def test_what_cannot_work_is_refused_and_spotify_is_not_asked(
    swap_service: SwapService, form: dict[str, str], endpoint: str
) -> None:
    path = getattr(swap_service.profile, endpoint)

    answer = swap_service.post(path, form)

    assert answer.status == 400
    assert swap_service.spotify.count(Match(path="/api/token")) == 0
    assert isinstance(members(answer)["error"], str)


@pytest.mark.promise("refusals")
def test_a_used_code_is_an_invalid_grant(swap_service: SwapService) -> None:
    code = swap_service.spotify.code()
    swap_service.swap(code)

    answer = swap_service.swap(code)

    assert (answer.status, members(answer)["error"]) == (400, "invalid_grant")


@pytest.mark.promise("refusals")
def test_a_revoked_grant_is_an_invalid_grant(swap_service: SwapService) -> None:
    token = swap_service.sealed()
    for grant in swap_service.spotify.grants():
        swap_service.spotify.revoke(grant.id)

    answer = swap_service.refresh(token)

    assert (answer.status, members(answer)["error"]) == (400, "invalid_grant")
    assert isinstance(members(answer)["error_description"], str)


@pytest.mark.promise("refusals")
def test_a_false_revocation_does_not_harm_the_token(swap_service: SwapService) -> None:
    token = swap_service.sealed()
    swap_service.spotify.fault(FalseInvalidGrant())
    swap_service.refresh(token)

    assert swap_service.refresh(token).status == 200


@pytest.mark.promise("refusals")
def test_our_wrong_credentials_do_not_log_the_user_out(swap_service: SwapService) -> None:
    token = swap_service.sealed()
    swap_service.spotify.fault(OAuthError("invalid_client", "Invalid client"))

    answer = swap_service.refresh(token)

    assert answer.status == 503
    assert b"invalid_grant" not in answer.body


@pytest.mark.promise("bad http")
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("GET", "/nowhere", None, 404, id="an unknown path"),
        pytest.param("POST", "{swap}", b"\xff\xfe", 400, id="a body that is no text"),
        pytest.param("POST", "{refresh}", b"refresh_token=%zz", 400, id="a broken escape"),
        pytest.param("POST", "{swap}", b"code=" + b"x" * 100_000, 413, id="a huge body"),
    ],
)
def test_bad_requests_get_json(
    swap_service: SwapService, method: str, path: str, body: bytes | None, status: int
) -> None:
    profile = swap_service.profile
    path = path.format(swap=profile.swap, refresh=profile.refresh)

    answer = swap_service.send(method, path, body, {"Content-Type": FORM})

    assert answer.status == status
    assert isinstance(members(answer)["error"], str)
    assert len(answer.body) < 300


@pytest.mark.promise("oauth endpoint")
def test_a_standard_token_endpoint_does_both(swap_service: SwapService) -> None:
    form = {"grant_type": "authorization_code", "code": swap_service.spotify.code()}
    token = str(members(swap_service.post("/api/token", form))["refresh_token"])

    answer = swap_service.post(
        "/api/token", {"grant_type": "refresh_token", "refresh_token": token}
    )
    refused = swap_service.post("/api/token", {"grant_type": "client_credentials"})

    assert answer.status == 200
    assert (refused.status, refused.error) == (400, "unsupported_grant_type")


@pytest.mark.promise("json bodies")
def test_a_json_body_does_as_well(swap_service: SwapService) -> None:
    body = json.dumps({"code": swap_service.spotify.code()}).encode()

    answer = swap_service.send(
        "POST", swap_service.profile.swap, body, {"Content-Type": "application/json"}
    )

    assert answer.status == 200


@pytest.mark.promise("request id")
def test_every_answer_has_a_request_id(swap_service: SwapService) -> None:
    for answer in (swap_service.swap(), swap_service.send("GET", "/nowhere")):
        assert re.match(r"[A-Za-z0-9._-]{1,64}\Z", answer.headers["X-Request-ID"])


@pytest.mark.promise("methods")
def test_another_method_is_405_with_allow(swap_service: SwapService) -> None:
    answer = swap_service.send("GET", swap_service.profile.swap)

    assert (answer.status, "POST" in answer.headers["Allow"]) == (405, True)


@pytest.mark.promise("pkce")
def test_a_code_verifier_is_passed_on(swap_service: SwapService) -> None:
    import base64
    import hashlib

    verifier = "v" * 64
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    code = swap_service.spotify.code(code_challenge=challenge)

    assert swap_service.swap(code, code_verifier=verifier).status == 200


@pytest.mark.promise("age")
def test_a_refresh_token_that_is_half_a_year_old_is_an_invalid_grant(
    swap_service: SwapService,
) -> None:
    token = swap_service.sealed()
    swap_service.spotify.clock.advance(days=181)
    try:
        answer = swap_service.refresh(token)
    finally:
        swap_service.spotify.reset()

    assert (answer.status, members(answer)["error"]) == (400, "invalid_grant")
