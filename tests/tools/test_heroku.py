"""The Procfile's line, started as Heroku would."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.contract import patience
from tests.contract.http_client import send
from tests.contract.processes import free_port, launched, wait_until
from tests.service.running import START_SECONDS, environment, run_command

ROOT = Path(__file__).parents[2]


def test_the_procfile_serves_on_the_port_that_it_is_given_and_drains(tmp_path: Path) -> None:
    port = free_port()
    env = environment("https://accounts.spotify.com", PORT=str(port), LOG_FORMAT="text")
    env["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), env["PATH"]))
    command = [sys.executable, "-m", "honcho", "-f", ROOT / "Procfile", "-e", os.devnull]
    output = tmp_path / "output"
    with (
        output.open("wb") as out,
        launched(
            [*command, "start", "web"], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
        ) as heroku,
    ):
        wait_until(
            lambda: heroku.poll() is not None or "listening" in output.read_text(), START_SECONDS
        )
        assert f"http://0.0.0.0:{port}" in output.read_text()
        assert send("GET", f"http://127.0.0.1:{port}/readyz").status == 200

        heroku.send_signal(signal.SIGTERM)  # which it passes on to every process
        heroku.wait(patience.seconds(START_SECONDS))

    words = output.read_text().split()  # the exit code is that of the shell in between
    assert words.index("draining") < words.index("stopped")


def test_a_release_with_settings_that_are_wrong_does_not_come_about() -> None:
    [line] = [line for line in (ROOT / "Procfile").read_text().splitlines() if "release:" in line]
    command = line.removeprefix("release: python -m sanic_swap ").split()
    env = environment("https://accounts.spotify.com", DYNO="release.1")

    good, risky, wrong = (
        run_command(*command, "--offline", env=env | changes)
        for changes in ({"HOST": "0.0.0.0"}, {"CORS_ORIGINS": "*"}, {"REVOKE_BEFORE": "2999-01-01"})
    )

    assert (good.returncode, risky.returncode, wrong.returncode) == (0, 0, 2)
    assert "1 wrong" in wrong.stdout
