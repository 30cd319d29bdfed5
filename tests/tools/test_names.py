"""Documents, deployment and benchmarks name modules and files that exist."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from fake_spotify import FakeSpotify

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
TEXTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("*.toml"),
    ROOT / "tox.ini",
    ROOT / "Dockerfile",
    *(ROOT / "docs").glob("*.md"),
    *(path for path in (ROOT / "deploy").iterdir() if path.is_file()),
    *(ROOT / "benchmarks").glob("*.py"),
]
OURS = [
    path.relative_to(ROOT).as_posix()
    for folder in ("sanic_swap", "fake_spotify", "tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
]
# An app's own files, in examples.
NOT_OURS = {"conftest.py", "test_app.py", "test_login.py", "open_sealed.py"}


def exists(file: str) -> bool:
    return any(path == file or path.endswith(f"/{file}") for path in OURS)


def resolves(dotted: str) -> bool:
    """Say whether *dotted* is a module, a name inside one, or the fixture's attribute."""
    # The suite is called so in a wheel.
    parts = dotted.replace("sanic_swap.contract", "tests.contract").split(".")
    if parts[0] == "fake_spotify" and hasattr(FakeSpotify, parts[1]):
        return True
    for end in range(len(parts), 0, -1):
        try:
            if find_spec(".".join(parts[:end])) is not None:
                return end > 1 and len(parts) - end < 3
        except ModuleNotFoundError:
            continue
    return False


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_that_is_named_exists(text: Path) -> None:
    content = text.read_text()
    files = set(re.findall(r"(?<![\w./-])((?:[\w-]+/)*[\w-]+\.py)\b", content))
    dotted = set(re.findall(r"(?<![\w/.-])((?:sanic_swap|fake_spotify)(?:\.[a-z_]+)+)\b", content))

    assert {file for file in files - NOT_OURS if not exists(file)} == set()
    assert {name for name in dotted if not resolves(name)} == set()
