"""How `dev` prints, and what it says if it cannot start."""

import os
import pty
import socket
from contextlib import redirect_stdout

import pytest

from sanic_swap.demo.dev import HERE, _print, dev


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, inside = pty.openpty()
    with open(inside, "w") as output, redirect_stdout(output):  # noqa: PTH123 - a descriptor
        for no_colour, shown in (("", " \x1b[31m✗\x1b[0m a mistake"), ("1", " ✗ a mistake")):
            monkeypatch.setenv("NO_COLOR", no_colour)
            _print("✗ a mistake")

            assert shown in os.read(terminal, 4096).decode()
    os.close(terminal)


def test_what_cannot_start_is_said_with_the_option_that_changes_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
        for option in ("--port", "--fake-port"):
            free = ["--port", "0", "--fake-port", "0"]
            assert dev([*free, option, str(port)], "") == 1
            said = capsys.readouterr().err
            assert f"port {port} is taken" in said
            assert f"choose another with {option}\n" in said
    with pytest.raises(SystemExit, match="2"):
        dev(["--callback", "my-app/callback"], "")
    said = capsys.readouterr().err
    assert "--callback my-app/callback: a redirect URI has a scheme" in said
