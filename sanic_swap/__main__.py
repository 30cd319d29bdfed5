"""The command `sanic-swap`, also `python -m sanic_swap`, from its first line.

Whatever else is imported waits until signals are honoured: until the server listens there is
nothing to drain; and in a container, as the first process, a signal without a handler is lost.
"""

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command that the arguments name, and exit as it says."""
    if sys.argv[1:2] == ["serve"]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os._exit(0))
    from sanic_swap.commands import cli

    cli.main()


if __name__ == "__main__":
    main()
