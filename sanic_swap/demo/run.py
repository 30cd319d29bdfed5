"""Runs the whole flow on this machine: a fake Spotify, the service, and an app.

Each is a process of its own, and they talk real HTTP: this one plays the app.
"""

import os
import signal
import sys
import webbrowser
from typing import NoReturn

from sanic_swap.demo.flow import announce, run_all, steps
from sanic_swap.demo.page import DemoServer
from sanic_swap.demo.pair import LocalPair, PairFailed, running_pair

# So that a person sees a slow Spotify soon, and every revocation.
_SETTINGS = {"SPOTIFY_TIMEOUT": "3", "REVOCATION_GUARD": "off"}


def demo(*, once: bool, browser: bool) -> int:
    """
    Run the demo; return the exit code.

    Args:
        once: Go through the flow without a person, print each step, and end.
        browser: Open the page by itself, where there is a desktop.
    """
    signal.signal(signal.SIGTERM, _end)
    try:
        if once:
            with running_pair(["http://127.0.0.1/callback"], ["--auto-approve"]) as pair:
                _print_places(pair)
                run_all(pair)
        else:
            _run_page(browser=browser)
    except PairFailed as error:
        print(f"sanic-swap demo: {error}", file=sys.stderr)
        return 1
    return 0


def _run_page(*, browser: bool) -> None:
    with DemoServer() as page, running_pair([f"{page.url}/callback"], **_SETTINGS) as pair:
        _print_places(pair)
        print(f"The app       {page.url}   <- open this and click through; Ctrl-C ends it all\n")
        for number, step in enumerate(steps(pair), 1):
            announce(number, *step)
        if browser and (sys.platform == "darwin" or os.environ.get("DISPLAY")):
            webbrowser.open(page.url)
        page.run(pair)


def _print_places(pair: LocalPair) -> None:
    print(f"Fake Spotify  {pair.fake.control_url}/   <- make it misbehave here")
    print(f"The service   {pair.service_url}")


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt
