"""What this process asks of the kernel: its port, enough open files, and no core dump with keys."""

import ctypes
import resource
import select
import socket
import struct
import sys
from contextlib import suppress

from sanic_swap.errors import CannotListen
from sanic_swap.settings.reading import Finding, Level
from sanic_swap.settings.table import Settings

_OTHER_FILES = 100  # store, metrics, log; connections that close while others open
_SEND_BUFFER = 64 * 1024  # bytes; more than any answer
_PR_SET_DUMPABLE = 4  # Linux, prctl.h
_SO_ATTACH_FILTER = 26  # Linux, asm-generic/socket.h
_DROP_ALL = struct.pack("HBBI", 6, 0, 0, 0)  # a BPF program of one instruction: return 0


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
    half = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2
    return half if _is_below(half, settings.connection_limit) else settings.connection_limit


def _is_below(limit: int, number: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < number


def forbid_core_dumps() -> None:
    """Keep the kernel from writing this process's memory to a file when it crashes."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # a program that receives core dumps ignores RLIMIT_CORE
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def bound(host: str, port: int, client_seconds: float, *, reuse_port: bool) -> socket.socket:
    """Return a socket that is bound, and does not listen yet; raise CannotListen if it cannot be.

    Its connections wait *client_seconds* for a client that takes nothing.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit these two. They limit how many bytes the kernel keeps for a client
        # that reads nothing, and for how long.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = int(client_seconds * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError as error:
        raise CannotListen("HOST, PORT", host, port, error) from None
    listener.setblocking(False)
    return listener


def drop_new_connections(listener: socket.socket) -> None:
    """Drop new connections, so that the kernel's queue can be emptied; on Linux alone.

    Clients repeat the packets a second later, when the socket is closed and another process may
    listen.
    """
    if sys.platform == "linux":
        code = ctypes.create_string_buffer(_DROP_ALL)
        program = struct.pack("HP", 1, ctypes.addressof(code))
        with suppress(OSError):  # a sandbox may forbid it
            listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def is_readable(waiting: socket.socket) -> bool:
    """Return whether a connection waits to be accepted, or bytes to be read."""
    poll = select.poll()
    poll.register(waiting, select.POLLIN)
    return bool(poll.poll(0))
