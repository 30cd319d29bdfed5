"""Programs that tests drive and pip does not install."""

import os
import shutil
from pathlib import Path

import pytest

_LIST = Path(__file__).parents[1] / ".ci" / "programs"


def need(program: str) -> str:
    """
    Return where *program* is; skip the test without it, or fail it if this is CI.

    The program has to be listed in `.ci/programs`, from which CI installs it.
    """
    assert program in listed(), f"{program} is not in .ci/programs"
    found = shutil.which(program, path=os.pathsep.join((os.environ["PATH"], "/usr/sbin")))
    if found is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"{program} is not installed")
    return found


def listed() -> dict[str, str]:
    """Return the Debian package of each program in the list."""
    lines = _LIST.read_text().splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))
