"""The suite finds the faults of a careless service, and says so understandably."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.contract import patience, promise_report
from tests.contract.processes import free_port, launched
from tests.contract.profiles import CLIENT_ID, CLIENT_SECRET, PROFILES, REDIRECT_URI

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "tests/contract"
CARELESS = CONTRACT / "careless_service.py"
# Some promises of each group; among the faults, one that is told wrongly, hangs, kills, or is none.
WORDS = (
    "numeric_expiry or rotated or tampered or alike or fifty or cannot_work or used_code or twenty"
    " or nobody_may_keep or bad_requests or how_long or 502 or silence or before"
    " or type or refuses_connections or last_word"
)
DEADLINE_SECONDS = patience.seconds(1)
LONGEST_SECONDS = 50
pytestmark = pytest.mark.timeout(2 * LONGEST_SECONDS)


def judge(folder: Path, *options: str, command: str = "") -> dict[str, dict[str, str]]:
    """Run the suite as its users do; return the table by promise."""
    port, accounts_port = free_port(), free_port()
    if command:
        accounts_url = f"http://127.0.0.1:{accounts_port}"
        options = (*options, "--swap-command", f"{command} {port} {accounts_url}")
    arguments = [
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "tests/contract"),
        *("--profile", "node", "--deadline", str(DEADLINE_SECONDS), "--tb", "no"),
        *("--swap-url", f"http://127.0.0.1:{port}", "--accounts-port", str(accounts_port)),
        *("--promises-json", str(folder / "table.json")),
        *("--junitxml", str(folder / "table.xml"), *options),
    ]
    registration = {
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
        "CALLBACK_URL": REDIRECT_URI,
    }
    with (
        (folder / "printed").open("wb") as printed,
        launched(arguments, cwd=ROOT, env=os.environ | registration, stdout=printed) as suite,
    ):
        suite.wait(patience.seconds(LONGEST_SECONDS))
    rows = json.loads((folder / "table.json").read_text())
    return {row["promise"]: row for row in rows}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judged")


@pytest.fixture(scope="module")
def table(folder: Path) -> Callable[[str], dict[str, str]]:
    """Give the row whose promise begins with these words."""
    rows = judge(folder, "-k", WORDS, command=f"{sys.executable} {CARELESS}")
    return lambda words: next(row for promise, row in rows.items() if promise.startswith(words))


TROUBLE = "trouble is told truly in time and the next request is fine: "


@pytest.mark.parametrize(
    ("promise", "seen"),
    [
        ("a rotated refresh token is sealed too", "the app has Spotify's own refresh token"),
        ("a tampered token is refused", "Spotify was asked"),
        ("equal refresh tokens are never sealed alike", "too much alike"),
        ("fifty refreshes always bring", "refresh 1 brings None"),
        ("what cannot work is refused and spotify is not asked: no code", "Spotify was asked"),
        ("answers are json that nobody may keep: a swap", "Cache-Control is ''"),
        ("bad requests get a short json error: an unknown path", "text/html"),
        ("apps learn how long spotify wants them to wait: 2", "Retry-After: None"),
        (f"{TROUBLE}502 HTML from the edge", "wanted 503 temporarily_unavailable"),
        (f"{TROUBLE}silence", f"none within {DEADLINE_SECONDS:g} s"),
        (f"{TROUBLE}reset before the head", "the service died"),
        ("a spotify that refuses connections is told truly", "the service died"),
        ("last word no answer ever held a plain refresh token", "secrets were given away"),
        ("last word no secret code or token is in the log", "secrets were logged"),
        ("last word the service is still alive", "it died"),
    ],
)
def test_a_careless_service_is_found_out(
    table: Callable[[str], dict[str, str]], promise: str, seen: str
) -> None:
    row = table(promise)

    assert row["outcome"] == "broken"
    assert seen in row["seen"]


@pytest.mark.parametrize(
    "promise",
    [
        "a code becomes tokens with a numeric expiry",
        "a used code is an invalid grant",
        "twenty logins at once all succeed",
        f"{TROUBLE}another content type",
    ],
)
def test_what_it_does_right_is_held(table: Callable[[str], dict[str, str]], promise: str) -> None:
    assert table(promise)["outcome"] == "held"


@pytest.mark.usefixtures("table")
def test_the_table_is_printed_and_told_to_junit(folder: Path) -> None:
    printed = (folder / "printed").read_text()
    cases = ET.parse(folder / "table.xml").findall(".//testcase")

    assert "promises held" in printed
    assert len(cases) == len(json.loads((folder / "table.json").read_text()))


def test_nothing_is_asked_where_nobody_answers(tmp_path: Path) -> None:
    rows = judge(tmp_path, "-k", WORDS)

    asked = [row["promise"] for row in rows.values() if row["outcome"] != "not asked"]
    assert {words[:9] for words in asked} == {"last word"}
    assert rows["last word the service is still alive"]["outcome"] == "broken"


def test_every_option_profile_and_group_is_documented() -> None:
    document = (ROOT / "docs" / "contract-suite.md").read_text()
    parser = pytest.Parser(_ispytest=True)
    promise_report.add_options(parser)
    options = [
        name for group in parser._groups for option in group.options for name in option.names()
    ]
    tests = "".join(file.read_text() for file in CONTRACT.glob("test_promises*.py"))
    groups = set(re.findall(r'@pytest.mark.promise\("([^"]+)"\)', tests))

    assert [name for name in options if f"`{name}`" not in document] == []
    assert [name for name in PROFILES if f"| `{name}` |" not in document] == []
    assert [name for name in groups if name not in document] == []
    assert [name for profile in PROFILES.values() for name in profile.unclaimed - groups] == []
