"""The control page in a browser: it follows live, and everything on it can be done."""

import asyncio
import itertools
import subprocess
import sys
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from fake_spotify.faults.kinds import KINDS
from tests.chromium import opened
from tests.fake.browser import ask_token, login_query, refresh

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.one_python]

REDIRECT_URI = "https://app.example/callback"
READY = "document.querySelectorAll('#fault-list li').length > 40 && state"
# The contrast of each text with what is behind it (WCAG 2.2, 1.4.3), and where it is too low.
CONTRAST = """(() => {
  const linear = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const parse = text => (text.match(/[0-9.]+/g) || []).map(Number);
  const behind = node => { for (let at = node; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour; } return [255, 255, 255]; };
  const bad = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.getClientRects().length
      || node.matches('script, style, option')) continue;
    const one = light(parse(getComputedStyle(node).color)), two = light(behind(node));
    const ratio = (Math.max(one, two) + .05) / (Math.min(one, two) + .05);
    seen += 1;
    if (ratio < 4.5) bad.push([ratio.toFixed(2), node.tagName, walker.currentNode.data.trim()]);
  }
  return {seen, bad};
})()"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with opened("about:blank") as page:
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser, spotify):
    """The control page in the one browser of this module, led there from the root."""
    await browser.call("Page.navigate", url=spotify.accounts_url)
    await browser.until(f"location.href === '{spotify.control_url}/' && {READY}")
    return browser


async def test_requests_appear_as_they_come_and_unfold_to_why(spotify, desk):
    code = spotify.code(scope="streaming")
    wrong = {"code": code, "redirect_uri": "https://b.example"}
    ask_token(spotify, grant_type="authorization_code", **wrong)
    await desk.until("document.querySelectorAll('#request-list li').length === 1")
    await desk.run("document.querySelector('#request-list summary').click()")
    await desk.until("document.querySelector('#request-list .why')")
    shown = await desk.run("document.querySelector('#request-list li').innerText")

    assert "400 invalid_grant" in shown
    assert f"redirect_uri is https://b.example, but the code was issued for {REDIRECT_URI}" in shown
    assert "user-agent" not in shown.partition("Parameters")[0]
    assert "Invalid redirect URI" in shown.partition("Answer: 400")[2]
    assert shown.count("secret\n") >= 2
    assert code in shown


async def test_a_switch_turns_a_fault_on_and_off(spotify, desk):
    switch = "document.querySelector('[data-kind=no_healthy_upstream] [role=switch]')"
    await desk.run(f"{switch}.click()")
    await desk.until(f"{switch}.getAttribute('aria-checked') === 'true'")
    status = refresh(spotify, "AQnever").status
    await desk.until(f"{switch}.innerText.includes('1 played')")
    await desk.run(f"{switch}.click()")
    await desk.until(f"{switch}.getAttribute('aria-checked') === 'false'")

    assert status == 503
    assert refresh(spotify, "AQnever").status == 400


async def test_a_fault_has_parameters_a_match_and_a_count(spotify, desk):
    row = "document.querySelector('[data-kind=too_many_requests]')"
    await desk.run(f"{row}.querySelector('[name=retry_after_seconds]').value = '7'")
    await desk.run(f"{row}.querySelector('[name=grant_type]').value = 'refresh_token'")
    await desk.run(f"{row}.querySelector('[name=times]').value = '1'")
    await desk.run(f"{row}.querySelector('[role=switch]').click()")
    await desk.until(f"{row}.innerText.includes('1 left, for refresh_token')")
    other = ask_token(spotify, grant_type="client_credentials").status
    seen = refresh(spotify, "AQnever")
    await desk.until(f"!{row}.innerText.includes('left')")

    assert other == 200
    assert (seen.status, seen.header("retry-after")) == (429, "7")


async def test_every_fault_can_be_switched_on_as_it_stands(spotify, desk):
    await desk.run("document.querySelectorAll('[role=switch]').forEach(one => one.click())")
    await desk.until(
        "[...document.querySelectorAll('[role=switch]')]"
        ".every(one => one.getAttribute('aria-checked') === 'true')"
    )
    errors = await desk.run("document.querySelectorAll('.error').length")

    assert errors == 0
    assert len(spotify.faults()) == len(KINDS)


async def test_faults_can_be_searched(desk):
    await desk.run("document.getElementById('fault-filter').value = 'envoy'")
    await desk.run("document.getElementById('fault-filter').oninput()")
    shown = await desk.run(
        "[...document.querySelectorAll('#fault-list li:not([hidden])')]"
        ".map(one => one.dataset.kind)"
    )

    assert shown == ["no_healthy_upstream", "upstream_reset", "upstream_timeout"]


async def test_an_error_stands_beside_its_button(desk):
    row = "document.querySelector('[data-kind=slow_body]')"
    await desk.run(f"{row}.querySelector('[name=seconds]').value = '601'")
    await desk.run(f"{row}.querySelector('[role=switch]').click()")
    await desk.until(f"{row}.querySelector('[role=alert]')")

    assert "600" in await desk.run(f"{row}.querySelector('[role=alert]').innerText")


async def test_clock_users_and_grants_can_be_driven(spotify, desk):
    press = (
        "[...document.querySelectorAll('%s button')].find(one => one.innerText === '%s').click()"
    )
    await desk.run(press % ("#clock", "Freeze"))
    await desk.until("document.getElementById('clock-state').innerText === 'frozen'")
    before = spotify.clock.now()
    await desk.run(press % ("#clock", "+ 6 months"))
    await desk.until("document.getElementById('now').innerText.startsWith('20')")
    await desk.run(press % ("#users", "Make a grant"))
    await desk.until("document.querySelectorAll('#grant-list li').length === 1")
    after = spotify.clock.now()
    await desk.run(press % ("#grants", "Revoke"))
    await desk.until("document.querySelectorAll('#grant-list li').length === 0")
    await desk.run(press % ("#clock", "Back to now"))
    await desk.until("document.getElementById('clock-state').innerText === ''")

    assert after - before == 180 * 86400
    assert spotify.grants() == []
    assert not spotify.clock.is_frozen


async def test_what_is_copied_works(spotify, desk):
    fault = "document.querySelector('[data-kind=slow_body]')"
    refresh(spotify, "AQ it's")
    await desk.until("document.querySelectorAll('#request-list li').length === 1")
    await desk.run("window.copied = []; window.prompt = (_, text) => copied.push(text)")
    await desk.run("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    await desk.run("document.querySelector('#request-list summary').click()")
    await desk.until("document.querySelectorAll('#request-list .copy').length === 2")
    await desk.run("document.querySelectorAll('#request-list .copy').forEach(one => one.click())")
    await desk.run(f"{fault}.querySelectorAll('.copy').forEach(one => one.click())")
    await desk.until("copied.length === 4")
    copied = await desk.run("copied")
    curl, python, fault_curl, fault_python = copied

    assert "Invalid refresh token" in await asyncio.to_thread(_output, "sh", "-c", curl)
    assert (await asyncio.to_thread(_output, sys.executable, "-c", python)).startswith("400 ")
    await asyncio.to_thread(_output, "sh", "-c", fault_curl)
    exec(fault_python, {"spotify": spotify})
    assert [(one.fault.seconds, one.times) for one in spotify.faults()] == [(5, None), (5, None)]


def _output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


async def test_another_app_can_be_chosen(spotify, desk):
    other = spotify.register(name="Another")
    await desk.until("document.getElementById('app').options.length === 2")
    await desk.run(f"document.getElementById('app').value = '{other.client_id}'")
    await desk.run("document.getElementById('app').onchange()")
    await desk.until(f"state.app.client_id === '{other.client_id}'")
    refresh(spotify, "AQnever", other)
    await desk.until("document.querySelectorAll('#request-list li').length === 1")


async def test_it_can_be_used_with_the_keyboard_alone(spotify, desk):
    async def press(key, code, text=""):
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await desk.call("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
        await desk.call("Input.dispatchKeyEvent", type="keyUp", **named)

    for _ in range(60):
        await press("Tab", 9)
        if await desk.run("document.activeElement.getAttribute('role') === 'switch'"):
            break
    outline = await desk.run("getComputedStyle(document.activeElement).outlineStyle")
    kind = await desk.run("document.activeElement.parentNode.dataset.kind")
    await press("Enter", 13, "\r")
    await desk.until("document.activeElement.getAttribute('aria-checked') === 'true'")

    assert outline == "solid"
    assert [type(one.fault).__name__ for one in spotify.faults()] == ["AbsentScope"]
    assert kind == "absent_scope"


async def test_five_hundred_requests_do_not_slow_it(spotify, desk):
    await desk.run(
        "window.longest = 0; new PerformanceObserver(list => list.getEntries().forEach(one => {"
        " longest = Math.max(longest, one.duration) })).observe({type: 'longtask'})"
    )
    for _ in range(520):
        refresh(spotify, "AQnever")
    await desk.until("document.querySelector('#request-list summary').innerText.startsWith('520 ')")
    rows = await desk.run("document.querySelectorAll('#request-list li').length")
    longest = await desk.run("longest")

    assert rows == 500
    assert longest < 1000


async def test_nothing_comes_from_elsewhere_and_no_script_but_its_own_runs(spotify, desk):
    origins = await desk.run(
        "[...new Set(performance.getEntriesByType('resource')"
        ".map(one => new URL(one.name).origin))]"
    )
    ran = await desk.run(
        "(() => { const script = document.createElement('script');"
        " script.textContent = 'window.ran = true'; document.head.append(script);"
        " return window.ran === true })()"
    )

    assert origins == [spotify.accounts_url]
    assert ran is False


async def test_a_name_that_looks_like_markup_is_text(spotify, desk):
    spotify.register(name="<img src=x onerror=alert(1)>")
    refresh(spotify, "<b>bold</b>")
    await desk.until("document.querySelectorAll('#request-list li').length === 1")
    await desk.run("document.querySelector('#request-list summary').click()")
    await desk.until("document.querySelector('#request-list table')")

    assert await desk.run("document.querySelectorAll('img, td b').length") == 0


async def test_every_text_can_be_read_on_every_screen_in_light_and_dark(spotify, browser):
    spotify.fault("no_healthy_upstream")
    for _ in range(2):
        refresh(spotify, "AQnever")
    spotify.fault("slow_body", seconds=1, times=3)
    spotify.grant(scope="streaming")
    login = login_query(spotify)
    wrong = {**login, "redirect_uri": "https://b.example/a-rather-long-path/to/somewhere/else"}
    pages = {
        "/_fake/": READY + " && document.querySelectorAll('#request-list li').length > 1",
        f"/authorize?{urlencode(login)}": "document.getElementById('agree')",
        f"/authorize?{urlencode(wrong)}": "document.querySelector('table')",
    }
    low, wide = [], []
    for target, ready in pages.items():
        await browser.call("Page.navigate", url=spotify.accounts_url + target)
        await browser.until(ready)
        await browser.run("document.querySelectorAll('details').forEach(one => one.open = true)")
        for scheme, width in itertools.product(("light", "dark"), (1280, 390)):
            screen = {"width": width, "height": 800, "deviceScaleFactor": 1}
            await browser.call("Emulation.setDeviceMetricsOverride", **screen, mobile=width < 500)
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            await browser.call("Emulation.setEmulatedMedia", features=features)
            found = await browser.run(CONTRAST)
            assert found["seen"] > 10
            low += [(target[:12], scheme, *one) for one in found["bad"]]
            if await browser.run("document.documentElement.scrollWidth > innerWidth"):
                wide.append((target[:12], width))

    assert low == []
    assert wide == []
