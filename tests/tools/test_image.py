"""What the Dockerfile makes: performed without a container engine, then started."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_spotify import FakeSpotify
from tests.contract.http_client import post_form, send
from tests.contract.profiles import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from tests.service.running import KEY, started
from tests.tools.dockerfile import Image, build

ROOT = Path(__file__).parents[2]
_IMAGES_PYTHON = re.search(r"^FROM python:(\d+\.\d+)", (ROOT / "Dockerfile").read_text())[1]

pytestmark = [
    pytest.mark.skipif(
        f"{sys.version_info.major}.{sys.version_info.minor}" != _IMAGES_PYTHON,
        reason=f"the image has Python {_IMAGES_PYTHON}",
    ),
    # It downloads everything that the service depends on.
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    folder.chmod(0o755)  # its user has to be let in
    try:
        yield build(ROOT, folder)
    finally:
        shutil.rmtree(folder)


def as_its_user(image: Image) -> dict[str, object]:
    """Return what makes Popen run as the image's user, if we may."""
    if os.getuid() != 0:
        return {}
    user, group = image.user.split(":")
    return {"user": int(user), "group": int(group), "extra_groups": []}


def files(root: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in root.rglob("*")}


# One test: with several, each process of pytest-xdist would build an image of its own.
def test_the_image_serves_as_its_user_writes_nothing_and_holds_no_installer(
    image: Image, spotify: FakeSpotify
) -> None:
    before = files(image.root)
    settings = {
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
        "CALLBACK_URL": REDIRECT_URI,
        "ENCRYPTION_SECRET": KEY,
        "SPOTIFY_ACCOUNTS_URL": spotify.accounts_url,
        "LOG_FORMAT": "json",
        "PORT": "0",
    }
    environment = {**image.environment, **settings}
    with started(image.command(), environment, cwd=image.root, **as_its_user(image)) as service:
        address, _, port = service.url.rpartition(":")
        answer = post_form(f"http://127.0.0.1:{port}/swap", {"code": spotify.code()})

        assert address == "http://0.0.0.0"
        assert answer.status == 200
        assert send("GET", f"http://127.0.0.1:{port}/readyz").status == 200
        assert service.stop() == 0
    assert files(image.root) == before

    packages = image.root / f"venv/lib/python{_IMAGES_PYTHON}/site-packages"
    modules = {path.stem for path in packages.glob("sanic_swap/*.py")}
    compiled = {path.name for path in packages.glob("sanic_swap/__pycache__/*.pyc")}
    assert {name.partition(".")[0] for name in compiled} == modules

    python = shutil.which("python", path=image.environment["PATH"])
    pip = subprocess.run(
        [python, "-m", "pip"], env=image.environment, capture_output=True, check=False
    )
    assert b"No module named pip" in pip.stderr
