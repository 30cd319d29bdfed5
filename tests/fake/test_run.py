"""`fake-spotify run -- COMMAND`, and the commands that drive a running fake from a shell."""

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.commands import remote
from fake_spotify.commands.serve import run
from tests.fake.browser import ask, refresh
from tests.fake.command import COMMAND, PATIENCE_SECONDS

SHOW = f"""
env | grep -E 'SPOTIFY|CLIENT|CALLBACK'
{sys.executable} -m fake_spotify code --scope streaming --user grace
"""


def _is_gone(url):
    return ask(url, "GET", "/_fake/health").status == 0


def test_run_sets_the_environment_and_leaves_no_server(capfd):
    code = run(["--redirect-uri", "https://a.example/", "--", "sh", "-c", SHOW])
    said, errors = capfd.readouterr()
    *lines, made = said.splitlines()
    seen = dict(line.split("=", 1) for line in lines)

    assert (code, errors, made[:2]) == (0, "", "AQ")
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
    assert run(["--", *command]) == code


@pytest.mark.parametrize("arguments", [(), ("--",), ("--port", "x", "--", "true")])
def test_run_without_a_command_or_with_wrong_options_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as exited:
        run(arguments)

    assert exited.value.code == 2
    assert "usage: fake-spotify run" in capsys.readouterr().err


def test_run_says_what_the_fake_complained_about(capfd):
    script = (
        "curl -s -d grant_type=x -d client_id=$CLIENT_ID -d client_secret=wrong "
        "$SPOTIFY_ACCOUNTS_URL/api/token; "
        'curl -s -d \'{"kind": "silence"}\' $FAKE_SPOTIFY_CONTROL_URL/faults'
    )
    code = run(["--", "sh", "-c", script])
    said = capfd.readouterr().err

    assert code == 0
    assert "did not expect POST /api/token (x) -> 400 invalid_client. The client_secret" in said
    assert "planned Silence() 1 times, played it 0" in said


# A shell would do, but one that is just starting a command loses a signal now and then.
WITH_CHILD = """
import os, signal, subprocess
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "300"])
signal.signal(signal.SIGINT, signal.SIG_DFL)
print(os.environ["SPOTIFY_ACCOUNTS_URL"], os.getpid())
print(child.pid, flush=True)
signal.pause()
print("never", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_run_passes_signals_on_and_leaves_nobody_behind(number):
    with subprocess.Popen(
        [*COMMAND, "run", "--", sys.executable, "-c", WITH_CHILD],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        url, parent = process.stdout.readline().split()
        child = process.stdout.readline()
        process.send_signal(number)
        rest, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 128 + number
    assert rest == ""
    assert _is_gone(url)
    for pid in (parent, child):
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_run_ends_what_its_command_left_running(capfd):
    code = run(["--", "sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!"])

    assert code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(capfd.readouterr().out), 0)


@pytest.fixture
def drive(capsys, monkeypatch):
    def drive(url, name, *arguments):
        """Give exit code, output and errors of a command that is pointed at the fake at *url*."""
        monkeypatch.setenv("FAKE_SPOTIFY_CONTROL_URL", url)
        return remote.perform(name, arguments), *capsys.readouterr()

    return drive


def test_ready_says_whether_a_fake_answers(spotify, drive):
    code, _, said = drive("http://127.0.0.1:9/_fake", "ready")

    assert code == 1
    assert "no fake answers at http://127.0.0.1:9/_fake" in said
    assert drive(spotify.control_url, "ready") == (0, "", "")


def test_ready_waits_until_a_fake_answers_but_not_for_ever(drive):
    with FakeSpotify() as spotify:
        url, port = spotify.control_url, urlsplit(spotify.control_url).port
    start = time.monotonic()
    late, *_ = drive(url, "ready", "--wait", "--timeout", "0.3")
    waited = time.monotonic() - start
    codes = []
    waiting = Thread(
        target=lambda: codes.append(drive(url, "ready", "--wait", "--timeout", "20")[0])
    )
    waiting.start()
    waiting.join(0.3)
    is_waiting = waiting.is_alive()
    with FakeSpotify(port=port):
        waiting.join(PATIENCE_SECONDS)

    assert (late, is_waiting, codes) == (1, True, [0])
    assert 0.3 <= waited < 10


def test_ready_takes_nothing_else_for_a_fake(drive):
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        Thread(target=other.handle_request, daemon=True).start()
        code, _, said = drive(f"http://127.0.0.1:{other.server_port}/_fake", "ready")

    assert code == 1
    assert "501" in said


def test_fault_clock_journal_and_reset_from_a_shell(spotify, drive):
    def tell(*arguments):
        code, said, _ = drive(spotify.control_url, *arguments)
        assert code == 0
        return said

    tell("fault", "slow_body", "seconds=0.01", "--match", "grant_type=refresh_token", "--times=2")
    [planned] = spotify.faults()
    assert (planned.fault.seconds, planned.times) == (0.01, 2)
    assert planned.match.grant_type == "refresh_token"
    refresh(spotify, "x")
    lines = tell("journal", "path=/api/token").splitlines()
    assert lines[0] == "1 POST /api/token (refresh_token) -> 400 invalid_grant"
    assert "The planned fault slow_body" in lines[1]
    assert json.loads(tell("journal", "--json"))["count"] == 1
    before = spotify.clock.now()
    assert tell("clock", "freeze", "+1h", "-5m").endswith("Z (frozen)\n")
    assert 3300 <= spotify.clock.now() - before < 3400
    assert tell("clock", "2030-01-31T00:00:00Z") == "2030-01-31T00:00:00Z (frozen)\n"
    assert "frozen" not in tell("clock", "now")
    assert not spotify.clock.is_frozen
    assert abs(spotify.clock.now() - time.time()) < 60
    tell("reset")
    assert spotify.faults() == spotify.requests() == []
    listed = tell("fault", "--list")
    assert "no_healthy_upstream\n    503: Envoy has nobody to ask." in listed
    assert "connection_refused seconds" in listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fault", "no_healthy_upstrem"), "did you mean no_healthy_upstream?"),
        (("fault", "silence", "--match", "grant=x"), "did you mean grant_type?"),
        (("fault",), "NAME is missing"),
        (("clock", "+soon"), "now: must be"),
        (("code", "--scope", "user-read-emial"), "did you mean user-read-email?"),
        (("journal", "colour=red"), "colour: is not known"),
    ],
)
def test_a_mistake_is_exit_code_2_with_a_suggestion(spotify, drive, arguments, said):
    code, _, errors = drive(spotify.control_url, *arguments)

    assert code == 2
    assert said in errors
