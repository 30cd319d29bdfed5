"""The demo does what the README says, with nothing set and nobody there."""

import re
import subprocess
import sys

from tests.contract import patience
from tests.contract.http_client import post_form, send
from tests.contract.processes import launched, wait_until
from tests.service.running import run_command


def test_once_runs_the_whole_flow_and_shows_each_step() -> None:
    done = run_command("demo", "--once")

    assert done.returncode == 0, done.stderr
    assert re.search(r"The service +http://127\.0\.0\.1:\d+", done.stdout)
    assert done.stdout.count("   $ ") == 4
    assert done.stdout.count("\n   200\n") == 3
    assert '"refresh_token": "s1.' in done.stdout
    assert '"display_name"' in done.stdout


def shown_lines(process: subprocess.Popen[str]) -> list[str]:
    """Return what the demo has told, up to its last line."""
    assert process.stdout is not None
    lines = []
    while not lines or "/v1/me" not in lines[-1]:
        lines.append(process.stdout.readline())
    return lines


def test_a_person_can_click_through() -> None:
    command = [sys.executable, "-u", "-m", "sanic_swap", "demo", "--no-browser"]
    with launched(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found: list[str] = []

        def is_shown() -> bool:
            found.extend(re.findall(r"The app +(http://\S+)", process.stdout.readline()))
            return bool(found)

        wait_until(is_shown, 20)
        page = found[0]
        login = send("GET", f"{page}/login").headers["Location"]
        consent = send("GET", login)
        assert consent.status == 200
        form = consent.body.decode().split('id="agree"')[1].split("</form>")[0]
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
        fields["user"] = re.findall(r'name="user" value="([^"]*)" checked', form)[0]
        agreed = post_form(login.split("?")[0], fields)
        assert agreed.status == 302
        assert send("GET", agreed.headers["Location"]).headers["Location"] == "/"
        # The printed line for a code works in a shell as it stands.
        [line] = re.findall(r"\$ (CODE=.*)", "".join(shown_lines(process)))
        code = subprocess.run(
            ["sh", "-c", f'{line}; printf %s "$CODE"'], capture_output=True, text=True, check=True
        ).stdout
        assert re.match(r"AQ[A-Za-z0-9_-]{100,}\Z", code)
        for step in ("refresh", "me"):
            assert send("POST", f"{page}/{step}", b"").status == 303
        shown = send("GET", page).body.decode()
        assert shown.count('class="done"') == 4
        assert "display_name" in shown
        process.terminate()
        process.communicate(timeout=patience.seconds(20))
    assert process.returncode == 0
