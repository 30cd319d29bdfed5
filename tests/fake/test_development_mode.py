"""Development Mode, quotas and users' pictures: what the Web API does since 2026."""

import json
import time
from contextlib import ExitStack
from functools import partial

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.facts.registrations import User
from fake_spotify.rules.profile import NO_PREMIUM, NOT_LISTED
from tests.fake.browser import ask, refresh

ALL = "user-read-private user-read-email"
HIDDEN = {"country", "email", "explicit_content", "followers", "product"}


def _me(spotify, app=None, user=None):
    grant = (app or spotify).grant(user=user, scope=ALL)
    granted = json.loads(refresh(spotify, grant.refresh_token, app).body)
    bearer = {"authorization": f"Bearer {granted['access_token']}"}
    return ask(spotify.api_url, "GET", "/v1/me", headers=bearer)


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


def test_an_owner_without_premium_gets_nobody_in_but_apps_of_one_fake_may_differ():
    with FakeSpotify(quota_mode="development", owner_premium=False) as spotify:
        seen = _me(spotify)
        other = _me(spotify, spotify.register(quota_mode="extended"))

    assert (seen.status, seen.text, len(seen.body)) == (403, NO_PREMIUM, 159)
    assert other.status == 200


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

    assert made.status == 201
    assert spotify.grants()[0].refresh_token == "AQkept-from-before"
    assert "belongs to another grant" in again.text


@pytest.fixture(params=["freezegun", "time_machine"])
def frozen(request):
    library = pytest.importorskip(request.param)
    if request.param == "freezegun":
        return library.freeze_time
    return partial(library.travel, tick=False)


@pytest.mark.parametrize("first", ["freeze", "start"])
def test_under_a_frozen_clock_delays_pass_and_the_fakes_clock_stands(frozen, first):
    real = time.clock_gettime(time.CLOCK_MONOTONIC)
    with ExitStack() as both:
        if first == "freeze":
            both.enter_context(frozen("2031-05-01"))
        spotify = both.enter_context(FakeSpotify())
        if first == "start":
            both.enter_context(frozen("2031-05-01"))
        spotify.fault("slow_body", seconds=0.2)
        seen, now = _me(spotify), spotify.clock.now()
    passed = time.clock_gettime(time.CLOCK_MONOTONIC) - real

    assert (seen.status, now) == (200, 1935360000)
    assert 0.2 <= passed < 30


def test_under_a_frozen_clock_an_outage_ends_and_six_months_end_a_grant(frozen):
    with FakeSpotify() as spotify:
        with frozen("2031-05-01"):
            grant = spotify.grant()
            spotify.fault("connection_refused", seconds=0.3)
            until = time.clock_gettime(time.CLOCK_MONOTONIC) + 20
            while ask(spotify.accounts_url, "GET", "/_fake/health").status != 200:
                assert time.clock_gettime(time.CLOCK_MONOTONIC) < until
        with frozen("2031-10-27"):
            alive = grant in spotify.grants()
        with frozen("2031-10-29"):
            dead = grant not in spotify.grants()

    assert (alive, dead) == (True, True)
