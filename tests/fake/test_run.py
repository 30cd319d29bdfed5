"""`fake-spotify run -- COMMAND`, and the commands that drive a running fake from a shell."""

import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

import fake_spotify
import sanic_swap
from fake_spotify import FakeSpotify
from tests.fake.browser import ask, post_form
from tests.fake.command import COMMAND, PATIENCE_SECONDS, ROOT, refused, running

SHOW = """
import json, os
print(json.dumps({name: os.environ.get(name) for name in (
    "SPOTIFY_ACCOUNTS_URL", "SPOTIFY_API_URL", "FAKE_SPOTIFY_CONTROL_URL",
    "CLIENT_ID", "CLIENT_SECRET", "CALLBACK_URL")}))
"""


def _fake(*arguments, **environment):
    return subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def _is_gone(url):
    return ask(url, "GET", "/_fake/health").status == 0


def test_run_sets_the_environment_and_leaves_no_server():
    done = _fake("run", "--redirect-uri", "https://a.example/", "--", sys.executable, "-c", SHOW)
    seen = json.loads(done.stdout)

    assert done.returncode == 0
    assert done.stderr == ""
    assert seen["SPOTIFY_API_URL"] == seen["SPOTIFY_ACCOUNTS_URL"]
    assert seen["FAKE_SPOTIFY_CONTROL_URL"] == seen["SPOTIFY_ACCOUNTS_URL"] + "/_fake"
    assert seen["CALLBACK_URL"] == "https://a.example/"
    assert urlsplit(seen["SPOTIFY_ACCOUNTS_URL"]).port not in {None, 8090}
    assert len(seen["CLIENT_ID"]) == len(seen["CLIENT_SECRET"]) == 32
    assert _is_gone(seen["SPOTIFY_ACCOUNTS_URL"])


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "kill -9 $$"), 137),
        (("no-such-command-at-all",), 127),
        (("/",), 126),
        (("echo", "--", "-x"), 0),
    ],
)
def test_run_ends_with_the_commands_exit_code(command, code):
    assert _fake("run", "--", *command).returncode == code


@pytest.mark.parametrize(
    "arguments", [("run",), ("run", "--"), ("run", "--port", "x", "--", "true")]
)
def test_run_without_a_command_or_with_wrong_options_is_exit_code_2(arguments):
    done = _fake(*arguments)

    assert done.returncode == 2
    assert "usage: fake-spotify run" in done.stderr


