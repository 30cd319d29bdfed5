"""What this process needs of the kernel: enough open files, and no core dump with keys in it."""

import ctypes
import resource
import sys
from contextlib import suppress

from sanic_swap.settings.reading import Finding, Level
from sanic_swap.settings.table import Settings

_OTHER_FILES = 100  # store, metrics, log; connections that close while others open
_PR_SET_DUMPABLE = 4  # Linux, prctl.h


def allow_open_files(settings: Settings) -> Finding | None:
    """Raise the soft limit of open files as far as needed; return a finding if that is too low."""
    needed = settings.connection_limit + settings.max_in_flight + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_below(soft, needed):
        with suppress(OSError, ValueError):  # a sandbox may forbid it
            wanted = hard if _is_below(hard, needed) else needed
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _is_below(allowed, needed):
        return None
    text = (
        f"need {needed} open files, and this process may have {allowed}; so it keeps at most"
        f" {most_connections(settings)} connections. Raise the limit: `ulimit -Hn`, LimitNOFILE="
        " in systemd, `--ulimit nofile=` in Docker"
    )
    return Finding(Level.RISKY, "MAX_CONNECTIONS, MAX_IN_FLIGHT", text, at_start=True)


def most_connections(settings: Settings) -> int:
    """Return MAX_CONNECTIONS, or half of the open files if that is less."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    half = allowed // 2
    return half if _is_below(half, settings.connection_limit) else settings.connection_limit


def forbid_core_dumps() -> None:
    """Keep the kernel from writing this process's memory to a file when it crashes."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # a program that receives core dumps ignores RLIMIT_CORE
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _is_below(limit: int, number: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < number
