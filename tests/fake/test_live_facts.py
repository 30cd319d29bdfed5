"""
The facts that the fake imitates, asked of Spotify itself: has anything changed?

Only with `-m live`, and with SPOTIFY_LIVE_CLIENT_ID and SPOTIFY_LIVE_CLIENT_SECRET of an app that
is there for this; SPOTIFY_LIVE_REFRESH_TOKEN adds the cases that need a user's consent. Otherwise
the same questions go to the fake, so that they are still understood when they are needed.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from fake_spotify import FakeSpotify
from tests.fake import cases as fake_cases
from tests.fake.browser import Seen, ask, text_of

NEVER_ISSUED = "AQ" + "0" * 129

# What can be asked without anybody agreeing in a browser.
REFUSALS = {
    "err_client_unknown_id_2026",
    "err_client_wrong_secret_2026",
    "err_client_missing_authorization",
    "err_code_invalid",
    "err_code_missing",
    "err_code_empty",
    "err_refresh_invalid",
    "err_refresh_missing",
    "err_refresh_empty",
    "err_grant_missing",
    "err_grant_json_body_with_form_header",
    "err_grant_unknown_2024",
    "err_json_content_type",
    "err_no_content_type",
}
PAGES = {
    "authorize_unknown_client_2025",
    "authorize_unregistered_redirect",
    "authorize_missing_client_id",
    "authorize_missing_redirect_uri",
}
GRANTS = {"token_client_credentials_ok", "token_refresh_ok_confidential"}


@dataclass(frozen=True)
class Accounts:
    """An accounts service and an app's credentials, in the words in which cases are set up."""

    url: str
    client_id: str
    client_secret: str
    refresh_token: str | None

    def code(self, **_: object) -> str:
        return NEVER_ISSUED

    def grant(self, **_: object) -> SimpleNamespace:
        return SimpleNamespace(refresh_token=self.refresh_token or NEVER_ISSUED)


@pytest.fixture(
    scope="module", params=[pytest.param("Spotify", marks=pytest.mark.live), "the fake"]
)
def accounts(request: pytest.FixtureRequest) -> Iterator[Accounts]:
    if request.param == "Spotify":
        yield live_accounts()
        return
    with FakeSpotify(redirect_uris=["https://registered.example/callback"]) as spotify:
        token = spotify.grant(scope=fake_cases.SCOPE).refresh_token
        yield Accounts(spotify.accounts_url, spotify.client_id, spotify.client_secret, token)


def live_accounts() -> Accounts:
    client_id = os.environ.get("SPOTIFY_LIVE_CLIENT_ID")
    client_secret = os.environ.get("SPOTIFY_LIVE_CLIENT_SECRET")
    if not client_id or not client_secret:
        pytest.fail(
            "-m live asks Spotify itself: set SPOTIFY_LIVE_CLIENT_ID and"
            " SPOTIFY_LIVE_CLIENT_SECRET to the credentials of an app that is there for tests",
            pytrace=False,
        )
    url = os.environ.get("SPOTIFY_LIVE_ACCOUNTS_URL") or "https://accounts.spotify.com"
    token = os.environ.get("SPOTIFY_LIVE_REFRESH_TOKEN")
    return Accounts(url.rstrip("/"), client_id, client_secret, token)


def cases(names: set[str]) -> list[object]:
    known = {case["name"]: case for case in fake_cases.CASES}
    return [pytest.param(known[name], id=name) for name in sorted(names)]


def replay(case: dict, accounts: Accounts) -> Seen:
    method, target, headers, body = fake_cases.scene(case, accounts).request(case)
    seen = ask(accounts.url, method, target, headers=headers, body=body)
    assert seen.status, f"{accounts.url} gave no answer"
    return seen


def drift(case: dict, seen: object) -> str:
    source = f"{case['certainty']} in {case['era']}, {case['source']}"
    return f"{case['name']} ({source}) has changed: Spotify now says {seen}"


@pytest.mark.parametrize("case", cases(REFUSALS))
def test_spotify_still_refuses_with_these_words(case: dict, accounts: Accounts) -> None:
    seen = replay(case, accounts)

    expected = (case["response"]["status"], case["response"]["json"])
    assert (seen.status, _json(seen)) == expected, drift(case, f"{seen.status} {seen.text[:300]}")


@pytest.mark.parametrize("case", cases(GRANTS))
def test_spotify_still_grants_with_these_members(case: dict, accounts: Accounts) -> None:
    if "refresh" in case["name"] and accounts.refresh_token is None:
        pytest.skip("SPOTIFY_LIVE_REFRESH_TOKEN is not set")

    seen = replay(case, accounts)

    # Told without their values, which are secrets.
    members = _json(seen) if seen.status == 200 else None
    kinds = {name: type(value).__name__ for name, value in (members or {}).items()}
    expected = {name: type(value).__name__ for name, value in case["response"]["json"].items()}
    assert seen.status == 200, drift(case, seen.status)
    assert kinds == expected, drift(case, kinds)
    has_its_shape = fake_cases.fits("<access_token>", members["access_token"])
    assert has_its_shape, drift(case, "an access token of another shape")


@pytest.mark.parametrize("case", cases(PAGES))
def test_spotify_still_says_this_on_a_page(case: dict, accounts: Accounts) -> None:
    seen = replay(case, accounts)

    expected, words = case["response"], text_of(seen.text)
    assert expected["text"] in words, drift(case, f"{seen.status} {words.strip()[-200:]!r}")
    assert seen.status == expected["status"], drift(case, seen.status)


def _json(seen: Seen) -> object:
    try:
        return json.loads(seen.body)
    except ValueError:
        return None
