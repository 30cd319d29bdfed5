"""The command `fake-spotify`, or `python -m fake_spotify`."""

import sys

from fake_spotify.choices import hint
from fake_spotify.commands import remote


def main() -> None:
    """Serve, or do what the first argument says.

    Exit code 2 means that the command line, or the file that it names, is wrong; 1 that an
    address cannot be had, or no fake answers.
    """
    name, *rest = sys.argv[1:] or [""]
    if name in remote.COMMANDS:
        sys.exit(remote.perform(name, rest))
    # Imported here: a web server takes longer to load than a command to run.
    from fake_spotify.commands.serve import run, serve

    if name == "run":
        sys.exit(run(rest))
    if name and not name.startswith("-"):
        commands = hint(name, (*remote.COMMANDS, "run"))
        print(f"fake-spotify: no command {name}; {commands}", file=sys.stderr)
        sys.exit(2)
    sys.exit(serve(sys.argv[1:]))


if __name__ == "__main__":
    main()
