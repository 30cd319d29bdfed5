"""docs/fake-in-tests.md, action.yml and the compose file do what they say."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
import yaml

from fake_spotify.commands.arguments import read_settings, serving_parser
from tests.contract.http_client import post_form
from tests.fake.browser import ask
from tests.fake.command import COMMAND, PATIENCE_SECONDS, ROOT, running
from tests.programs import need
from tests.service.running import running_service

pytestmark = pytest.mark.one_python

DOCUMENT = (ROOT / "docs" / "fake-in-tests.md").read_text()
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.fake.yaml").read_text())["services"]


def _blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)


def _run(command, folder, **environment):
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def _program(folder, name, text):
    folder.mkdir()
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_the_example_for_node_runs(tmp_path):
    node = need("node")
    for block in _blocks("js"):
        if block.startswith("// "):
            (tmp_path / block.partition("\n")[0].removeprefix("// ")).write_text(block)
    done = _run([*COMMAND, "run", "--", node, "--test"], tmp_path)

    assert re.search(r"pass 1\b", done.stdout)
    assert done.stderr == ""


def test_the_examples_for_a_shell_run(tmp_path):
    [example] = [block for block in _blocks("sh") if "ready --wait" in block]
    command = f'#!/bin/sh\nexec {sys.executable} -m fake_spotify "$@"\n'
    script = (
        "set -eu\n"
        + example.replace(
            "--port 8090 &",
            "--port 0 > it.json &\nfake=$!\n"
            "until [ -s it.json ]; do sleep 0.1; done\n"
            "export FAKE_SPOTIFY_CONTROL_URL=$(grep -o 'http[^\"]*/_fake' it.json)",
        )
        + "\necho $code\nkill $fake\n"
    )
    path = _program(tmp_path / "bin", "fake-spotify", command)
    done = _run(["sh", "-c", script], tmp_path, PATH=path)

    assert done.stdout.splitlines()[-1].startswith("AQ")


# The environment that the action makes finds what this one has: pip has nothing to download.
PYTHON3 = """#!/bin/sh
"{python}" "$@" --without-pip || exit
echo {packages} > "$(ls -d "$3"/lib/python*/site-packages)"/here.pth
"""


def test_the_actions_steps_install_start_and_set_the_environment(tmp_path):
    python3 = PYTHON3.format(python=sys.executable, packages=Path(aiohttp.__file__).parents[1])
    files = {name: tmp_path / name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT")}
    inputs = {"options": "--auto-approve --redirect-uri https://a.example/", "port": "0"}
    environment = {
        **{name: str(file) for name, file in files.items()},
        "PATH": _program(tmp_path / "bin", "python3", python3),
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": "",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTION_PATH": str(ROOT),
    }
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        own = {
            name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], value)
            for name, value in step.get("env", {}).items()
        }
        bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        _run(bash, tmp_path, **environment, **own)
    variables = dict(line.split("=", 1) for line in files["GITHUB_ENV"].read_text().splitlines())
    command = Path(files["GITHUB_PATH"].read_text().strip()) / "fake-spotify"
    try:
        code = _run([command, "code"], tmp_path, **environment, **variables).stdout.strip()
        form = {"grant_type": "authorization_code", "code": code}
        form |= {"redirect_uri": variables["CALLBACK_URL"]}
        form |= {name: variables[name.upper()] for name in ("client_id", "client_secret")}
        answer = post_form(f"{variables['SPOTIFY_ACCOUNTS_URL']}/api/token", form)
    finally:
        os.kill(int((tmp_path / "fake-spotify.pid").read_text()), signal.SIGTERM)

    assert answer.status == 200
    assert variables["CALLBACK_URL"] == "https://a.example/"
    assert variables["FAKE_SPOTIFY_CONTROL_URL"] in files["GITHUB_OUTPUT"].read_text()


def test_the_compose_files_fake_and_service_fit_each_other():
    [entrypoint] = re.findall(
        r"^FROM runtime AS fake$.*?^ENTRYPOINT (\[.*?\])$",
        (ROOT / "Dockerfile").read_text(),
        re.DOTALL | re.MULTILINE,
    )
    arguments = [*json.loads(entrypoint)[3:], *COMPOSE["fake"]["command"]]
    settings = read_settings(serving_parser(), arguments)
    variables = dict(COMPOSE["swap"]["environment"])
    url = variables.pop("SPOTIFY_ACCOUNTS_URL")
    with (
        running(*arguments) as (said, _),
        running_service(said["accounts_url"], **variables) as service,
    ):
        made = ask(said["accounts_url"], "POST", "/_fake/codes", body="{}")
        answer = post_form(f"{service.url}/swap", {"code": json.loads(made.body)["code"]})

    assert (settings.host, url) == ("0.0.0.0", f"http://fake:{settings.port}")
    assert variables["SPOTIFY_ACCOUNTS_INSECURE"] == "on"
    assert answer.status == 200
