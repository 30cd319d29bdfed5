"""The demo does what the README says, with nothing set and nobody there."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.chromium import Page, opened
from tests.contract import patience
from tests.contract.http_client import Answer, send
from tests.contract.processes import launched
from tests.service.running import run_command

# Of every text that is seen: what it is, and how its colour stands out (WCAG 2.2, 1.4.3).
CONTRASTS = """(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([red, green, blue]) => [red, green, blue].map(c => c / 255)
    .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const behind = e => { const c = rgb(getComputedStyle(e).backgroundColor);
    return c[3] === 0 ? behind(e.parentElement) : c; };
  return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => b - a);
    return [e.outerHTML.slice(0, 80), (a + .05) / (b + .05)]; });
})()"""


def test_once_runs_the_whole_flow_and_shows_each_step() -> None:
    done = run_command("demo", "--once")

    assert done.returncode == 0, done.stderr
    assert re.search(r"The service +http://127\.0\.0\.1:\d+", done.stdout)
    assert done.stdout.count("   $ ") == 4
    assert done.stdout.count("\n   200\n") == 3
    assert '"refresh_token": "s1.' in done.stdout
    assert '"display_name"' in done.stdout
    assert done.stdout.endswith("sanic-swap dev --callback my-app://callback\n")


@pytest.fixture(scope="module")
def printed() -> Iterator[str]:
    """Run the demo; give what it has printed."""
    command = [sys.executable, "-u", "-m", "sanic_swap", "demo", "--no-browser"]
    with launched(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        while not lines or "/v1/me" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended"
        yield "".join(lines)
        process.terminate()
        assert process.wait(patience.seconds(20)) == 0


@pytest.fixture(scope="module")
def page_url(printed: str) -> str:
    [url] = re.findall(r"The app +(http://\S+)", printed)
    return str(url)


def post(page_url: str, path: str, fields: object, origin: str) -> Answer:
    return send("POST", page_url + path, json.dumps(fields).encode(), {"Origin": origin})


def test_the_printed_commands_work_in_a_shell_as_they_stand(printed: str) -> None:
    commands = re.findall(r"^   \$ (.*)", printed, re.MULTILINE)
    done = subprocess.run(
        ["sh", "-c", "\n".join(commands)], capture_output=True, text=True, check=True
    )

    assert len(commands) == 4
    assert json.loads(done.stdout)["id"] == "ada"


def test_pages_of_other_sites_command_nothing(page_url: str) -> None:
    request = {"to": "control", "method": "GET", "path": "/grants", "body": ""}
    allowed = post(page_url, "/send", request, page_url)
    refused = post(page_url, "/send", request, "https://evil.example")
    unnamed = send("POST", f"{page_url}/send", json.dumps(request).encode())
    unknown = post(page_url, "/nothing", {}, page_url)

    assert allowed.json()["status"] == 200
    assert (refused.status, unnamed.status) == (403, 403)
    assert (unknown.status, unknown.json()) == (502, {"error": "no command /nothing"})


async def press(page: Page, card: str) -> None:
    """Press a card's button with the keyboard's focus on it, and wait for the answer."""
    button = f'document.querySelector("#{card} button")'
    await page.until(f'{button}.ariaDisabled === "false"')
    await page.run(f"{button}.focus()")
    where = f"[document.activeElement === {button}, Math.round({button}.getBoundingClientRect().y)]"
    stood = await page.run(where)
    await page.run(f"{button}.click()")
    await page.until(f'!isBusy && session.answers["{card}"]')

    assert await page.run(where) == stood


async def log_in(page: Page, decision: str = "agree") -> None:
    """Go to Spotify and come back."""
    await page.run('document.querySelector("#log-in button").click()')
    await page.until('document.querySelector("#agree button")')
    await page.run(f'document.querySelector("#{decision} button").click()')
    await page.until('document.querySelector("#log-in [role=status]").innerText')


async def answer(page: Page, card: str) -> str:
    return str(await page.run(f'document.querySelector("#{card} [role=status]").innerText'))


@pytest.mark.timeout(240)
async def test_a_person_can_click_through(page_url: str) -> None:
    async with opened(page_url) as page:
        await page.until("demo.control")
        await log_in(page, "cancel")
        assert "access_denied" in await answer(page, "log-in")

        for trouble, shown in (
            ("down", "503 Service Unavailable"),
            ("slow", "504 Gateway Timeout"),
            ("limited", "retry-after: 3"),
            ("key", "503 Service Unavailable"),
            ("tampered", "Invalid refresh token"),
            ("revoked", "Refresh token revoked"),
            ("half-year", "Refresh token expired"),
        ):
            if not await page.run("session.sealed"):
                await log_in(page)
                for step in ("swap", "refresh", "profile"):
                    await press(page, step)
                    assert "200 OK" in await answer(page, step)
            await press(page, trouble)
            text = await answer(page, trouble)
            is_over = "invalid_grant" in text

            assert shown in text
            assert f"A good app {'logs out' if is_over else 'keeps its tokens'}" in text
            assert await page.run("Boolean(session.sealed)") is not is_over
        assert "sanic-swap dev --callback" in await page.run("document.body.innerText")

        for width, scheme in ((1200, "light"), (390, "dark")):
            size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
            await page.call("Emulation.setDeviceMetricsOverride", **size)
            media = [{"name": "prefers-color-scheme", "value": scheme}]
            await page.call("Emulation.setEmulatedMedia", features=media)
            faint = [entry for entry in await page.run(CONTRASTS) if entry[1] < 4.5]

            assert faint == []
            assert await page.run("document.documentElement.scrollWidth") <= width
