"""What a person sees and presses, and what a browser is remembered by."""

import json
import re
from contextlib import nullcontext
from html import escape
from urllib.parse import parse_qs, urlsplit

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.apps.app import App
from fake_spotify.choices import ChoiceError
from fake_spotify.facts.registrations import Policy, Registration
from fake_spotify.web import pages
from tests.fake.browser import FORM, Browser, ask, ask_token, login_query, refresh, text_of

pytestmark = pytest.mark.one_python

REDIRECT_URI = "https://app.example/callback"
SCRIPT = "<script>alert(1)</script>\"'"


@pytest.fixture
def browser(spotify):
    return Browser(spotify.accounts_url)


def _user_of(spotify, location):
    code = parse_qs(urlsplit(location).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    granted = json.loads(ask_token(spotify, **form).body)
    bearer = {"authorization": f"Bearer {granted['access_token']}"}
    return json.loads(ask(spotify.api_url, "GET", "/v1/me/", headers=bearer).body)["id"]


def test_the_page_says_who_wants_what(spotify, browser):
    text = text_of(browser.open("/authorize", login_query(spotify)).text)

    assert "Tunes & <Co> wants to connect" in text
    assert "See your e-mail address" in text
    assert "Play music in this app" in text


@pytest.mark.parametrize("choice", [{}, {"user": "grace"}], ids=["agree alone", "another user"])
def test_who_agreed_is_not_asked_again(spotify, browser, choice):
    seen = browser.press("agree", browser.open("/authorize", login_query(spotify)), **choice)
    again = browser.open("/authorize", login_query(spotify))
    user = choice.get("user", "ada")

    assert again.status == 302
    assert _user_of(spotify, seen.header("location")) == user
    assert _user_of(spotify, again.header("location")) == user


@pytest.mark.parametrize(
    ("button", "more"),
    [
        ("agree", {"show_dialog": "true"}),
        ("agree", {"scope": "user-read-email user-top-read"}),
        ("cancel", {}),
    ],
)
def test_others_are_asked_again(spotify, browser, button, more):
    browser.press(button, browser.open("/authorize", login_query(spotify)))

    assert browser.open("/authorize", login_query(spotify, **more)).status == 200


def test_another_browser_is_asked_and_who_took_it_back(spotify, browser):
    browser.press("agree", browser.open("/authorize", login_query(spotify)))
    other = Browser(spotify.accounts_url).open("/authorize", login_query(spotify)).status
    spotify.revoke_user("ada")

    assert (other, browser.open("/authorize", login_query(spotify)).status) == (200, 200)


@pytest.mark.parametrize(("era", "status"), [("2021", 400), ("2026", 200)])
def test_any_port_of_loopback_fits_only_since_the_rules_of_2025(era, status):
    with FakeSpotify(era=era) as spotify:
        uri = "http://127.0.0.1:5000/callback"
        query = login_query(spotify, redirect_uri=uri)

        assert Browser(spotify.accounts_url).open("/authorize", query).status == status
        with nullcontext() if status == 200 else pytest.raises(ChoiceError, match="redirect_uri"):
            spotify.code(redirect_uri=uri)


@pytest.mark.parametrize("name", ["state", "redirect_uri", "scope", "client_id", "utm_source"])
def test_nothing_from_the_address_becomes_markup(spotify, browser, name):
    seen = browser.open("/authorize", login_query(spotify, **{name: SCRIPT}))

    assert "<script" not in seen.text
    assert name not in {"state", "utm_source"} or escape(SCRIPT) in seen.text


def test_words_on_an_error_page_are_no_markup():
    app = App(Registration("an-app", "hush", (SCRIPT,)), Policy())
    page = pages.problem(SCRIPT, SCRIPT, {SCRIPT: SCRIPT}, app, None)

    assert page.count(escape(SCRIPT)) == 6
    assert "<script" not in page


def test_the_page_needs_no_script_and_nothing_from_elsewhere(spotify, browser):
    page = browser.open("/authorize", login_query(spotify)).text

    assert "<script" not in page
    assert "src=" not in page
    assert set(re.findall("http://[^'\"]*", page)) == {"http://www.w3.org/2000/svg"}  # a name


def test_a_get_with_a_body_is_refused_by_the_front_end(spotify):
    seen = ask(spotify.accounts_url, "GET", "/authorize?client_id=x", body="x=y")

    assert seen.status == 400
    assert "Your client has issued a malformed or illegal request" in seen.text


@pytest.mark.parametrize(
    ("headers", "query", "status", "message"),
    [
        ({}, "", 401, "No token provided"),
        ({"authorization": "Bearer nonsense"}, "", 401, "Invalid access token"),
        ({"authorization": "Basic eDp5"}, "", 400, "Only valid bearer authentication supported"),
        ({}, "?access_token=nonsense", 401, "Invalid access token"),
    ],
)
def test_the_api_refuses_in_spotifys_words(spotify, headers, query, status, message):
    seen = ask(spotify.api_url, "GET", f"/v1/me{query}", headers=headers)

    assert seen.status == status
    assert json.loads(seen.body) == {"error": {"status": status, "message": message}}


def _access_token(spotify, scope=""):
    granted = refresh(spotify, spotify.grant(scope=scope).refresh_token)
    return json.loads(granted.body)["access_token"]


def test_an_access_token_lives_for_an_hour(spotify):
    target = f"/v1/me?access_token={_access_token(spotify)}"
    spotify.clock.freeze()
    spotify.clock.advance(3599)
    alive = ask(spotify.api_url, "GET", target).status
    spotify.clock.advance(1)
    dead = ask(spotify.api_url, "GET", target)

    assert alive == 200
    assert json.loads(dead.body)["error"]["message"] == "The access token expired"
    assert 'error_description="The access token expired"' in dead.header("www-authenticate")


def test_the_profile_tells_what_the_scopes_allow(spotify):
    def members(scope):
        token = _access_token(spotify, scope)
        return set(json.loads(ask(spotify.api_url, "GET", f"/v1/me?access_token={token}").body))

    public = members("")
    known = "account_id display_name external_urls followers href id images type uri"
    assert public == set(known.split())
    assert members("user-read-email") - public == {"email"}
    assert members("user-read-private") - public == {"country", "explicit_content", "product"}


def test_a_body_that_is_not_packed_as_it_says_is_refused(spotify):
    headers = {"content-type": FORM, "content-encoding": "gzip"}
    seen = ask(spotify.accounts_url, "POST", "/api/token", headers=headers, body=b"no gzip")

    assert (seen.status, json.loads(seen.body)) == (400, {"error": "invalid_client"})


def test_browser_apps_may_ask(spotify):
    preflight = ask(spotify.accounts_url, "OPTIONS", "/api/token", headers={"origin": "x://y"})
    seen = ask(spotify.accounts_url, "POST", "/api/token", headers={"origin": "x://y"})

    assert preflight.status == 204
    assert seen.header("access-control-allow-origin") == "*"
