"""Runs the command as anybody would: a process of its own, spoken to through its port."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "fake_spotify")
PATIENCE_SECONDS = 30


@contextmanager
def running(*options, read=lambda out: json.loads(out.readline())):
    """Start the command on a free port; give what *read* takes of its output, and the process."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield read(process.stdout), process
    finally:
        process.kill()
        process.communicate()


def stop(process, number=signal.SIGTERM):
    """Send a signal; give exit code and what was printed after the first line."""
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, output, errors
