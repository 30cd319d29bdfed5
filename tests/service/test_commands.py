"""The commands, each as a process of its own."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fake_spotify import FakeSpotify
from tests.contract import patience
from tests.contract.http_client import post_form
from tests.contract.processes import launched
from tests.service.running import (
    NOWHERE,
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


def test_keygen_puts_no_second_key_into_a_file(tmp_path: Path) -> None:
    env_file = tmp_path / "my.env"
    env_file.write_text("CLIENT_ID=x\n# ENCRYPTION_SECRET=no\n")

    def keygen(*arguments: str) -> int:
        with env_file.open("a") as output:
            command = [sys.executable, "-m", "sanic_swap", "keygen", *arguments]
            return subprocess.run(command, stdout=output, check=False, cwd=tmp_path).returncode

    first, second, alone = keygen("--env"), keygen("--env"), keygen()

    assert (first, second, alone) == (0, 2, 0)
    assert len(re.findall("^ENCRYPTION_SECRET=", env_file.read_text(), re.MULTILINE)) == 1


def test_every_problem_of_the_settings_is_told_at_once_and_where_it_looked(tmp_path: Path) -> None:
    wrong = {
        "CLIENT_ID": "…",
        "CALLBACK_URL": None,
        "ENCRYPTION_SECRET": "short secret",
        "PORT": "canary port",
        "UNKNOWN_KEY": "maybe",
    }
    env = environment("ftp://x", **wrong, CALBACK_URL="my-app://x")

    done = run_command("serve", env=env, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    for name in (*wrong, "SPOTIFY_ACCOUNTS_URL"):
        assert re.search(rf"^  {name}: ", done.stderr, re.MULTILINE), name
    assert "CLIENT_ID: is still the placeholder of an example" in done.stderr
    assert "CALBACK_URL is set: is that a typo?" in done.stderr
    assert f"no {tmp_path}/.env was found" in done.stderr
    assert "LEGACY_SECRETS" in done.stderr
    assert "short secret" not in done.stderr
    assert "canary" not in done.stderr


def test_settings_come_from_a_file_and_the_environment_wins(tmp_path: Path) -> None:
    env = environment(NOWHERE, LOG_FORMAT=None, SSLKEYLOGFILE=str(tmp_path / "keys"))
    (tmp_path / "secret").write_text("a passphrase from a file\n")
    (tmp_path / ".env").write_text(
        "LOG_FORMAT=json\nPORT=nonsense\nPREVIOUS_ENCRYPTION_SECRETS_FILE=secret\n"
        "CLIENT_SECERT=a-slip\n"
    )

    # PORT is right in the environment; so the only complaint is about the code's place.
    done = run_command("swap", env=env, stdin="c", cwd=tmp_path)

    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "temporarily_unavailable"
    for warned_of in ("CLIENT_SECERT: is not a setting", "SSLKEYLOGFILE: "):
        assert f'"warning", "message": "{warned_of}' in done.stderr
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
    assert not any(grant.refresh_token in inspected.stdout for grant in spotify.grants())
    assert '"message": "POST /refresh 200 ' in refreshed.stderr
    assert '"grant": "' in refreshed.stderr


def test_what_is_refused_is_logged_as_the_service_would_log_it() -> None:
    env = environment(NOWHERE, LOG_FORMAT="text")
    done = run_command("refresh", env=env, stdin="BQ" + "a" * 120)

    assert json.loads(done.stdout)["error_description"] == "Invalid refresh token"
    assert "outcome=token_refused reason=access_token" in done.stderr


@pytest.mark.parametrize("command", ["refresh", "dev", "judge"])
def test_what_is_no_argument_is_not_repeated(command: str) -> None:
    given = run_command(command, "--canary", "canary-token", "a-canary", env=environment(NOWHERE))

    assert given.returncode == 2
    assert "canary" not in given.stderr
    assert "unknown arguments" in given.stderr


def test_codes_and_tokens_are_no_arguments_and_nothing_is_no_code() -> None:
    given = run_command("refresh", "canary-token", env=environment(NOWHERE))
    empty = run_command("swap", env=environment(NOWHERE))

    assert (given.returncode, empty.returncode) == (2, 2)
    assert "(codes and tokens are read from standard input" in given.stderr
    assert "standard input is empty" in empty.stderr


def test_a_person_is_asked_without_echo(spotify: FakeSpotify) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sanic_swap", "refresh"]
    how = {"stdin": theirs, "stdout": subprocess.PIPE, "stderr": theirs}
    with launched(command, env=environment(spotify.accounts_url), **how) as process:
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


def test_what_is_not_wanted_need_not_be_there_nor_a_key_of_which_a_start_warns(
    spotify: FakeSpotify, tmp_path: Path
) -> None:
    optional = ["cryptography", "limits", "newrelic", "prometheus_client", "redis"]
    without = with_sitecustomize(
        tmp_path, f"import sys; sys.modules.update(dict.fromkeys({optional}))"
    )
    with running_service(spotify.accounts_url, ENCRYPTION_SECRET=None, **without) as service:
        token = post_form(f"{service.url}/swap", {"code": spotify.code()}).json()["refresh_token"]

        assert post_form(f"{service.url}/refresh", {"refresh_token": token}).status == 200
        assert "using a temporary key" in service.log()


@pytest.mark.parametrize(("command", "option"), [("dev", "--snippet"), ("judge", "--replay")])
def test_a_command_with_arguments_of_its_own_lists_them(command: str, option: str) -> None:
    assert option in run_command(command, "--help").stdout


def test_the_version_names_the_commit() -> None:
    done = run_command("--version", env=environment(NOWHERE, SOURCE_COMMIT="0123456789abcdef"))

    assert re.fullmatch(r"sanic-swap \d+\.\d+\.\d+ \(commit 0123456789ab\)\n", done.stdout)
