"""Development Mode, quotas and users' pictures: what the Web API does since 2026."""

import json
import time

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.choices import ChoiceError
from fake_spotify.facts.registrations import User
from fake_spotify.rules.profile import NO_PREMIUM, NOT_LISTED
from tests.fake.browser import ask, post_form

ALL = "user-read-private user-read-email"
HIDDEN = {"country", "email", "explicit_content", "followers", "product"}


def _me(spotify, app=None, user=None):
    app = app or spotify
    grant = app.grant(user=user, scope=ALL)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": grant.refresh_token,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
    }
    token = json.loads(post_form(spotify.accounts_url, "/api/token", form).body)["access_token"]
    return ask(spotify.api_url, "GET", "/v1/me", headers={"authorization": f"Bearer {token}"})


def test_a_listed_user_gets_a_shorter_profile():
    with FakeSpotify() as extended, FakeSpotify(quota_mode="development") as development:
        longer, shorter = json.loads(_me(extended).body), json.loads(_me(development).body)

    assert longer.keys() - shorter.keys() == HIDDEN
    assert {"id", "account_id", "uri", "display_name", "images"} <= shorter.keys()


def test_a_user_who_is_not_listed_logs_in_and_gets_403_in_spotifys_words():
    with FakeSpotify(quota_mode="development") as spotify:
        spotify.add_user(User("eve", "Eve", "eve@example.com"))
        seen = _me(spotify, user="eve")

    assert (seen.status, seen.text) == (403, NOT_LISTED)
    assert seen.header("content-type") == "text/plain"
    assert "listed_users" in spotify.requests()[-1].why


def test_the_first_five_of_the_file_are_listed_unless_others_are():
    users = [{"id": f"user{number}"} for number in range(7)]
    with FakeSpotify(quota_mode="development", users=users) as spotify:
        assert [_me(spotify, user=f"user{n}").status for n in (0, 4, 5)] == [200, 200, 403]
        app = spotify.register(listed_users=["user6"])
        assert [_me(spotify, app, user=f"user{n}").status for n in (0, 6)] == [403, 200]


def test_six_users_cannot_be_listed():
    with pytest.raises(ChoiceError, match="at most 5"):
        FakeSpotify(listed_users=list("abcdef"))


def test_an_owner_without_premium_gets_nobody_in():
    with FakeSpotify(quota_mode="development", owner_premium=False) as spotify:
        seen = _me(spotify)

    assert (seen.status, seen.text, len(seen.body)) == (403, NO_PREMIUM, 159)


def test_apps_of_one_file_may_differ(tmp_path):
    file = tmp_path / "fake.toml"
    file.write_text(
        '[[apps]]\nclient_id = "one"\n[[apps]]\nquota_mode = "development"\n'
        'client_id = "two"\nowner_premium = false\n'
    )
    with FakeSpotify(file) as spotify:
        assert _me(spotify).status == 200
        assert _me(spotify, spotify.app("two")).status == 403


def test_a_quota_is_shared_by_the_apps_of_a_developer():
    with FakeSpotify(quota_calls=2) as spotify:
        spotify.clock.freeze()
        mine, other = spotify.register(), spotify.register(developer="another")
        for app in (mine, other):
            app.clock.freeze()
            app.clock.set(spotify.clock.now())
        statuses = [_me(spotify, app).status for app in (spotify, mine)]
        seen = _me(spotify)
        free = _me(spotify, other).status
        spotify.clock.advance(30)
        later = _me(spotify).status

    assert statuses == [200, 200]
    assert seen.status == 429
    assert json.loads(seen.body)["error"]["reason"] == "QUOTA_EXCEEDED"
    assert 1 <= int(seen.header("retry-after")) <= 30
    assert (free, later) == (200, 200)


def test_a_user_has_a_picture_of_the_fakes_own_or_any_other():
    with FakeSpotify() as spotify:
        spotify.add_user(User("eve", "Eve", "eve@example.com", picture="https://i.example/eve"))
        [large, small] = json.loads(_me(spotify).body)["images"]
        eve = json.loads(_me(spotify, user="eve").body)["images"]
        nobody = json.loads(_me(spotify, user="grace").body)["images"]
        picture = ask(spotify.api_url, "GET", large["url"].removeprefix(spotify.api_url))

    assert (large["height"], small["width"]) == (300, 64)
    assert picture.header("content-type") == "image/png"
    assert picture.body.startswith(b"\x89PNG")
    assert eve[0]["url"] == "https://i.example/eve"
    assert nobody == []


