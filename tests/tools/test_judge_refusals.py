"""Whom `sanic-swap judge` refuses to judge, in which words, and how it ends."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.contract import patience
from tests.contract.arguments import parser
from tests.contract.command import judge
from tests.contract.processes import free_port, group_members, launched, listens, wait_until
from tests.tools.judging import IMITATIONS, LONGEST_SECONDS, ROOT, run_judge

pytestmark = pytest.mark.timeout(2 * LONGEST_SECONDS)


@pytest.fixture
def stranger() -> Iterator[str]:
    """A server that never asks our fake."""

    class Stranger(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def listen() -> str:
    return f"--fake-listen=127.0.0.1:{free_port()}"


def test_a_server_that_never_asks_our_fake_is_not_judged(tmp_path: Path, stranger: str) -> None:
    judged = run_judge(tmp_path, stranger, listen(), "--deadline=1")

    assert judged.code == 2
    assert "The service must be set to" in judged.problem
    assert "did not ask this fake of Spotify" in judged.problem
    assert "--swap-path" in judged.problem
    assert judged.printed == ""


def test_a_url_at_which_somebody_answers_already_is_not_judged(
    tmp_path: Path, stranger: str
) -> None:
    judged = run_judge(tmp_path, stranger, listen(), "--command", "sleep 60")

    assert judged.code == 2
    assert f"Somebody answers at {stranger} already" in judged.problem


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            ["--command", f"{sys.executable} -c 'print(1); raise SystemExit(3)'"],
            r"ended with exit code 3 .*its last lines:\s+1\s",
            id="the command ends at once",
        ),
        pytest.param(["--command", "no-such-program"], "cannot be started", id="no such command"),
        pytest.param(["--wait", "0.1"], "Nobody answers at", id="nobody is there"),
        pytest.param(["--only", "no such words"], "the groups are main job", id="no promise"),
    ],
)
def test_a_service_that_is_not_there_is_exit_code_2_and_one_clear_sentence(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    judged = run_judge(tmp_path, f"http://127.0.0.1:{free_port()}", listen(), *arguments)

    assert judged.code == 2
    assert re.search(words, judged.problem, re.DOTALL), judged.problem
    assert "Traceback" not in judged.problem


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://swap.example"], "--allow-remote"),
        (["http://127.0.0.1.example"], "--allow-remote"),  # a name like loopback's
        (["http://swap.example", "--allow-remote"], "--fake-url"),
        ([], "--self"),
        (["--self", "--profile", "perl"], "known are any"),
        (["--self", "--report", "a.pdf"], "must end in"),
        (["--self", "--not-promised", "manners"], "groups are main job"),
        (["--self", "--fake-listen", "8090"], "must be HOST:PORT"),
        (["--compare", sys.executable], "not a JSON report"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "",
)
def test_arguments_that_name_no_service_are_exit_code_2_and_one_clear_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert judge(parser("the judge").parse_args(arguments)) == 2
    said = capsys.readouterr().err
    assert said.startswith("the judge: ")
    assert words in said


def test_a_service_with_another_registration_is_told_which_setting(tmp_path: Path) -> None:
    command = f"CALLBACK_URL=https://other.example/ {sys.executable} {IMITATIONS}"

    judged = run_judge(
        tmp_path,
        f"http://127.0.0.1:{free_port()}",
        listen(),
        *("--command", f"{command}/correct_service.py"),
    )

    assert judged.code == 2
    assert "redirect URI (callback URL) is not https://app.example/callback" in judged.problem


def test_a_judge_that_is_told_to_end_ends_the_service_and_what_it_has_started(
    tmp_path: Path,
) -> None:
    port, log = free_port(), tmp_path / "pids"
    command = f"sh -c 'echo $$ > {log}; {sys.executable} {IMITATIONS}/faulty_service.py'"
    arguments = ["judge", f"http://127.0.0.1:{port}", listen(), "--command", command]
    env = {**os.environ, "FAULTS": "workers survive"}

    with launched([sys.executable, "-m", "sanic_swap", *arguments], env=env) as judging:
        wait_until(lambda: listens(f"http://127.0.0.1:{port}"), 20)
        group = int(log.read_text())
        assert len(group_members(group)) >= 2
        judging.terminate()
        assert judging.wait(patience.seconds(20)) == 2

    assert group_members(group) == []


def test_without_pytest_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pytest.py").write_text("raise ModuleNotFoundError(name='pytest')")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))

    judged = run_judge(tmp_path, "--self", env={"PYTHONPATH": path})

    assert judged.code == 2
    assert "sanic-swap[judge]" in judged.problem
    assert run_judge(tmp_path, "--help", env={"PYTHONPATH": path}).code == 0


def test_a_checkout_judges_without_sanic_swap() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.contract", "http://swap.example"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 2
    assert run.stderr.startswith("python -m tests.contract: swap.example is another host")
