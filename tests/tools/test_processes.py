"""Programs that tests start end with them; limits stretch on a slow machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract import patience
from tests.contract.processes import launched, wait_until

ROOT = Path(__file__).parents[2]
LAUNCH = """
import sys, time
sys.path.insert(0, sys.argv[1])
from tests.contract.processes import launch
print(launch(["sleep", "600"]).pid, flush=True)
time.sleep(600)
"""
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


def is_running(pid: str) -> bool:
    """Say whether a process is there, and not merely its exit code (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@needs_proc
def test_a_program_dies_with_tests_that_are_killed() -> None:
    command = [sys.executable, "-c", LAUNCH, str(ROOT)]
    with launched(command, stdout=subprocess.PIPE, text=True) as tests:
        pid = tests.stdout.readline().strip()
        # Before that it is still on its way to being this program.
        wait_until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
        tests.kill()

        wait_until(lambda: not is_running(pid))


@needs_proc
def test_what_a_program_has_started_ends_with_it() -> None:
    command = ["sh", "-c", "sleep 600 & echo $!; wait"]
    with launched(command, stdout=subprocess.PIPE, text=True) as program:
        pid = program.stdout.readline().strip()
        assert is_running(pid)

    wait_until(lambda: not is_running(pid))


@pytest.mark.timeout(7)
def test_the_limit_of_each_test_is_stretched(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("timeout").args == (patience.seconds(7),)


@pytest.mark.parametrize(("chosen", "factor"), [("3", 3.0), ("0.5", 0.5)])
def test_patience_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch, chosen: str, factor: float
) -> None:
    monkeypatch.setenv("TEST_PATIENCE", chosen)

    assert patience.factor.__wrapped__() == factor


def test_a_machine_is_never_found_faster_than_an_idle_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TEST_PATIENCE")

    assert 1 <= patience.factor.__wrapped__() <= 10