def test_run_says_what_the_fake_complained_about():
    script = (
        "curl -s -d grant_type=x -d client_id=$CLIENT_ID -d client_secret=wrong "
        "$SPOTIFY_ACCOUNTS_URL/api/token; "
        'curl -s -d \'{"kind": "silence"}\' $FAKE_SPOTIFY_CONTROL_URL/faults'
    )
    done = _fake("run", "--", "sh", "-c", script)

    assert done.returncode == 0
    assert (
        "did not expect POST /api/token (x) -> 400 invalid_client. The client_secret" in done.stderr
    )
    assert "planned Silence() 1 times, played it 0" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_run_passes_signals_on_and_leaves_nobody_behind(number):
    script = "echo $SPOTIFY_ACCOUNTS_URL $$; sleep 300 & echo $!; sleep 301; echo never"
    with subprocess.Popen(
        [*COMMAND, "run", "--", "sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        url, shell = process.stdout.readline().split()
        background = process.stdout.readline()
        process.send_signal(number)
        rest, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 128 + number
    assert rest == ""
    assert _is_gone(url)
    for pid in (shell, background):
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_run_ends_what_its_command_left_running():
    done = _fake("run", "--", "sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!")

    assert done.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


def test_run_finds_the_fakes_commands_pointed_at_it():
    script = f"{sys.executable} -m fake_spotify code --scope streaming --user grace"
    done = _fake("run", "--", "sh", "-c", script)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("AQ")


def test_env_prints_lines_for_a_dotenv_file():
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--env"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = dict(process.stdout.readline().strip().split("=", 1) for _ in range(4))
    finally:
        process.kill()
        process.communicate()

    assert list(lines) == ["CLIENT_ID", "CLIENT_SECRET", "CALLBACK_URL", "SPOTIFY_ACCOUNTS_URL"]
    assert lines["CALLBACK_URL"] == "http://127.0.0.1/callback"


def test_credentials_are_the_same_at_every_start_and_as_documented():
    document = (ROOT / "docs" / "fake-spotify.md").read_text()
    with FakeSpotify() as one, running() as (other, _), FakeSpotify(random_credentials=True) as new:
        assert one.client_id == other["client_id"]
        assert one.client_secret == other["client_secret"]
        assert one.client_id in document
        assert one.client_secret in document
        assert new.client_id != one.client_id


def test_the_version_is_the_distributions():
    assert _fake("--version").stdout == f"fake-spotify {sanic_swap.__version__}\n"
    assert fake_spotify.__version__ == sanic_swap.__version__


def test_the_fake_needs_aiohttp_alone():
    script = """
import sys
import aiohttp.web
before = set(sys.modules)
import fake_spotify.__main__, fake_spotify.fake, fake_spotify.commands.run
import fake_spotify.commands.serve, fake_spotify.commands.remote
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "['fake_spotify']\n"


def test_a_mistyped_command_is_suggested():
    code, message = refused("reddy")

    assert code == 2
    assert "did you mean ready?" in message


@pytest.fixture
def spotify():
    with FakeSpotify() as running_fake:
        yield running_fake


@pytest.fixture
def drive(spotify):
    return lambda *arguments: _fake(*arguments, FAKE_SPOTIFY_CONTROL_URL=spotify.control_url)


def test_ready_says_whether_a_fake_answers(drive):
    assert drive("ready").returncode == 0
    gone = _fake("ready", FAKE_SPOTIFY_CONTROL_URL="http://127.0.0.1:9/_fake")
    assert gone.returncode == 1
    assert "no fake answers at http://127.0.0.1:9/_fake" in gone.stderr


def test_ready_waits_until_a_fake_answers_but_not_for_ever():
    with FakeSpotify() as spotify:
        url, port = spotify.control_url, urlsplit(spotify.control_url).port
    waiting = subprocess.Popen(
        [*COMMAND, "ready", "--wait", "--timeout", "20"],
        env={**os.environ, "FAKE_SPOTIFY_CONTROL_URL": url},
    )
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.5)
    with FakeSpotify(port=port):
        assert waiting.wait(PATIENCE_SECONDS) == 0
    start = time.monotonic()
    late = _fake("ready", "--wait", "--timeout", "0.3", FAKE_SPOTIFY_CONTROL_URL=url)
    assert late.returncode == 1
    assert time.monotonic() - start < 10


def test_ready_takes_nothing_else_for_a_fake(tmp_path):
    script = "import http.server; http.server.test(http.server.SimpleHTTPRequestHandler, port=0)"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
    ) as other:
        port = other.stdout.readline().partition("port ")[2].split()[0]
        done = _fake("ready", FAKE_SPOTIFY_CONTROL_URL=f"http://127.0.0.1:{port}/_fake")
        other.kill()

    assert done.returncode == 1
    assert "404" in done.stderr


def test_fault_clock_journal_and_reset_from_a_shell(spotify, drive):
    chosen = ("--match", "grant_type=refresh_token", "--times", "2")
    assert drive("fault", "slow_body", "seconds=0.01", *chosen).returncode == 0
    [planned] = spotify.faults()
    assert (planned.fault.seconds, planned.times) == (0.01, 2)
    assert planned.match.grant_type == "refresh_token"
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": spotify.client_id}
    post_form(spotify.accounts_url, "/api/token", form)
    lines = drive("journal", "path=/api/token").stdout.splitlines()
    assert lines[0] == "1 POST /api/token (refresh_token) -> 400 invalid_grant"
    assert "The planned fault slow_body" in lines[1]
    assert json.loads(drive("journal", "--json").stdout)["count"] == 1
    before = spotify.clock.now()
    assert drive("clock", "freeze", "+1h", "-5m").stdout.endswith("Z (frozen)\n")
    assert 3300 <= spotify.clock.now() - before < 3400
    assert drive("clock", "2030-01-31T00:00:00Z").stdout == "2030-01-31T00:00:00Z (frozen)\n"
    assert "frozen" not in drive("clock", "now").stdout
    assert not spotify.clock.is_frozen
    assert drive("reset").returncode == 0
    assert spotify.faults() == spotify.requests() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fault", "no_healthy_upstrem"), "did you mean no_healthy_upstream?"),
        (("fault", "slow_body", "secnds=1"), "did you mean seconds?"),
        (("fault", "slow_body"), "seconds: is needed"),
        (("fault", "silence", "--match", "grant=x"), "did you mean grant_type?"),
        (("fault",), "NAME is missing"),
        (("clock", "+soon"), "now: must be"),
        (("code", "--scope", "user-read-emial"), "did you mean user-read-email?"),
        (("journal", "colour=red"), "colour: is not known"),
    ],
)
def test_a_mistake_is_exit_code_2_with_a_suggestion(drive, arguments, said):
    done = drive(*arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_fault_list_names_every_fault():
    listed = _fake("fault", "--list").stdout

    assert "no_healthy_upstream\n    503: Envoy has nobody to ask." in listed
    assert "connection_refused seconds" in listed
