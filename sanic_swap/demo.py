"""Runs the whole flow on this machine: a fake Spotify, the service, and an app.

Each is a process of its own, and they talk real HTTP: this one plays the app.
"""

import json
import os
import signal
import subprocess
import sys
import webbrowser
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import IO, NoReturn

from sanic_swap.demo_page import DemoPage
from sanic_swap.demo_steps import DemoFailed, Places, describe_all, run_all
from sanic_swap.keys import new_secret
from sanic_swap.settings import variables


def demo(*, once: bool, browser: bool) -> int:
    """
    Run the demo; return the exit code.

    Args:
        once: Go through the flow without a person, print each step, and end.
        browser: Open the page by itself, where there is a desktop.
    """
    signal.signal(signal.SIGTERM, _end)
    with ExitStack() as stack:
        try:
            return _run_once(stack) if once else _run_page(stack, browser=browser)
        except DemoFailed as error:
            print(f"sanic-swap demo: {error}", file=sys.stderr)
            return 1


def _run_once(stack: ExitStack) -> int:
    places = _start(stack, "http://127.0.0.1/callback", auto_approve=True)
    run_all(places)
    return 0


def _run_page(stack: ExitStack, *, browser: bool) -> int:
    page = stack.enter_context(DemoPage())
    places = _start(stack, f"{page.url}/callback", auto_approve=False)
    page.open(places)
    print(f"Fake Spotify  {places.control_url}/   <- make it misbehave here")
    print(f"The service   {places.service_url}")
    print(f"The app       {page.url}   <- open this and click through; Ctrl-C ends it all\n")
    describe_all(places)
    if browser and (sys.platform == "darwin" or os.environ.get("DISPLAY")):
        webbrowser.open(page.url)
    page.serve_forever()
    return 0


def _start(stack: ExitStack, redirect_uri: str, *, auto_approve: bool) -> Places:
    fake = [
        sys.executable,
        "-P",
        "-m",
        "fake_spotify",
        "--port",
        "0",
        "--redirect-uri",
        redirect_uri,
    ]
    if auto_approve:
        fake.append("--auto-approve")
    output = stack.enter_context(_child(fake, dict(os.environ), "stdout"))
    told = json.loads(output.readline() or "{}")
    if "accounts_url" not in told:
        raise DemoFailed("the fake Spotify did not start")
    _let_run(output)
    ours = {spelling for variable in variables().values() for spelling in variable.spellings}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {
        "CLIENT_ID": told["client_id"],
        "CLIENT_SECRET": told["client_secret"],
        "CALLBACK_URL": redirect_uri,
        "ENCRYPTION_SECRET": new_secret(),
        "SPOTIFY_ACCOUNTS_URL": told["accounts_url"],
        "PORT": "0",
        "LOG_FORMAT": "json",
        "ACCESS_LOG": "off",
    }
    serve = [sys.executable, "-P", "-m", "sanic_swap", "serve", "--env-file", os.devnull]
    output = stack.enter_context(_child(serve, environment, "stderr"))
    return Places(
        accounts_url=told["accounts_url"],
        api_url=told["api_url"],
        control_url=told["control_url"],
        service_url=_listening_url(output),
        client_id=told["client_id"],
        redirect_uri=redirect_uri,
    )


@contextmanager
def _child(command: list[str], environment: dict[str, str], heard: str) -> Iterator[IO[str]]:
    """Run *command* as long as the block lasts; give what it prints to its *heard* stream."""
    with subprocess.Popen(  # noqa: S603 - our own modules, by this same Python  # nosec B603
        command,
        env=environment,
        stdout=subprocess.PIPE if heard == "stdout" else subprocess.DEVNULL,
        stderr=subprocess.PIPE if heard == "stderr" else None,
        text=True,
        # Ctrl-C is for this process alone; it ends its children in order.
        start_new_session=True,
    ) as process:
        output = process.stdout or process.stderr
        if output is None:
            raise DemoFailed("no pipe to the process that was started")
        try:
            yield output
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _let_run(output: IO[str]) -> None:
    """Read on, into nothing: a full pipe would stop the process behind it."""
    Thread(target=deque, args=(output, 0), daemon=True).start()


def _listening_url(output: IO[str]) -> str:
    lines = []
    for line in output:
        lines.append(line)
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if told.get("message") == "listening":
            _let_run(output)
            return str(told["url"])
    raise DemoFailed("the service did not start:\n" + "".join(lines))


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt
