"""`keygen`: prints a new key, and never a second one into the same file."""

import os
import re
import stat
import sys
from pathlib import Path

from sanic_swap.sealing.keys import new_secret

_LINE = re.compile(rb"^\s*(?:export\s+)?ENCRYPTION_SECRET(?:_FILE)?\s*=", re.MULTILINE)
# What standard output may be: Linux opens the file itself, macOS only what was opened to be read.
_FILES = ("/dev/fd/1", ".env")


def keygen(*, as_env: bool) -> int:
    """Print a key, or a line for `.env`; return 2 if the file it goes to has such a line."""
    if as_env and _has_key_already():
        print(
            "sanic-swap: this file has an ENCRYPTION_SECRET already. A second one would replace it,"
            " and every token of the first would be held. To change a key, see docs/keys.md",
            file=sys.stderr,
        )
        return 2
    print(f"{'ENCRYPTION_SECRET=' if as_env else ''}{new_secret()}")
    return 0


def _has_key_already() -> bool:
    try:
        output = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):
        return False
    for path in map(Path, _FILES if stat.S_ISREG(output.st_mode) else ()):
        try:
            if os.path.samestat(path.stat(), output) and _LINE.search(path.read_bytes()):
                return True
        except OSError:
            continue
    return False
