"""The control API, as a test in any language would use it."""

import json
import socket
import time
from urllib.parse import urlencode, urlsplit

import pytest

from fake_spotify.choices import ChoiceError
from fake_spotify.faults.kinds import KINDS, OUTAGES
from tests.fake.browser import ask, ask_token, refresh

PATIENCE_SECONDS = 20


def _control(spotify, method, path, members=None):
    body = None if members is None else json.dumps(members)
    seen = ask(spotify.accounts_url, method, f"/_fake{path}", body=body)
    return seen.status, json.loads(seen.body) if seen.body else None


def test_it_says_that_it_is_alive(spotify):
    assert _control(spotify, "GET", "/health") == (200, {"status": "ok"})


def test_a_code_is_made_without_a_browser_and_works(spotify):
    status, made = _control(spotify, "POST", "/codes", {"user": "grace", "scope": "streaming"})
    granted = ask_token(spotify, grant_type="authorization_code", **made)

    assert status == 201
    assert json.loads(granted.body)["scope"] == "streaming"
    assert spotify.grants()[0].user_id == "grace"


def test_an_app_registered_later_is_a_world_of_its_own(spotify):
    _, app = _control(spotify, "POST", "/apps", {"redirect_uris": ["https://b.example/"]})
    named = f"?client_id={app['client_id']}"
    _, grant = _control(spotify, "POST", f"/grants{named}", {})
    _control(spotify, "POST", "/faults", {"kind": "bad_gateway"})
    _control(spotify, "PUT", "/clock", {"advance_days": 200})
    other = spotify.app(app["client_id"])

    assert refresh(spotify, grant["refresh_token"], other).status == 200
    assert _control(spotify, "GET", f"/requests{named}")[1]["count"] == 1
    assert _control(spotify, "GET", "/requests")[1]["count"] == 0
    assert _control(spotify, "GET", "/grants")[1]["grants"] == []


def test_an_app_can_be_named_in_the_query_or_the_object(spotify):
    _, app = _control(spotify, "POST", "/apps", {})
    named = {"client_id": app["client_id"]}
    _control(spotify, "PUT", "/clock", {"now": 1000, "frozen": True, **named})

    assert _control(spotify, "GET", f"/clock?{urlencode(named)}") == (
        200,
        {"now": 1000, "frozen": True},
    )
    assert not spotify.clock.is_frozen


def test_a_removed_app_is_unknown_afterwards(spotify):
    _, app = _control(spotify, "POST", "/apps", {})
    removed = spotify.app(app["client_id"])
    grant = removed.grant()

    assert _control(spotify, "DELETE", f"/apps/{app['client_id']}")[0] == 204
    assert b"Failed to get client" in refresh(spotify, grant.refresh_token, removed).body
    with pytest.raises(ChoiceError, match="not registered"):
        removed.grants()


def test_a_revoked_grant_is_refused_and_no_longer_listed(spotify):
    grant = spotify.grant()
    status, _ = _control(spotify, "DELETE", f"/grants/{grant.id}")

    assert status == 204
    assert _control(spotify, "GET", "/grants")[1]["grants"] == []
    assert b"Refresh token revoked" in refresh(spotify, grant.refresh_token).body
    assert _control(spotify, "DELETE", f"/grants/{grant.id}")[0] == 404


def test_a_user_can_be_added_and_can_take_everything_back(spotify):
    _control(spotify, "POST", "/users", {"id": "eve", "product": "free"})
    mine = [_control(spotify, "POST", "/grants", {"user": "eve"})[1]["id"] for _ in range(2)]
    spotify.grant(user="ada")

    assert _control(spotify, "DELETE", "/users/eve") == (200, {"revoked": mine})
    assert [grant.user_id for grant in spotify.grants()] == ["ada"]
    assert _control(spotify, "DELETE", "/users/nobody")[0] == 404


def test_the_journal_is_picked_counted_and_cleared(spotify):
    refresh(spotify, "AQnonsense")
    refresh(spotify, spotify.grant().refresh_token)
    _, refused = _control(spotify, "GET", "/requests?grant_type=refresh_token&error=invalid_grant")
    _, latest = _control(spotify, "GET", "/requests?limit=1")
    _, others = _control(spotify, "GET", "/requests?method=GET")
    _control(spotify, "DELETE", "/requests")

    assert refused["count"] == 1
    assert refused["requests"][0]["parameters"]["refresh_token"] == "AQnonsense"
    assert "log in again" in refused["requests"][0]["why"]
    assert others["count"] == 0
    assert (latest["count"], [entry["number"] for entry in latest["requests"]]) == (2, [2])
    assert _control(spotify, "GET", "/requests")[1]["requests"] == []
    refresh(spotify, "AQnonsense")
    assert [entry.number for entry in spotify.requests()] == [3]


def test_requests_that_name_no_app_are_in_the_first_apps_journal(spotify):
    spotify.register()
    ask(spotify.accounts_url, "GET", "/nowhere")

    assert [entry.request.path for entry in spotify.requests()] == ["/nowhere"]


