"""What cannot work is refused in words that apps understand, and Spotify is not bothered."""

import re

import pytest

from fake_spotify import Match
from fake_spotify.faults import FalseInvalidGrant, OAuthError

from .http_client import FORM, Answer
from .swap_service import SwapService, members, tokens

DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+\Z")  # RFC 6749 section 5.2
EVIL = "https://evil.example/callback"
REVOKED = "Refresh token revoked"
INVALID = "invalid_request"
AGAINST_RULES = {
    "a code twice": ("swap", "code=a&code=b", INVALID),
    "a code that is not ASCII": ("swap", "code=%C3%BC", INVALID),
    "a bad verifier": ("swap", "code=a&code_verifier=short", INVALID),
    "a redirect": ("swap", f"code=a&redirect_uri={EVIL}", INVALID),
    "another client": ("swap", "code=a&client_id=other", "invalid_client"),
    "another grant type": ("swap", "code=a&grant_type=password", "unsupported_grant_type"),
    "2 tokens": ("refresh", "refresh_token=a&refresh_token=b", INVALID),
    "a long token": ("refresh", "refresh_token=" + "a" * 4097, INVALID),
}


def assert_error(answer: Answer, status: int, error: str) -> None:
    assert (answer.status, answer.error) == (status, error), f"not {status} {error}"
    description = members(answer).get("error_description")
    assert isinstance(description, str), "no error_description"
    assert DESCRIPTION.match(description), "characters that RFC 6749 does not allow"


@pytest.mark.promise("refusals")
@pytest.mark.parametrize(
    ("form", "endpoint"),
    [
        pytest.param({}, "swap", id="no code"),
        pytest.param({"code": ""}, "swap", id="an empty code"),
        pytest.param({"code": "(null)"}, "swap", id="the code (null)"),
        pytest.param({"code": "c" * 2049}, "swap", id="a code that is too long"),
        pytest.param({}, "refresh", id="no refresh token"),
        pytest.param({"refresh_token": ""}, "refresh", id="an empty refresh token"),
        pytest.param({"refresh_token": "(null)"}, "refresh", id="the refresh token (null)"),
        pytest.param({"refresh_token": "undefined"}, "refresh", id="the token undefined"),
        pytest.param({"refresh_token": "garbage"}, "refresh", id="garbage for a token"),
    ],
)
def test_what_cannot_work_is_refused_and_spotify_is_not_asked(
    service: SwapService, form: dict[str, str], endpoint: str
) -> None:
    path = getattr(service.profile, endpoint)

    answer = service.post(path, form)

    assert service.spotify.count() == 0, "Spotify was asked"
    assert answer.status == 400, "not 400"
    assert isinstance(members(answer).get("error"), str), "no error is named"


@pytest.mark.promise("refusals")
def test_a_redirect_uri_that_is_not_registered_never_reaches_spotify(
    service: SwapService,
) -> None:
    service.swap(redirect_uri=EVIL)

    sent = [entry.request.parameters for entry in service.spotify.requests()]
    assert not [form for form in sent if form.get("redirect_uri") == EVIL], "it did"


@pytest.mark.promise("refusals")
def test_a_used_code_is_an_invalid_grant(service: SwapService) -> None:
    code = service.spotify.code()
    service.swap(code)

    answer = service.swap(code)

    assert_error(answer, 400, "invalid_grant")


@pytest.mark.promise("refusals")
def test_a_revoked_grant_is_an_invalid_grant(service: SwapService) -> None:
    token = service.sealed()
    for grant in service.spotify.grants():
        service.spotify.revoke(grant.id)

    answer = service.refresh(token)

    assert_error(answer, 400, "invalid_grant")
    assert members(answer).get("error_description") == REVOKED, "Spotify's words are lost"


@pytest.mark.promise("refusals")
def test_a_false_revocation_does_not_harm_the_token(service: SwapService) -> None:
    token = service.sealed()
    service.spotify.fault(FalseInvalidGrant())
    service.refresh(token)

    tokens(service.refresh(token), "the token does not work any more")


@pytest.mark.promise("refusals")
@pytest.mark.parametrize("endpoint", ["swap", "refresh"])
def test_the_services_own_wrong_credentials_log_nobody_out(
    service: SwapService, endpoint: str
) -> None:
    token = service.sealed()
    service.spotify.fault(OAuthError("invalid_client", "Invalid client"))

    answer = service.swap() if endpoint == "swap" else service.refresh(token)

    assert answer.status == 503, "not 503"
    assert answer.error == "temporarily_unavailable", "not temporarily_unavailable"
    assert answer.headers.get("Retry-After", "").isdigit(), "no Retry-After"


@pytest.mark.promise("refusals")
@pytest.mark.parametrize(
    ("spotifys", "ours"), [(400, 400), (401, 400), (403, 403)], ids=["400", "401 as 400", "403"]
)
def test_a_refusal_keeps_its_error_and_its_words(
    service: SwapService, spotifys: int, ours: int
) -> None:
    token = service.sealed()
    service.spotify.fault(OAuthError("some_error", "Some words", spotifys))

    answer = service.refresh(token)

    assert_error(answer, ours, "some_error")
    assert members(answer).get("error_description") == "Some words", "Spotify's words are lost"


@pytest.mark.promise("refusals")
def test_a_description_that_says_invalid_grant_logs_nobody_out(service: SwapService) -> None:
    token = service.sealed()
    service.spotify.fault(OAuthError("invalid_scope", "not an invalid_grant at all"))

    answer = service.refresh(token)

    assert answer.error == "invalid_scope", "not invalid_scope"
    assert b"invalid_grant" not in answer.body, "the body says invalid_grant"


@pytest.mark.promise("refusals")
def test_a_refusal_without_words_gets_some(service: SwapService) -> None:
    token = service.sealed()
    service.spotify.fault(OAuthError("invalid_grant"))

    answer = service.refresh(token)

    assert answer.error == "invalid_grant", "not invalid_grant"
    assert members(answer).get("error_description"), "no error_description"


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
def test_bad_requests_get_a_short_json_error(
    service: SwapService, method: str, path: str, body: bytes | None, status: int
) -> None:
    profile = service.profile
    path = path.format(swap=profile.swap, refresh=profile.refresh)

    answer = service.send(method, path, body, {"Content-Type": FORM})

    assert answer.status == status, f"not {status}"
    assert isinstance(members(answer).get("error"), str), "no error is named"
    assert len(answer.body) < 300, "it is long"
    assert b"nowhere" not in answer.body, "the path is echoed"
    assert service.spotify.count(Match(path="/api/token")) == 0, "Spotify was asked"


@pytest.mark.promise("strict input")
@pytest.mark.parametrize(("endpoint", "body", "error"), AGAINST_RULES.values(), ids=AGAINST_RULES)
def test_input_against_the_rules_is_refused_and_spotify_is_not_asked(
    service: SwapService, endpoint: str, body: str, error: str
) -> None:
    path = getattr(service.profile, endpoint)

    answer = service.post(path, body.encode())

    assert_error(answer, 400, error)
    assert service.spotify.count() == 0, "Spotify was asked"
