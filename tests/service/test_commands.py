"""The commands, each as a process of its own."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fake_spotify import FakeSpotify
from tests.contract import patience
from tests.contract.http_client import post_form, send
from tests.contract.processes import launch
from tests.service.running import (
    NOWHERE,
    Running,
    environment,
    run_command,
    running_service,
    with_sitecustomize,
)


def test_keygen_prints_one_key_and_nothing_else() -> None:
    first, second = run_command("keygen"), run_command("keygen", "--env")

    assert re.match(r"[A-Za-z0-9_-]{43}\n\Z", first.stdout)
    assert re.match(r"ENCRYPTION_SECRET=[A-Za-z0-9_-]{43}\n\Z", second.stdout)
    assert first.stdout not in second.stdout
    assert (first.returncode, first.stderr, second.returncode, second.stderr) == (0, "", 0, "")


def test_every_problem_of_the_settings_is_told_at_once() -> None:
    env = environment(
        "ftp://x",
        CLIENT_ID=None,
        CALLBACK_URL="nonsense",
        ENCRYPTION_SECRET="short secret",
        PORT="canary port",
        UNKNOWN_KEY="maybe",
    )

    done = run_command("serve", env=env)

    assert (done.returncode, done.stdout) == (2, "")
    for name in (
        "CLIENT_ID",
        "CALLBACK_URL",
        "ENCRYPTION_SECRET",
        "PORT",
        "UNKNOWN_KEY",
        "SPOTIFY_ACCOUNTS_URL",
    ):
        assert re.search(rf"^  {name}: ", done.stderr, re.MULTILINE), name
    assert "LEGACY_SECRETS" in done.stderr
    assert "short secret" not in done.stderr
    assert "canary" not in done.stderr


def test_an_address_in_use_is_told_by_its_setting(service: Running) -> None:
    port = service.url.rpartition(":")[2]

    done = run_command("serve", env=environment(NOWHERE, PORT=port))

    assert done.returncode == 2
    assert "PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_come_from_a_file_and_the_environment_wins(tmp_path: Path) -> None:
    env = environment(NOWHERE, LOG_FORMAT=None)
    (tmp_path / "secret").write_text("a passphrase from a file\n")
    (tmp_path / ".env").write_text(
        "LOG_FORMAT=json\nPORT=nonsense\nPREVIOUS_ENCRYPTION_SECRETS_FILE=secret\n"
    )

    # PORT is right in the environment; so the only complaint is about the code's place.
    done = run_command("swap", env=env, stdin="c", cwd=tmp_path)

    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "temporarily_unavailable"
    wrong = run_command("swap", "--env-file", "missing.env", env=env, stdin="c", cwd=tmp_path)
    assert (wrong.returncode, "missing.env" in wrong.stderr) == (2, True)


def test_swap_refresh_and_inspect_do_the_endpoints_work(spotify: FakeSpotify) -> None:
    env = environment(spotify.accounts_url)

    swapped = run_command("swap", env=env, stdin=spotify.code() + "\n")
    token = json.loads(swapped.stdout)["refresh_token"]
    refreshed = run_command("refresh", env=env, stdin=token + "\n")
    inspected = run_command("inspect", env=env, stdin=token)

    assert swapped.returncode == refreshed.returncode == inspected.returncode == 0
    assert json.loads(refreshed.stdout)["refresh_token"] == token
    assert "opens:         yes" in inspected.stdout
    assert token.split(".")[1] in inspected.stdout
    assert "AQ" not in inspected.stdout


def test_inspect_tells_age_and_rest_of_life_and_a_reason_if_it_does_not_open(
    spotify: FakeSpotify,
) -> None:
    env = environment(spotify.accounts_url, REFRESH_TOKEN_LIFETIME="180d")
    token = json.loads(run_command("swap", env=env, stdin=spotify.code()).stdout)["refresh_token"]

    here = run_command("inspect", "--json", env=env, stdin=token)
    elsewhere = run_command(
        "inspect", "--json", env={**env, "ENCRYPTION_SECRET": "x" * 40}, stdin=token
    )
    foreign = run_command("inspect", "--json", env=env, stdin="0123456789abcdef" * 8)

    told = json.loads(here.stdout)
    assert (told["opens"], told["days_left"], told["age_days"]) == (True, 180.0, 0.0)
    assert re.match(r"20\d\d-\d\d-\d\dT[\d:]{8}Z\Z", told["authorized_at"])
    assert re.match(r"[A-Za-z0-9_-]{8}\Z", told["grant"])
    assert (elsewhere.returncode, json.loads(elsewhere.stdout)["opens"]) == (1, False)
    assert json.loads(elsewhere.stdout)["key_id"] == token.split(".")[1]
    assert (foreign.returncode, json.loads(foreign.stdout)["format"]) == (1, "node")


@pytest.mark.parametrize("command", ["swap", "refresh", "inspect"])
def test_codes_and_tokens_are_no_arguments(spotify: FakeSpotify, command: str) -> None:
    given = run_command(command, "canary-token", env=environment(spotify.accounts_url))
    nothing = run_command(command, env=environment(spotify.accounts_url), stdin="")

    assert (given.returncode, nothing.returncode) == (2, 2)
    assert "canary-token" not in given.stderr
    assert "standard input" in given.stderr


def test_a_person_is_asked_without_echo(spotify: FakeSpotify) -> None:
    ours, theirs = pty.openpty()
    process = launch(
        [sys.executable, "-m", "sanic_swap", "refresh"],
        env=environment(spotify.accounts_url),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    shown = b""
    while not shown.endswith(b"refresh token: "):
        shown += os.read(ours, 4096)
    os.write(ours, b"canary-token\n")
    output, _ = process.communicate(timeout=patience.seconds(30))
    os.set_blocking(ours, False)
    shown += os.read(ours, 4096)
    os.close(theirs)
    os.close(ours)

    assert json.loads(output)["error"] == "invalid_grant"
    assert process.returncode == 1
    assert b"canary" not in output
    assert b"canary" not in shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_service_cleanly(spotify: FakeSpotify, number: int) -> None:
    with running_service(spotify.accounts_url) as service:
        assert send("GET", f"{service.url}/readyz").status == 200

        assert service.stop(number) == 0
        assert '"stopped"' in service.log()


def test_a_made_up_key_is_warned_about_and_works(spotify: FakeSpotify) -> None:
    with running_service(spotify.accounts_url, ENCRYPTION_SECRET=None) as service:
        token = post_form(f"{service.url}/swap", {"code": spotify.code()}).json()["refresh_token"]

        assert post_form(f"{service.url}/refresh", {"refresh_token": token}).status == 200
        assert "using a temporary key" in service.log()


def test_what_is_not_wanted_need_not_be_installed(spotify: FakeSpotify, tmp_path: Path) -> None:
    optional = ["cryptography", "limits", "newrelic", "prometheus_client", "redis"]
    without = with_sitecustomize(
        tmp_path, f"import sys; sys.modules.update(dict.fromkeys({optional}))"
    )
    with running_service(spotify.accounts_url, **without) as service:
        assert post_form(f"{service.url}/swap", {"code": spotify.code()}).status == 200
