"""A program that is missing skips a test for a developer, and fails it in CI."""

import subprocess
from pathlib import Path

import pytest

from tests.programs import listed, need

pytestmark = pytest.mark.one_python

CI = Path(__file__).parents[2] / ".ci"


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_program_is_found():
    assert Path(need("redis-server")).name == "redis-server"


@pytest.mark.usefixtures("nothing_installed")
def test_a_developer_may_go_without(monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="node is not installed"):
        need("node")


@pytest.mark.usefixtures("nothing_installed")
def test_ci_may_not(monkeypatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="node is not installed"):
        need("node")


def test_a_program_that_ci_does_not_install_is_not_to_be_had():
    with pytest.raises(AssertionError, match="is not in"):
        need("sh")


def test_ci_installs_what_is_missing_and_nothing_else(tmp_path):
    """Its `apt-get` here only says what it was asked for."""
    apt = tmp_path / "apt-get"
    apt.write_text('#!/bin/sh\necho "$@" >&2\n')
    sudo = tmp_path / "sudo"
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    for program in (apt, sudo, *(tmp_path / name for name in listed() if name != "node")):
        program.touch()
        program.chmod(0o755)
    for tool in ("grep", "dirname", "id", "env"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")

    done = subprocess.run(
        ["/bin/bash", CI / "install-programs"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "installing nodejs\n"
    assert done.stderr.splitlines()[-1].split()[-1] == "nodejs"
