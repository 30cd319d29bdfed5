"""The code in docs/clients runs as it stands there, or at least its requests are answered."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_httpserver import HTTPServer

from fake_spotify.choices import fixed_credentials
from sanic_swap.demo.dev import PORT, SNIPPETS, snippet
from sanic_swap.demo.pair import LocalPair, running_pair
from tests.chromium import opened
from tests.contract import patience
from tests.contract.http_client import post_form, send
from tests.programs import need

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
DOCUMENTS = {path.stem: path.read_text() for path in (ROOT / "docs/clients").glob("*.md")}
CALLBACK = "http://127.0.0.1/callback"
CLIENT_ID = str(fixed_credentials(0)["client_id"])
SECONDS = 120  # for one program


def blocks(name: str) -> list[str]:
    return [code + "\n" for code in re.findall(r"```\w+\n(.*?)\n```", DOCUMENTS[name], re.DOTALL)]


@pytest.fixture(scope="module")
def pair() -> Iterator[LocalPair]:
    options = ["--auto-approve", "--client-id", CLIENT_ID]
    with running_pair(
        [CALLBACK, "my-app://callback"], options, CORS_ORIGINS="http://127.0.0.1:*"
    ) as running:
        yield running


def environment(pair: LocalPair, folder: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return {
        **os.environ,
        "PYTHONPATH": path,
        "SERVICE": pair.service_url,
        "AUTHORIZE_URL": f"{pair.fake.accounts_url}/authorize",
        "CLIENT_ID": CLIENT_ID,
    }


def revoke(pair: LocalPair) -> None:
    """Let each user take back what they gave the app."""
    for user in ("ada", "grace", "linus"):
        send("DELETE", f"{pair.fake.control_url}/users/{user}")


def run(command: list[str], folder: Path, pair: LocalPair) -> list[str]:
    """Run a program that logs in, refreshes, waits for a line, and refreshes again."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(pair, folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        revoke(pair)
        rest, _ = process.communicate("\n", timeout=patience.seconds(SECONDS))
    return [first.strip(), *rest.split()]


LOG_IN_WITH_PYTHON = """
import http.client
from urllib.parse import urlsplit
from client import log_in, refresh, session

def browse(url):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", f"{parts.path}?{parts.query}")
    return connection.getresponse().getheader("Location").replace("http:", "https:")

tokens = log_in(browse)
renewed = refresh(tokens["refresh_token"])
seals = tokens["refresh_token"][:3] + renewed["refresh_token"][:3]
print(seals + renewed["access_token"][:2], flush=True)
input()
print(refresh(renewed["refresh_token"]))
"""
LOG_IN_WITH_NODE = """
import { once } from "node:events";
import { logIn, refresh } from "./client.mjs";

const browse = async (url) => (await fetch(url, { redirect: "manual" })).headers.get("location");
const tokens = await logIn(browse);
const renewed = await refresh(tokens.refresh_token);
const seals = tokens.refresh_token.slice(0, 3) + renewed.refresh_token.slice(0, 3);
console.log(seals + renewed.access_token.slice(0, 2));
await once(process.stdin, "data");
console.log(await refresh(renewed.refresh_token));
process.exit();
"""


