"""The commands, each as a process of its own."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.http_client import post_form, send
from tests.contract.processes import (
    CLIENT_SECRET,
    KEY,
    Running,
    environment,
    new_code,
    run_command,
    running_service,
    wait_until,
)


def test_keygen_prints_one_key_and_nothing_else() -> None:
    first, second = run_command("keygen"), run_command("keygen", "--env")

    assert re.match(r"[A-Za-z0-9_-]{43}\n\Z", first.stdout)
    assert re.match(r"ENCRYPTION_SECRET=[A-Za-z0-9_-]{43}\n\Z", second.stdout)
    assert first.stdout not in second.stdout
    assert (first.returncode, first.stderr, second.returncode, second.stderr) == (0, "", 0, "")


def test_every_problem_of_the_settings_is_named_at_once() -> None:
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


def test_an_address_in_use_is_named_by_its_setting(service: Running) -> None:
    port = service.url.rpartition(":")[2]

    done = run_command("serve", env=environment("http://127.0.0.1:9", PORT=port))

    assert done.returncode == 2
    assert "PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_come_from_a_file_and_the_environment_wins(tmp_path: Path) -> None:
    env = environment("http://127.0.0.1:9", LOG_FORMAT=None)
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


def test_swap_refresh_and_inspect_do_the_endpoints_work(spotify: Running) -> None:
    env = environment(spotify.url)

    swapped = run_command("swap", env=env, stdin=new_code(spotify) + "\n")
    token = json.loads(swapped.stdout)["refresh_token"]
    refreshed = run_command("refresh", env=env, stdin=token + "\n")
    inspected = run_command("inspect", env=env, stdin=token)

    assert swapped.returncode == refreshed.returncode == inspected.returncode == 0
    assert json.loads(refreshed.stdout)["refresh_token"] == token
    assert "opens:         yes" in inspected.stdout
    assert token.split(".")[1] in inspected.stdout
    assert "AQ" not in inspected.stdout


def test_inspect_shows_age_and_rest_of_life_and_a_reason_if_it_does_not_open(
    spotify: Running,
) -> None:
    env = environment(spotify.url, REFRESH_TOKEN_LIFETIME="180d")
    token = json.loads(run_command("swap", env=env, stdin=new_code(spotify)).stdout)[
        "refresh_token"
    ]

    here = run_command("inspect", "--json", env=env, stdin=token)
    elsewhere = run_command(
        "inspect", "--json", env={**env, "ENCRYPTION_SECRET": "x" * 40}, stdin=token
    )
    foreign = run_command("inspect", "--json", env=env, stdin="0123456789abcdef" * 8)

    description = json.loads(here.stdout)
    assert (description["opens"], description["days_left"], description["age_days"]) == (
        True,
        180.0,
        0.0,
    )
    assert re.match(r"20\d\d-\d\d-\d\dT[\d:]{8}Z\Z", description["authorized_at"])
    assert re.match(r"[A-Za-z0-9_-]{8}\Z", description["grant"])
    assert (elsewhere.returncode, json.loads(elsewhere.stdout)["opens"]) == (1, False)
    assert json.loads(elsewhere.stdout)["key_id"] == token.split(".")[1]
    assert (foreign.returncode, json.loads(foreign.stdout)["format"]) == (1, "node")


@pytest.mark.parametrize("command", ["swap", "refresh", "inspect"])
def test_codes_and_tokens_are_no_arguments(spotify: Running, command: str) -> None:
    given = run_command(command, "canary-token", env=environment(spotify.url))
    nothing = run_command(command, env=environment(spotify.url), stdin="")

    assert (given.returncode, nothing.returncode) == (2, 2)
    assert "canary-token" not in given.stderr
    assert "standard input" in given.stderr


def test_a_person_is_asked_without_echo(spotify: Running) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sanic_swap", "refresh"],
        env=environment(spotify.url),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    shown = b""
    while not shown.endswith(b"refresh token: "):
        shown += os.read(ours, 4096)
    os.write(ours, b"canary-token\n")
    output, _ = process.communicate(timeout=30)
    os.set_blocking(ours, False)
    shown += os.read(ours, 4096)
    os.close(theirs)
    os.close(ours)

    assert json.loads(output)["error"] == "invalid_grant"
    assert process.returncode == 1
    assert b"canary" not in output
    assert b"canary" not in shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_service_cleanly(spotify: Running, number: int) -> None:
    with running_service(spotify.url) as service:
        assert send("GET", f"{service.url}/readyz").status == 200

        assert service.stop(number) == 0
        assert '"stopped"' in service.log()


def test_a_made_up_key_is_warned_about_and_works(spotify: Running) -> None:
    with running_service(spotify.url, ENCRYPTION_SECRET=None) as service:
        token = post_form(f"{service.url}/swap", {"code": new_code(spotify)}).json()[
            "refresh_token"
        ]

        assert post_form(f"{service.url}/refresh", {"refresh_token": token}).status == 200
        assert "made up for this process" in service.log()


def test_sanics_own_command_runs_the_service_too(spotify: Running) -> None:
    command = [sys.executable, "-m", "sanic", "sanic_swap.app:create_app", "--factory"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command += ["--single-process", "--no-motd", "--host", "127.0.0.1", "--port", str(port)]
    env = environment(spotify.url)
    without_key = subprocess.run(
        command,
        env={name: value for name, value in env.items() if name != "ENCRYPTION_SECRET"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url), 20)
        swapped = post_form(f"{url}/swap", {"code": new_code(spotify)})
        process.terminate()

    assert without_key.returncode == 2
    assert "ENCRYPTION_SECRET: is missing" in without_key.stderr
    assert swapped.status == 200


def answers(url: str) -> bool:
    try:
        return send("GET", f"{url}/healthz").status == 200
    except OSError:
        return False


def test_no_secret_is_ever_logged(spotify: Running) -> None:
    code = new_code(spotify)
    with running_service(spotify.url, LOG_LEVEL="debug") as service:
        swapped = post_form(f"{service.url}/swap", {"code": code}).json()
        post_form(f"{service.url}/swap", {"code": code, "code_verifier": "canary" * 8})
        post_form(f"{service.url}/swap?code={code}", {"code": code})
        refreshed = post_form(
            f"{service.url}/refresh", {"refresh_token": swapped["refresh_token"]}
        ).json()
        post_form(f"{service.url}/refresh", {"refresh_token": swapped["refresh_token"] + "x"})
        wait_until(lambda: service.log().count("POST /refresh") >= 2)
        log = service.log()

    for secret in (
        code,
        CLIENT_SECRET,
        KEY,
        "canarycanary",
        swapped["access_token"],
        swapped["refresh_token"],
        refreshed["access_token"],
    ):
        assert secret not in log
    assert '"grant": "' in log
    assert [json.loads(line) for line in log.splitlines()]
