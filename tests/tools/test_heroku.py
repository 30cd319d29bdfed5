"""The Procfile's line, started as Heroku would."""

import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.contract import patience
from tests.contract.http_client import send
from tests.contract.processes import free_port, launched, wait_until
from tests.service.running import NOWHERE, START_SECONDS, environment, run_command

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]


def test_the_release_steps_stop_what_would_not_start() -> None:
    """The Procfile's and fly.toml's, which the image's ENTRYPOINT stands in front of."""
    heroku = re.search(r"(?m)^release: python -m sanic_swap (.*)$", (ROOT / "Procfile").read_text())
    fly = tomllib.loads((ROOT / "fly.toml").read_text())["deploy"]["release_command"]
    assert heroku is not None
    assert heroku[1] == fly
    good, wrong = environment(NOWHERE), environment(NOWHERE, CLIENT_ID=None)

    assert [run_command(*fly.split(), env=env).returncode for env in (good, wrong)] == [0, 2]


def test_the_procfile_serves_on_the_port_that_it_is_given_and_drains(tmp_path: Path) -> None:
    port = free_port()
    env = environment(NOWHERE, PORT=str(port), LOG_FORMAT="text")
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
