"""What `dev` says about a request, and what to change."""

import pytest

from sanic_swap.demo.lines import Values, of_fake, of_service

SERVICE = "http://127.0.0.1:4343"
SWAP_URL, REFRESH_URL = f"{SERVICE}/swap", f"{SERVICE}/refresh"
VALUES = Values(SERVICE, "the-id", ["my-app://callback", "my-app://other"])


def service(path="/swap", status=400, outcome="invalid_request", **members):
    entry = {"method": "POST", "path": path, "status": status, **members}
    return entry if status < 300 else {**entry, "outcome": outcome, "error": "some_error"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (service("/token/swap", 404), f"no such endpoint; the token swap URL is {SWAP_URL}\n"),
        (service("/v1/refresh", 404), f"endpoint; the token refresh URL is {REFRESH_URL}\n"),
        (service("/nowhere", 404), f"{SWAP_URL}, the token refresh URL is {REFRESH_URL}"),
        (service("/api/token", 405), f"405: use POST; the token swap URL is {SWAP_URL}\n"),
        (service("/refresh", 405), f"405: use POST; the token refresh URL is {REFRESH_URL}"),
        (service("/", 405), f"405: use POST; the token swap URL is {SWAP_URL}, the token refresh"),
        (service(reason="the body is JSON, but labelled as a form; x"), "400: the body is JSON"),
        (
            service(reason="redirect_uri is not one of CALLBACK_URL of this service"),
            "redirect_uri is not my-app://callback or my-app://other",
        ),
        (service(reason="code is missing"), "code is missing: send it"),
        (service(reason="code must not be (null)"), "the app had no value"),
        (service(reason="client_id is not the one of this service"), "client_id is not the-id"),
        (service(reason="access_token"), "this is an access token: send the refresh_token"),
        (service(reason="temporary_key"), "this token is from before the restart: log in again"),
        (service(reason="unknown_key"), "this token is from before the restart: log in again"),
        (service(reason="altered"), "was changed or cut"),
        (service(reason="not_a_token"), f"this is no token of {SWAP_URL}"),
        (service(outcome="grant_refused"), "Spotify refused the code, which works once"),
        (
            service(outcome="grant_refused", reason="Invalid authorization code"),
            "Spotify refused the code, which works once",
        ),
        (service(outcome="grant_refused", grant="abc"), "the app must ask its user to log in"),
        (service(status=503, outcome="spotify_fails"), "the app keeps its tokens"),
        (service(reason="a reason of next year"), "400: a reason of next year"),
        ({"message": "Origin x", "origin": "http://x"}, "http://x is not in CORS_ORIGINS"),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)  # fmt: skip
def test_a_refusal_says_what_to_change(entry, said):
    line = of_service(entry, VALUES)

    assert line.startswith("✗ ")
    assert said in f"{line}\n"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (service(status=200, grant="g"), "/swap 200: logged in: tokens for the code (grant g)"),
        (service("/refresh", 200, grant="g", key="k"), "/refresh 200: new access token (grant g)"),
        (service("/swap", 204), "/swap 204"),
    ],
)  # fmt: skip
def test_what_went_well_says_what_it_did(entry, text):
    assert of_service(entry, VALUES) == f"✓ POST {text}"


def test_lines_about_the_service_itself_are_left_out():
    assert of_service({"message": "listening", "url": "http://x"}, VALUES) is None


def fake(path="/authorize", status=400, error="", fault="", why="", location="", **parameters):
    answer = {"headers": [["Location", location]] if location else []}
    entry = {"method": "GET", "path": path, "status": status, "error": error, "fault": fault}
    return {**entry, "why": why, "parameters": parameters, "answer": answer}


BACK = "my-app://callback"


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            fake(error="INVALID_CLIENT: Invalid redirect URI", redirect_uri="my-app://cb"),
            ("✗", "400: redirect_uri my-app://cb is not my-app://callback or my-app://other"),
        ),
        (fake("/v1/me", 401, "Invalid access token", why="It ended."), ("✗", "401: It ended.")),
        (fake("/v1/me", 401, "Invalid access token"), ("✗", "401: Invalid access token")),
        (fake("/api/token", 0, fault="silence"), ("✗", "no answer: fault silence")),
        (fake(status=302, location=f"{BACK}?code=AQx&state=y"), ("✓", "the app gets a code")),
        (
            fake(status=302, location=f"{BACK}?error=access_denied", error="access_denied"),
            ("✓", "error=access_denied, because its user pressed Cancel"),
        ),
        (
            fake(status=302, location=f"{BACK}#error=unsupported_response_type"),
            ("✗", "the app gets error=unsupported_response_type"),
        ),
        (fake("/api/token", 200), None),
        (fake(status=200), None),
    ],
)
def test_the_fake_adds_what_the_service_does_not_see(entry, line):
    found = of_fake(entry, VALUES)

    if line is None:
        assert found is None
    else:
        assert (found[0], line[1] in found) == (line[0], True)
