"""The fixture `fake_spotify`, in projects that have nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
PREAMBLE = """
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest

from fake_spotify import Match

def ask(spotify, **form):
    own = {"client_id": spotify.client_id, "client_secret": spotify.client_secret}
    body = urllib.parse.urlencode({**own, **form}).encode()
    try:
        with urllib.request.urlopen(spotify.accounts_url + "/api/token", body) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)
"""
OPTIONS = """
@pytest.fixture(scope="session")
def fake_spotify_options():
    return {"client_id": "mine"}
"""
ONE_EACH = """
def test_a_project_that_does_not_use_it_does_not_load_a_web_server():
    assert "aiohttp" not in sys.modules

def test_one_line_is_enough(fake_spotify):
    assert fake_spotify.code().startswith("AQ")
    fake_spotify.grant()

def test_each_test_has_a_fake_of_its_own(fake_spotify):
    assert fake_spotify.grants() == []

def test_options_are_for_every_test(fake_spotify):
    assert fake_spotify.client_id == "mine"

@pytest.mark.fake_spotify(era="2021", client_id="another")
def test_the_marker_wins(fake_spotify):
    assert fake_spotify.client_id == "another"
    fake_spotify.expect(Match(error="unsupported_grant_type"))
    assert ask(fake_spotify, grant_type="x")["error_description"].startswith("grant_type must be")

def test_what_was_expected_did_not_come(fake_spotify):
    fake_spotify.expect(Match(grant_type="refresh_token"), times=2)
    ask(fake_spotify, grant_type="refresh_token", refresh_token=fake_spotify.grant().refresh_token)

def test_something_unexpected_came(fake_spotify):
    ask(fake_spotify)

@pytest.fixture
def client(request):
    spotify = request.getfixturevalue("fake_spotify")
    spotify.fault("upstream_reset")

def test_a_fault_was_not_reached(client):
    pass

def test_it_fails_by_itself(fake_spotify):
    fake_spotify.expect()
    assert 1 == 2
"""
SESSION = """
seen = set()

@pytest.fixture(scope="session")
def server(fake_spotify_session):
    return fake_spotify_session

@pytest.mark.parametrize("number", range(3))
def test_each(server, number):
    assert server.client_id == "mine"
    assert server.grants() == server.requests() == []
    server.grant()
    server.register(client_id="other").grant()
    server.clock.advance(days=200)
    seen.add(server.accounts_url)

def test_it_was_one(fake_spotify_session):
    assert len(seen) == 1
    assert fake_spotify_session.app("other").grants() == []

def test_something_unexpected_came(fake_spotify_session):
    ask(fake_spotify_session)

def test_after(fake_spotify_session):
    pass

def test_without():
    pass
"""

UNEXPECTED = (
    "Failed: fake_spotify:\n"
    "did not expect POST /api/token -> 400 unsupported_grant_type; to expect it: "
    "fake_spotify.expect(Match(path='/api/token', error='unsupported_grant_type'))\n"
    "the latest requests: POST /api/token -> 400 unsupported_grant_type"
)


def _outcomes(folder, source):
    """Run a project; give the number of tests that passed, and why each of the others failed."""
    (folder / "test_it.py").write_text(PREAMBLE + OPTIONS + source)
    # The plugin is named here, so that this works with and without an installed entry point.
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "pytest", "-p", "fake_spotify.pytest_plugin"),
            *("--strict-markers", "-q", "-p", "no:cacheprovider", "--color=no"),
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
            "CI": "1",  # cuts nothing off
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    summary = done.stdout.partition("short test summary info")[2]
    failed = re.findall(
        r"^FAILED test_it\.py::test_(\w+) - (.*?)(?=\nFAILED|\n\d)",
        summary,
        re.DOTALL | re.MULTILINE,
    )
    [passed] = re.findall(r"(\d+) passed", done.stdout)
    return int(passed), dict(failed)


def test_each_test_has_a_fake_that_is_checked_at_its_end(tmp_path):
    passed, failed = _outcomes(tmp_path, ONE_EACH)

    assert passed == 5
    assert failed == {
        "what_was_expected_did_not_come": (
            "Failed: fake_spotify:\n"
            "expected a request with grant_type 'refresh_token' 2 times, saw 1\n"
            "the latest requests: POST /api/token (refresh_token) -> 200"
        ),
        "something_unexpected_came": UNEXPECTED,
        "a_fault_was_not_reached": (
            "Failed: fake_spotify:\nplanned UpstreamReset() 1 times, played it 0\n"
            "the latest requests: nothing"
        ),
        "it_fails_by_itself": "assert 1 == 2",
    }


def test_the_sessions_fake_is_one_for_all_and_new_and_checked_for_each(tmp_path):
    assert _outcomes(tmp_path, SESSION) == (6, {"something_unexpected_came": UNEXPECTED})