def test_a_grant_can_be_made_with_a_token_of_ones_choice():
    with FakeSpotify() as spotify:
        body = json.dumps({"refresh_token": "AQkept-from-before", "user": "grace"})
        made = ask(spotify.accounts_url, "POST", "/_fake/grants", body=body)
        again = ask(spotify.accounts_url, "POST", "/_fake/grants", body=body)
        with pytest.raises(ChoiceError, match="refresh_token"):
            spotify.grant(refresh_token="with blanks")

    assert made.status == 201
    assert spotify.grants()[0].refresh_token == "AQkept-from-before"
    assert "belongs to another grant" in again.text


def test_a_scope_that_authorize_refuses_gets_no_code_and_no_grant():
    with FakeSpotify() as spotify:
        seen = ask(
            spotify.accounts_url, "POST", "/_fake/codes", body='{"scope": "user-read-emial"}'
        )
        with pytest.raises(ChoiceError, match="did you mean user-read-email"):
            spotify.grant(scope="user-read-emial")

    assert seen.status == 400
    assert "scope: user-read-emial would be refused" in seen.text


@pytest.mark.parametrize("uri", ["my_app://callback", "/callback", "https://a.example/#x", ""])
def test_a_redirect_uri_that_is_none_cannot_be_registered(uri):
    with pytest.raises(ChoiceError, match="redirect_uris"):
        FakeSpotify(redirect_uris=[uri])


def test_the_service_refuses_the_same_redirect_uris():
    from sanic_swap.settings.urls import callback_urls

    assert callback_urls("my-app://callback") == ("my-app://callback",)
    for uri in ("my_app://callback", "/callback", "https://a.example/#x"):
        with pytest.raises(ValueError, match="redirect"):
            callback_urls(uri)


FREEZE = {
    "freezegun": "from freezegun import freeze_time as frozen",
    "time_machine": (
        "import time_machine\ndef frozen(moment): return time_machine.travel(moment, tick=False)"
    ),
}


@pytest.mark.parametrize("library", FREEZE)
@pytest.mark.parametrize("first", ["freeze", "start"])
def test_under_a_frozen_clock_delays_pass_and_the_fakes_clock_stands(library, first):
    pytest.importorskip(library)
    names = {}
    exec(FREEZE[library], names)
    frozen, real = names["frozen"], time.clock_gettime(time.CLOCK_MONOTONIC)

    def use():
        spotify.fault("slow_body", seconds=0.2, times=2)
        seen = [_me(spotify).status for _ in range(2)]
        return seen, spotify.clock.now()

    if first == "freeze":
        with frozen("2031-05-01"), FakeSpotify() as spotify:
            seen, now = use()
    else:
        with FakeSpotify() as spotify, frozen("2031-05-01"):
            seen, now = use()
    passed = time.clock_gettime(time.CLOCK_MONOTONIC) - real

    assert seen == [200, 200]
    assert now == 1935360000
    assert 0.4 <= passed < 30


@pytest.mark.parametrize("library", FREEZE)
def test_under_a_frozen_clock_an_outage_ends_and_six_months_end_a_grant(library):
    pytest.importorskip(library)
    names = {}
    exec(FREEZE[library], names)
    with FakeSpotify() as spotify:
        with names["frozen"]("2031-05-01"):
            grant = spotify.grant()
            spotify.fault("connection_refused", seconds=0.3)
            until = time.clock_gettime(time.CLOCK_MONOTONIC) + 20
            while ask(spotify.accounts_url, "GET", "/_fake/health").status != 200:
                assert time.clock_gettime(time.CLOCK_MONOTONIC) < until
        with names["frozen"]("2031-10-27"):
            alive = grant in spotify.grants()
        with names["frozen"]("2031-10-29"):
            dead = grant not in spotify.grants()

    assert alive
    assert dead