def test_faults_are_planned_listed_and_taken_back(spotify):
    plan = {
        "kind": "too_many_requests",
        "retry_after_seconds": 7,
        "times": "forever",
        "match": {"grant_type": "refresh_token"},
    }
    status, planned = _control(spotify, "POST", "/faults", plan)
    seen = refresh(spotify, "any")
    _, listed = _control(spotify, "GET", "/faults")
    _control(spotify, "DELETE", "/faults")

    assert status == 201
    assert (seen.status, seen.header("retry-after")) == (429, "7")
    assert listed == {"faults": [{**planned, "played": 1}]}
    assert spotify.faults() == []


@pytest.mark.parametrize(
    ("kind", "error"),
    [("connection_refused", ConnectionRefusedError), ("connection_ignored", TimeoutError)],
)
def test_an_outage_begins_once_it_was_answered_and_ends_by_itself(spotify, kind, error):
    status, _ = _control(spotify, "POST", "/faults", {"kind": kind, "seconds": 0.5})
    parts = urlsplit(spotify.accounts_url)
    with pytest.raises(error):
        socket.create_connection((parts.hostname, parts.port), timeout=0.1)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while ask(spotify.accounts_url, "GET", "/_fake/health").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert status == 202


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({"now": "2026-06-18T00:00:00Z"}, 1781740800),
        ({"now": 1000, "advance_seconds": 5}, 1005),
        ({"now": 0, "advance_days": 180}, 15552000),
    ],
)
def test_the_clock_is_frozen_set_and_advanced(spotify, change, seconds):
    _control(spotify, "PUT", "/clock", {**change, "frozen": True})

    assert _control(spotify, "GET", "/clock")[1] == {"now": seconds, "frozen": True}
    assert _control(spotify, "PUT", "/clock", {"frozen": False})[1]["frozen"] is False


def test_a_reset_leaves_nothing_behind(spotify):
    grant = spotify.grant()
    spotify.clock.freeze()
    spotify.clock.set(0)
    _control(spotify, "POST", "/faults", {"kind": "silence", "match": {"token": "other"}})
    refresh(spotify, "nonsense")

    assert _control(spotify, "POST", "/reset")[0] == 204
    assert spotify.grants() == []
    assert spotify.faults() == []
    assert spotify.requests() == []
    assert spotify.complaints() == []
    assert not spotify.clock.is_frozen
    assert b"Invalid refresh token" in refresh(spotify, grant.refresh_token).body


@pytest.mark.parametrize(
    ("method", "path", "members", "named"),
    [
        ("POST", "/apps", {"redirect_uris": "https://a.example/"}, "redirect_uris"),
        ("POST", "/apps", {"secret": "x"}, "secret"),
        ("POST", "/apps", {"era": "1999"}, "era"),
        ("POST", "/codes", {"user": "nobody"}, "user"),
        ("POST", "/codes", {"redirect_uri": "https://b.example/"}, "redirect_uri"),
        ("POST", "/codes", {"client_id": "nobody"}, "client_id"),
        ("POST", "/codes", {"scope": "user-read-emial"}, "scope"),
        ("POST", "/grants", {"scope": "user-read-emial"}, "scope"),
        ("POST", "/grants", {"is_public": "yes"}, "is_public"),
        ("POST", "/grants", {"refresh_token": "with blanks"}, "refresh_token"),
        ("POST", "/users", {}, "id"),
        ("POST", "/faults", {"kind": "silence", "times": 0}, "times"),
        ("POST", "/faults", {"kind": "silence", "match": {"colour": "red"}}, "colour"),
        ("POST", "/faults", {"kind": "connection_refused"}, "seconds"),
        ("PUT", "/clock", {"now": "noon"}, "now"),
        ("PUT", "/clock", {"now": "2026-06-18T00:00:00"}, "now"),
        ("PUT", "/clock", {"forward": 3}, "forward"),
        ("POST", "/reset", {"everything": True}, "everything"),
        ("GET", "/requests?colour=red", None, "colour"),
        ("GET", "/requests?status=many", None, "status"),
        ("GET", "/requests?limit=0", None, "limit"),
    ],
)
def test_a_wrong_wish_is_refused_by_the_name_of_what_is_wrong(
    spotify, method, path, members, named
):
    status, said = _control(spotify, method, path, members)

    assert status == 400
    assert said["error"].startswith(f"{named}: ")


@pytest.mark.parametrize("body", ["[]", "{", '"x"', "\xff"])
def test_a_body_that_is_no_object_is_refused(spotify, body):
    seen = ask(spotify.accounts_url, "POST", "/_fake/codes", body=body.encode("latin-1"))

    assert (seen.status, b'"error": "body: ' in seen.body) == (400, True)


def test_the_description_names_every_route_and_every_fault(spotify):
    _, described = _control(spotify, "GET", "/openapi.json")
    faults = described["components"]["schemas"]["Fault"]["oneOf"]

    assert {fault["properties"]["kind"]["const"] for fault in faults} == {*KINDS, *OUTAGES}
    assert {
        (method.upper(), path) for path, methods in described["paths"].items() for method in methods
    } == {
        (route.method, route.resource.canonical.removeprefix("/_fake"))
        for route in spotify._server.listener._runner.app.router.routes()
        if route.resource.canonical.startswith("/_fake/") and route.method not in {"HEAD", "*"}
    }


def test_people_get_a_page(spotify):
    seen = ask(spotify.accounts_url, "GET", "/_fake/")

    assert seen.header("content-type").startswith("text/html")
    assert ask(spotify.accounts_url, "GET", "/_fake").header("location") == "/_fake/"
