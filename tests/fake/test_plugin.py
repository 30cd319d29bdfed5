"""The fixture `fake_spotify`, in a project that has nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


@pytest.fixture
def run(tmp_path):
    def run(source, *options):
        (tmp_path / "test_it.py").write_text(source)
        # The plugin is named here, so that this works with and without an installed entry point.
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    "-W",
                    "error",
                    "-m",
                    "pytest",
                    "-p",
                    "fake_spotify.pytest_plugin",
                ),
                *("--strict-markers", "-q", "-p", "no:cacheprovider", *options),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTEST_ADDOPTS": "",
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


PREAMBLE = """
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from fake_spotify import Match
from fake_spotify.faults import UpstreamReset


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


def test_one_line_is_enough(run):
    code, output = run("def test_it(fake_spotify): assert fake_spotify.code().startswith('AQ')")

    assert code == 0, output


def test_each_test_has_a_fake_of_its_own(run):
    code, output = run(
        "def test_one(fake_spotify): fake_spotify.grant(); assert len(fake_spotify.grants()) == 1\n"
        "def test_two(fake_spotify): assert fake_spotify.grants() == []\n"
    )

    assert code == 0, output


def test_the_marker_chooses(run):
    code, output = run(
        PREAMBLE
        + """
@pytest.mark.fake_spotify(era="2021", client_id="mine")
def test_it(fake_spotify):
    assert fake_spotify.client_id == "mine"
    fake_spotify.expect(Match(error="unsupported_grant_type"))
    assert ask(fake_spotify, grant_type="x")["error_description"].startswith("grant_type must be")
"""
    )

    assert code == 0, output


def test_it_fails_at_the_end_if_what_was_expected_did_not_come(run):
    code, output = run(
        PREAMBLE
        + """
def test_it(fake_spotify):
    fake_spotify.expect(Match(grant_type="refresh_token"), times=2)
    ask(fake_spotify, grant_type="refresh_token", refresh_token=fake_spotify.grant().refresh_token)
"""
    )

    assert code == 1
    assert "expected a request with grant_type 'refresh_token' 2 times, saw 1" in output


def test_it_fails_at_the_end_if_something_unexpected_came(run):
    code, output = run(PREAMBLE + "def test_it(fake_spotify): ask(fake_spotify)")

    assert code == 1
    assert "did not expect POST /api/token -> 400 unsupported_grant_type" in output


def test_it_fails_at_the_end_if_a_fault_was_not_reached(run):
    code, output = run(PREAMBLE + "def test_it(fake_spotify): fake_spotify.fault(UpstreamReset())")

    assert code == 1
    assert "planned UpstreamReset() 1 times, played it 0" in output
    assert "1 failed" in output


def test_a_fixture_of_ones_own_may_stand_before_it(run):
    code, output = run(
        PREAMBLE
        + """
@pytest.fixture
def client(request):
    spotify = request.getfixturevalue("fake_spotify")
    spotify.fault(UpstreamReset())
    return spotify

def test_it(client): pass
"""
    )

    assert code == 1
    assert "1 failed" in output


def test_a_test_that_fails_by_itself_says_only_why(run):
    code, output = run("def test_it(fake_spotify): fake_spotify.expect(); assert 1 == 2")

    assert code == 1
    assert "assert 1 == 2" in output
    assert "fake_spotify:" not in output


def test_a_project_that_does_not_use_it_does_not_load_a_web_server(run):
    code, output = run("def test_it():\n    import sys\n    assert 'aiohttp' not in sys.modules")

    assert code == 0, output


SESSION = """
@pytest.fixture(scope="session")
def fake_spotify_options():
    return {"client_id": "mine"}
"""


def test_the_sessions_fake_is_one_for_all_tests_and_new_for_each(run):
    code, output = run(
        PREAMBLE
        + SESSION
        + """
seen = set()

@pytest.fixture(scope="session")
def server(fake_spotify_session):
    return fake_spotify_session

@pytest.mark.parametrize("number", range(3))
def test_it(server, number):
    assert server.client_id == "mine"
    assert server.grants() == server.requests() == []
    server.grant()
    server.register(client_id="other").grant()
    server.clock.advance(days=200)
    seen.add(server.accounts_url)

def test_it_was_one(fake_spotify_session):
    assert len(seen) == 1
    assert fake_spotify_session.app("other").grants() == []
"""
    )

    assert code == 0, output


def test_the_sessions_fake_is_checked_at_each_tests_end(run):
    code, output = run(
        PREAMBLE
        + """
def test_one(fake_spotify_session):
    ask(fake_spotify_session)

def test_two(fake_spotify_session):
    pass

def test_three():
    pass
"""
    )

    assert code == 1
    assert "1 failed, 2 passed" in output
    assert "to expect it: fake_spotify.expect(Match(path='/api/token', error=" in output


def test_options_are_for_both_fixtures_and_a_marker_wins(run):
    code, output = run(
        PREAMBLE
        + SESSION
        + """
def test_it(fake_spotify):
    assert fake_spotify.client_id == "mine"

@pytest.mark.fake_spotify(client_id="another")
def test_marked(fake_spotify):
    assert fake_spotify.client_id == "another"
"""
    )

    assert code == 0, output
