"""What Docker, Heroku and systemd read to run this service fits it."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from sanic_swap.settings.table import Settings, variables
from tests.contract import patience
from tests.contract.http_client import send
from tests.contract.processes import free_port, launched, wait_until
from tests.programs import need
from tests.service.running import NOWHERE, START_SECONDS, environment, run_command
from tests.tools.dockerfile import steps

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(client_id="x", client_secret="x", callback_urls=("x:y",))
NAMES = {spelling for variable in variables().values() for spelling in variable.spellings}


def read(name):
    return (ROOT / name).read_text()


# The image
STEPS = steps(read("Dockerfile"))


def test_the_image_starts_from_one_version_that_nobody_can_exchange():
    [base] = {text for name, text in STEPS if name == "FROM" and ":" in text}

    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64} AS base", base)


def test_the_image_takes_dependencies_from_the_lock_alone():
    installs = [text for name, text in STEPS if name == "RUN" and "pip" in text.split()]

    assert len([text for text in installs if " install " in text]) == 1
    assert any("--require-hashes --only-binary :all:" in text for text in installs)


def test_the_image_runs_one_process_that_is_not_root():
    said = dict(STEPS)

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", said["USER"])
    assert json.loads(said["ENTRYPOINT"]) == ["python", "-m", "sanic_swap"]
    assert json.loads(said["CMD"]) == ["serve"]
    assert [name for name, _ in STEPS].index("ENTRYPOINT") > [n for n, _ in STEPS].index("USER")


def test_only_what_the_image_copies_is_sent_to_whoever_builds_it():
    copied = {text.split()[0] for name, text in STEPS if name == "COPY" and "--from" not in text}
    lines = read(".dockerignore").splitlines()

    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == copied


# Heroku
APP = json.loads(read("app.json"))


def test_heroku_runs_the_tested_line():
    assert read("Procfile") == (
        "release: python -m sanic_swap check --only-errors\n"
        "web: HOST=0.0.0.0 python -m sanic_swap serve\n"
    )


def test_heroku_makes_a_key_and_asks_for_what_has_no_default():
    required = {variable.name for variable in variables().values() if variable.required}

    assert APP["env"]["ENCRYPTION_SECRET"]["generator"] == "secret"
    assert required == {name for name, said in APP["env"].items() if set(said) == {"description"}}
    assert set(APP["env"]) <= NAMES


def test_heroku_takes_a_python_that_we_test():
    version = read(".python-version").strip()

    assert f"Programming Language :: Python :: {version}" in read("pyproject.toml")


def test_the_release_steps_stop_what_would_not_start() -> None:
    """The Procfile's and fly.toml's, which the image's ENTRYPOINT stands in front of."""
    heroku = re.search(r"(?m)^release: python -m sanic_swap (.*)$", read("Procfile"))
    fly = tomllib.loads(read("fly.toml"))["deploy"]["release_command"]
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


# systemd
def unit():
    """Return the unit's settings; those that are said twice are joined."""
    said = {}
    for line in read("deploy/sanic-swap@.service").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            said[name] = f"{said[name]} {value}" if name in said else value
    return said


def test_systemd_runs_one_process_for_each_core_drains_it_and_brings_it_back():
    said = unit()

    assert "REUSE_PORT=on" in said["Environment"].split()
    assert said["Restart"] == "always"
    assert said["RestartPreventExitStatus"] == "2"
    assert int(said["LimitNOFILE"]) > 2 * SETTINGS.connection_limit
    assert said["KillSignal"] == "SIGTERM"
    assert int(said["TimeoutStopSec"]) > SETTINGS.drain_delay + SETTINGS.drain_seconds


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(["verify"], id="every line is understood"),
        # Exposure from 0 to 100; a service that asks for nothing has 96.
        pytest.param(["security", "--offline=yes", "--threshold=15"], id="little is allowed"),
    ],
)
def test_systemd_approves_of_the_unit(tmp_path, question):
    program, instance = tmp_path / "sanic-swap", tmp_path / "sanic-swap@1.service"
    program.symlink_to("/bin/true")
    unit = read("deploy/sanic-swap@.service")
    instance.write_text(unit.replace("/opt/sanic-swap/bin/sanic-swap", str(program)))
    said = subprocess.run(
        [need("systemd-analyze"), *question, instance],
        env={"PATH": os.environ["PATH"], "SYSTEMD_PAGER": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (said.returncode, said.stderr) == (0, "")


# Compose
COMPOSE = yaml.safe_load(read("deploy/compose.yaml"))["services"]


def test_compose_gives_the_service_a_store_and_time_to_drain():
    swap = COMPOSE["swap"]

    assert set(swap["environment"]) <= NAMES
    assert swap["environment"]["STORE_URL"].startswith("redis://redis:")
    grace = int(swap["stop_grace_period"].removesuffix("s"))
    assert grace > SETTINGS.drain_delay + SETTINGS.drain_seconds


@pytest.mark.parametrize("service", COMPOSE.values(), ids=COMPOSE)
def test_compose_allows_nothing_that_is_not_needed(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_composes_redis_starts_as_it_is_told():
    """It looks at every argument before it opens a socket, which it cannot here."""
    program, *arguments = COMPOSE["redis"]["command"]
    assert program == "redis-server"

    said = subprocess.run(
        [need(program), *arguments, "--port", "0", "--unixsocket", "/nowhere/redis"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert "Failed opening Unix socket" in said.stdout
