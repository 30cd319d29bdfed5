"""The command `sanic-swap`, also `python -m sanic_swap`.

`serve` handles signals before it imports anything else: until it listens it may end at once, and
the first process of a container ignores signals that it does not handle.
"""

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command that the arguments name, and exit with its code."""
    # The next file would take the number of a stream that was closed at start.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 - like the others
    if sys.argv[1:2] == ["serve"]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os._exit(0))
    from sanic_swap.commands import cli

    cli.main()


if __name__ == "__main__":
    main()
