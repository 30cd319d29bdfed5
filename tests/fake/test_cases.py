"""The fake answers as Spotify was seen to answer, case by case, over a real socket."""

import json
from urllib.parse import quote

import pytest

from fake_spotify import FakeSpotify
from tests.fake import cases
from tests.fake.browser import Browser, ask, text_of


@pytest.fixture
def spotify(era):
    with FakeSpotify(era=era, redirect_uris=cases.REDIRECT_URIS) as running:
        yield running


def _replay(case, spotify):
    scene = cases.scene(case, spotify)
    method, target, headers, body = scene.request(case)
    seen = ask(spotify.accounts_url, method, target, headers=headers, body=body)
    assert seen.status == case["response"]["status"]
    for name, value in case["response"]["headers"].items():
        expected = [value] if isinstance(value, str) else value
        found = [item for key, item in seen.headers if key.lower() == name]
        assert all(cases.fits(*pair) for pair in zip(expected, found, strict=True))
    return scene, seen


@pytest.mark.parametrize(("case", "era"), cases.of("token-success"))
def test_a_granted_token_looks_as_it_was_seen(case, spotify):
    scene, seen = _replay(case, spotify)
    expected, found = case["response"]["json"], json.loads(seen.body)

    assert list(found) == list(expected), "members, in order"
    for name, value in expected.items():
        if name == "scope":
            assert found[name] == scene.filled(value)
        elif isinstance(value, str):
            assert cases.fits(value, found[name])
        else:
            assert (type(found[name]), found[name]) == (type(value), value)
    assert seen.header("cache-control") is None


@pytest.mark.parametrize(
    ("case", "era"),
    [
        param
        for param in cases.of("token-error") + cases.of("infrastructure")
        if param.values[0]["response"]["status"]
    ],
)
def test_a_refusal_or_an_outage_has_spotifys_status_and_words(case, spotify):
    _, seen = _replay(case, spotify)

    if "json" in case["response"]:
        assert json.loads(seen.body) == case["response"]["json"]
    else:
        assert seen.text == case["response"]["text"]


@pytest.mark.parametrize(("case", "era"), cases.of("authorize"))
def test_authorize_does_what_was_seen(case, spotify):
    scene = cases.scene(case, spotify)
    query = {name: scene.filled(value) for name, value in case["request"]["query"].items()}
    browser = Browser(spotify.accounts_url)
    if case["name"] == "authorize_show_dialog_true":
        browser.press("agree", browser.open("/authorize", {**query, "show_dialog": "false"}))

    seen = browser.open("/authorize", query)
    if seen.status == 200:
        button = "cancel" if "cancel" in case["precondition"] else "agree"
        seen = browser.press(button, seen)

    assert seen.status == case["response"]["status"]
    if seen.status == 302:
        expected = case["response"]["headers"]["location"]
        expected = expected.replace("<state>", quote(cases.STATE, safe=""))
        for name in ("redirect_uri", "any_port"):
            expected = expected.replace(f"<{name}>", scene.values[name])
        assert cases.fits(expected, seen.header("location"))
    else:
        assert case["response"]["text"] in text_of(seen.text)
        assert seen.header("location") is None


@pytest.mark.parametrize("era", ["2026"])
@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/api/token", None),  # as captured
        ("/authorize", "GET, HEAD, POST"),
        ("/en/authorize", "GET, HEAD"),
        ("/v1/me", "GET, HEAD, OPTIONS"),
        ("/images/ada.png", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["TRACE", "PUT", "QUERY", "CONNECT"])
def test_a_method_that_an_endpoint_has_not_is_405_and_a_mistake(spotify, method, path, allow):
    seen = ask(spotify.accounts_url, method, path)

    # CONNECT names a host to reach, never an endpoint.
    assert (seen.status, seen.header("allow")) == (405, "" if method == "CONNECT" else allow)
    assert len(spotify.mistakes()) == 1
