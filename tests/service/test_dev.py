"""`dev` runs an app of one's own against the fake, as the README says."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract import patience
from tests.contract.http_client import post_form, send
from tests.contract.processes import launched, wait_until
from tests.service.running import run_command

CALLBACK = "x-app://back/here"


@dataclass
class Dev:
    """A running `sanic-swap dev`."""

    process: subprocess.Popen[bytes]
    output: Path

    def shown(self) -> str:
        return self.output.read_text()

    def value(self, name: str) -> str:
        """Return the first value of this name in the block."""
        return re.findall(rf"{name} +(\S+)", self.shown())[0]

    def says(self, text: str) -> None:
        """Wait for a line."""
        wait_until(lambda: text in self.shown(), 20)


@contextmanager
def running_dev(folder: Path, *options: str) -> Iterator[Dev]:
    output = folder / "output"
    ports = ["--port", "0", "--fake-port", "0"]
    command = [sys.executable, "-m", "sanic_swap", "dev", *ports, *options]
    with output.open("wb") as out, launched(command, stdout=out, stderr=out) as process:
        dev = Dev(process, output)
        wait_until(lambda: "Ctrl-C" in dev.shown() or process.poll() is not None, 40)
        yield dev


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    with running_dev(tmp_path_factory.mktemp("dev"), "--callback", CALLBACK) as running:
        yield running
        ends_whole(running, signal.SIGTERM)


def ends_whole(running: Dev, number: signal.Signals) -> None:
    """Check that a signal ends all of it."""
    urls = [running.value("token swap URL"), running.value("Watch and break things:")]
    for url in urls:
        assert send("GET", url).status > 0
    running.process.send_signal(number)

    assert running.process.wait(patience.seconds(20)) == 0
    for url in urls:
        with pytest.raises(OSError, match="refused"):
            send("GET", url)
    assert "Traceback" not in running.shown()
    assert "\x1b" not in running.shown()  # colours are for terminals


def code_of(dev: Dev) -> str:
    control = dev.value("Watch and break things:")
    body = json.dumps({"redirect_uri": CALLBACK}).encode()
    return str(send("POST", f"{control}codes", body).json()["code"])


def test_what_is_pasted_logs_in_swaps_and_refreshes(dev: Dev) -> None:
    page = send("GET", dev.value("log in at"))
    assert page.status == 200
    assert parse_qs(urlsplit(dev.value("log in at")).query)["redirect_uri"] == [CALLBACK]
    assert f"client_id={dev.value('client id')}&" in dev.value("log in at")

    swapped = post_form(dev.value("token swap URL"), {"code": code_of(dev)})
    assert swapped.status == 200
    dev.says("POST /swap 200: logged in")
    sealed = swapped.json()["refresh_token"]
    assert post_form(dev.value("token refresh URL"), {"refresh_token": sealed}).status == 200
    dev.says("POST /refresh 200: new access token")


def test_each_likely_mistake_is_one_line_that_says_what_to_change(dev: Dev) -> None:
    swap, refresh = dev.value("token swap URL"), dev.value("token refresh URL")
    wrong_path = swap.replace("/swap", "/token/swap")
    post_form(wrong_path, {"code": "x"})
    dev.says(f"POST /token/swap 404: no such endpoint; the token swap URL is {swap}")
    post_form(swap, {"code": "x", "redirect_uri": "x-app://cb"})
    dev.says(f"POST /swap 400: redirect_uri is not {CALLBACK}")
    send("GET", dev.value("log in at").replace("here", "there"))
    dev.says(f"redirect_uri x-app://back/there is not {CALLBACK}")
    send("GET", dev.value("log in at").replace("response_type=code", "response_type=token"))
    dev.says("the app gets error=unsupported_response_type")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    send("POST", swap, b'{"code": "x"}', form)
    dev.says("JSON, but labelled as a form")
    post_form(refresh, {"refresh_token": "BQ" + "a" * 200})
    dev.says("this is an access token")
    post_form(refresh, {"refresh_token": f"s1.AAAAAAAA.{'A' * 171}"})
    dev.says("this token is from before the restart: log in again")
    send("POST", swap, b"code=x", {"Origin": "http://app.test:5173"})
    dev.says("the page at http://app.test:5173 is not in CORS_ORIGINS")


def test_pages_on_this_machine_may_call_it(dev: Dev) -> None:
    for origin in ("http://localhost:5173", "http://127.0.0.1:3000", "capacitor://localhost"):
        answer = send("POST", dev.value("token swap URL"), b"code=x", {"Origin": origin})

        assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_with_lan_a_phone_in_the_network_reaches_it(tmp_path: Path) -> None:
    with running_dev(tmp_path, "--lan") as running:
        shown = running.shown()

        assert "Everyone in this network can use the service and control the fake" in shown
        assert "NSAllowsLocalNetworking" in shown
        assert "usesCleartextTraffic" in shown
        # There is none where this machine is in no network.
        for url in re.findall(r"A phone.*?token swap URL +(\S+)", shown, re.DOTALL):
            assert send("GET", url).status == 405
        ends_whole(running, signal.SIGINT)


def test_the_snippet_for_a_shell_runs_as_it_stands(dev: Dev) -> None:
    port, fake_port = (
        str(urlsplit(dev.value(name)).port) for name in ("token swap URL", "log in at")
    )
    options = ["--callback", CALLBACK, "--port", port, "--fake-port", fake_port]
    code = run_command("dev", "--snippet", "curl", *options).stdout
    done = subprocess.run(
        ["sh", "-e"], input=code, capture_output=True, text=True, check=True, env=os.environ
    )

    assert done.stdout.count('"refresh_token": "s1.') == 2