def test_authlib_logs_in_and_refreshes_until_the_user_has_to_log_in_again(
    pair: LocalPair, tmp_path: Path
) -> None:
    [code] = blocks("python")
    (tmp_path / "client.py").write_text(code)
    (tmp_path / "main.py").write_text(LOG_IN_WITH_PYTHON)

    assert run([sys.executable, "main.py"], tmp_path, pair) == ["s1.s1.BQ", "None"]


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install what the documents need, at the versions of the lock, without running any of it."""
    folder = tmp_path_factory.mktemp("npm") / "clients"
    shutil.copytree(ROOT / "tests/tools/clients", folder)
    done = subprocess.run(
        [need("npm"), "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience.seconds(SECONDS),
    )
    if done.returncode != 0 and not os.environ.get("CI"):
        pytest.skip("the npm registry does not answer")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.timeout(180)
def test_openid_client_logs_in_and_refreshes_until_the_user_has_to_log_in_again(
    pair: LocalPair, npm: Path
) -> None:
    [code] = blocks("node")
    (npm / "client.mjs").write_text(code)
    (npm / "main.mjs").write_text(LOG_IN_WITH_NODE)

    assert run([need("node"), "main.mjs"], npm, pair) == ["s1.s1.BQ", "null"]


@pytest.mark.timeout(180)
def test_the_code_for_expo_has_the_types_of_expo(npm: Path) -> None:
    (npm / "login.ts").write_text(blocks("expo")[-1])
    done = subprocess.run(
        [need("node"), "node_modules/typescript/bin/tsc", "--project", "."],
        cwd=npm,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience.seconds(SECONDS),
    )

    assert done.stdout == ""
    assert done.returncode == 0


PAGE = """<!doctype html><meta charset="utf-8"><title>app</title><link rel="icon" href="data:,">
<script type="module">import * as login from "/login.js"; window.app = login;</script>"""


@pytest.mark.timeout(120)
async def test_the_code_for_browsers_logs_in_and_refreshes(
    pair: LocalPair, httpserver: HTTPServer
) -> None:
    page_url = httpserver.url_for("").rstrip("/").replace("localhost", "127.0.0.1")
    ports = [urlsplit(url).port or 0 for url in (pair.service_url, pair.fake.accounts_url)]
    options = {"port": ports[0], "fake_port": ports[1], "lan_address": None}
    code = snippet("js", [f"{page_url}/callback"], **options)
    httpserver.expect_request("/login.js").respond_with_data(code, content_type="text/javascript")
    for path in ("/", "/callback"):
        httpserver.expect_request(path).respond_with_data(PAGE, content_type="text/html")
    async with opened(page_url) as page:
        await page.until("window.app")
        await page.run("app.logIn()")
        await page.until('location.pathname === "/callback" && window.app')
        swapped = await page.run("app.swap()")
        renewed = await page.run("app.refresh()")
        revoke(pair)
        ended = "app.refresh().catch(error => error instanceof app.LogInAgain)"

        assert swapped["refresh_token"].startswith("s1.")
        assert renewed["access_token"] != swapped["access_token"]
        assert await page.run(ended) is True
        assert await page.run('localStorage.getItem("refresh_token")') is None


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({}, id="swift, kotlin, react-native, flutter"),
        pytest.param({"grant_type": "refresh_token", "client_id": CLIENT_ID}, id="iOS SDK"),
        pytest.param({"client_id": CLIENT_ID}, id="expo-spotify-sdk on iOS"),
    ],
)
def test_what_the_others_send_is_answered(pair: LocalPair, extra: dict[str, str]) -> None:
    body = json.dumps({"redirect_uri": CALLBACK}).encode()
    code = send("POST", f"{pair.fake.control_url}/codes", body).json()["code"]
    swapped = post_form(f"{pair.service_url}/swap", {"code": code})
    form = {"refresh_token": swapped.json()["refresh_token"], **extra}
    renewed = post_form(f"{pair.service_url}/refresh", form)

    assert (swapped.status, renewed.status) == (200, 200)
    assert renewed.json()["refresh_token"].startswith("s1.")


SHOWN = {
    "ios": "swift",
    "android": "kotlin",
    "expo": "react-native",
    "flutter": "flutter",
    "browser": "js",
    "curl": "curl",
}


@pytest.mark.parametrize(("name", "kind"), SHOWN.items())
def test_a_document_shows_what_dev_prints(name: str, kind: str) -> None:
    code = snippet(kind, (), port=PORT, fake_port=8090, lan_address=None)

    assert code in blocks(name)
    assert f"--snippet {kind}`" in DOCUMENTS[name]


def test_every_snippet_has_its_document() -> None:
    assert {*SHOWN.values()} == {*SNIPPETS}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_document_says_what_to_do_in_trouble(name: str) -> None:
    text = DOCUMENTS[name]

    assert "**`invalid_grant`**: delete the tokens" in text
    assert "**503 or 429 with `Retry-After`**" in text
    assert "## Where the refresh token is kept" in text
