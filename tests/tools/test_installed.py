"""What is tested is what tox has installed, in this process and in those that tests start."""

import os
import sys
from pathlib import Path

import pytest

import fake_spotify
import sanic_swap
from tests.service.running import NOWHERE, running_service, with_sitecustomize

# Runs in the service's own process, and tells at its end which files it has used.
TELL = """
import atexit, pathlib, sys
def tell():
    pathlib.Path({file!r}).write_text(sys.modules["sanic_swap"].__file__)
atexit.register(tell)
"""

pytestmark = pytest.mark.skipif(
    "TOX_ENV_NAME" not in os.environ,
    reason="outside tox, whoever starts the tests decides what is tested",
)


def is_installed(file: str | None) -> bool:
    path = Path(str(file))
    return "site-packages" in path.parts and path.is_relative_to(sys.prefix)


def test_this_process_imports_what_tox_installed() -> None:
    assert is_installed(fake_spotify.__file__)
    assert is_installed(sanic_swap.__file__)


def test_a_service_that_it_starts_does_so_too(tmp_path: Path) -> None:
    file = tmp_path / "file"
    spy = with_sitecustomize(tmp_path, TELL.format(file=str(file)))
    with running_service(NOWHERE, **spy) as service:
        assert service.stop() == 0

    assert is_installed(file.read_text())
