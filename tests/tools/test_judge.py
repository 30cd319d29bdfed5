"""`sanic-swap judge`: its reports, its other ways in, its guide, and what a wheel ships."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from fake_spotify import FakeSpotify
from tests.contract import arguments, patience, promise_report, pytest_options
from tests.contract.http_client import send
from tests.contract.processes import free_port
from tests.contract.profiles import PROFILES
from tests.tools.judging import (
    IMITATIONS,
    LONGEST_SECONDS,
    ROOT,
    Judged,
    judge_imitation,
    only,
    run_judge,
    secrets_in,
)
from tests.tools.promise_table import GUIDE, table

CONTRACT = ROOT / "tests" / "contract"
FAULTS = "two time pad, logs tokens, needs a content type"
ASKED = ["sealing", "log", "main job"]
pytestmark = pytest.mark.timeout(2 * LONGEST_SECONDS)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A verdict with something broken, in all formats."""
    folder = tmp_path_factory.mktemp("judged")
    return judge_imitation(folder, FAULTS, *only(ASKED))


def test_the_terminal_shows_harm_expectation_what_was_seen_and_a_line_to_try(
    judged: Judged,
) -> None:
    critical = judged.printed.index("CRITICAL: sealing\nKey stream or IV is used again")
    printed = judged.printed[critical:]

    assert re.search(r"expected: Equal refresh tokens.*\(RFC\s+9700", printed, re.DOTALL)
    assert "characters equal at their" in printed
    assert re.search(r"\n    CODE=\$\(curl .* && curl -i -d \"code=\$CODE\"", printed)
    assert printed.index("CRITICAL") < printed.index("HIGH") < printed.index("Held")


def test_every_format_has_every_promise_and_none_has_a_token(judged: Judged) -> None:
    texts = {path.suffix: path.read_text() for path in judged.reports.glob("report.*")}
    sentences = [row["promise"] for row in judged.promises.values()]
    cases = ET.fromstring(texts[".xml"]).findall("testcase")  # ours, not a stranger's

    assert [case.get("name") for case in cases] == sentences
    assert len([case for case in cases if case.find("failure") is not None]) == 4
    for sentence in sentences:
        assert sentence in texts[".md"].replace("\\", "")
        assert sentence.replace("'", "&#x27;") in texts[".html"]
    assert not [kind for kind, text in texts.items() if secrets_in(text)]
    assert not re.search(r'<script|<link rel="(?!icon)|src=|url\(|@import', texts[".html"])


def test_what_was_broken_is_asked_again_and_is_fixed_or_still_broken(
    tmp_path: Path, judged: Judged
) -> None:
    report = judged.reports / "report.json"

    again = judge_imitation(tmp_path, "two time pad", f"--replay={report}", *only(ASKED))
    changes = {name: row["change"] for name, row in again.promises.items()}

    assert changes == {
        "an_altered_token_is_refused_and_spotify_is_not_asked": "STILL",
        "equal_refresh_tokens_are_never_sealed_alike": "STILL",
        "last_word_no_secret_code_or_token_is_in_the_log": "FIXED",
        "tokens_with_another_content_type_are_taken_all_the_same": "FIXED",
    }
    assert changes.keys() == judged.not_held().keys()
    assert "STILL: equal refresh tokens" in again.printed
    assert "FIXED: log: in all: no secret" in " ".join(again.printed.split())


def test_reports_side_by_side_are_a_scoreboard(tmp_path: Path, judged: Judged) -> None:
    report, page = judged.reports / "report.json", tmp_path / "board.html"

    compared = run_judge(tmp_path, "--compare", str(report), str(report), "--report", str(page))

    assert compared.code == 0
    assert re.search(r"sealing +(\d+/\d+) +\1", compared.printed)
    assert page.read_text().count('<th scope="col">') == 2


def test_the_lines_to_try_are_taken_by_a_shell_and_by_the_fake(judged: Judged) -> None:
    curls = [row["curl"] for row in judged.promises.values() if row["curl"]]
    faults = [json.loads(found) for line in curls for found in re.findall(r"-d '({.*?})' ", line)]

    assert curls
    assert faults
    for line in curls:
        assert subprocess.run(["bash", "-n", "-c", line], check=False).returncode == 0, line
    with FakeSpotify() as spotify:
        for fault in faults:
            body = json.dumps(fault).encode()
            assert send("POST", f"{spotify.control_url}/faults", body).status == 201


def test_a_wheel_judges_our_own_service_without_the_checkout(tmp_path: Path) -> None:
    wheel = subprocess.run(
        [*(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", tmp_path), ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    if wheel.returncode:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"no wheel can be built here: {wheel.stderr[-200:]}")
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", site]
    subprocess.run([*install, *tmp_path.glob("*.whl")], check=True, capture_output=True)
    page = tmp_path / "page.html"
    options = ["--self", "--only=main job", f"--report={page}"]
    env = {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}

    judged = run_judge(tmp_path, *options, env=env)

    assert (site / "sanic_swap/contract/command.py").is_file()
    assert judged.code == 0, judged.problem
    assert "promises held" in page.read_text()


def test_pytest_judges_too(tmp_path: Path) -> None:
    port, accounts_port = free_port(), free_port()
    arguments = [
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "tests/contract"),
        *("--swap-url", f"http://127.0.0.1:{port}", "--accounts-port", str(accounts_port)),
        *("--swap-command", f"{sys.executable} {IMITATIONS}/faulty_service.py", "--tb=no"),
        *("-k", "alike or numeric_expiry", "--promises-json", str(tmp_path / "table.json")),
    ]

    run = subprocess.run(
        arguments,
        cwd=ROOT,
        env={**os.environ, "FAULTS": "two time pad"},
        capture_output=True,
        text=True,
        timeout=patience.seconds(LONGEST_SECONDS),
        check=False,
    )

    assert "1 of 2 promises held, 1 broken" in run.stdout
    rows = json.loads((tmp_path / "table.json").read_text())["promises"]
    assert {row["outcome"] for row in rows} == {"held", "broken"}


def test_every_option_profile_and_group_is_documented() -> None:
    guide = GUIDE.read_text()
    command, parser = arguments.parser("judge"), pytest.Parser(_ispytest=True)
    pytest_options.add_options(parser)
    pytests = parser.getgroup("swap service under test")
    actions = [action for action in command._actions if action.dest != "help"]
    names = [name for action in actions for name in action.option_strings]
    names += [name for option in pytests.options for name in option.names()]

    assert [name for name in names if f"`{name}`" not in guide] == []
    assert len(names) > 25
    assert [name for name in PROFILES if f"| `{name}` |" not in guide] == []
    assert [name for name in promise_report.groups() if f"| {name} |" not in guide] == []


def test_every_promise_has_a_meaning() -> None:
    tests = "".join(file.read_text() for file in CONTRACT.glob("test_promises*.py"))
    marked = re.findall(
        r'@pytest.mark.promise\("([^"]+)"\)(?:\n(?!def ).*)*\ndef test_(\w+)', tests
    )
    meanings, groups = promise_report.meanings(), promise_report.groups()

    assert {name for _, name in marked} == set(meanings)
    assert {group for group, _ in marked} == set(groups)
    assert not [profile for profile in PROFILES.values() if profile.unclaimed - set(groups)]
    needed = {"severity", "harm", "expected", "source"}
    assert [name for name, meaning in meanings.items() if meaning.keys() != needed] == []


def test_the_table_in_the_guide_is_the_one_that_is_made() -> None:
    assert table() in GUIDE.read_text()
