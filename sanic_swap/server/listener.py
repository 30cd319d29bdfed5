"""Open the listening socket and close it without dropping accepted connections."""

import select
import socket
import struct
import sys
from contextlib import suppress

_SEND_BUFFER = 64 * 1024  # bytes; more than any answer
_SO_ATTACH_FILTER = 26  # Linux, asm-generic/socket.h
_KEEP_NOTHING = struct.pack("HBBI", 6, 0, 0, 0)  # a filter of one instruction: return 0


def bound(host: str, port: int, client_seconds: float, *, reuse_port: bool) -> socket.socket:
    """
    Return a socket bound to *host* and *port*, which does not listen yet.

    Args:
        client_seconds: How long its connections wait for a client that takes nothing.
        reuse_port: Whether other processes may listen there, too.

    Raises:
        OSError: If the address cannot be had.
    """
    family, kind, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Each connection inherits these two: they bound what a client that reads nothing can
        # make the kernel hold, and for how long.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = int(client_seconds * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def drop_new_connections(listener: socket.socket) -> None:
    """
    Drop new connections, so that those in the kernel's queue can all be accepted.

    Linux drops their packets; the clients send them again a second later, when the socket is
    closed and another process may listen. Elsewhere this does nothing.
    """
    if sys.platform != "linux":
        return
    import ctypes  # here, as only the end of a process needs it

    code = ctypes.create_string_buffer(_KEEP_NOTHING)
    program = struct.pack("HP", 1, ctypes.addressof(code))
    with suppress(OSError):  # what a sandbox forbids we can do without
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def is_readable(waiting: socket.socket) -> bool:
    """Say whether a connection waits to be accepted, or bytes to be read."""
    poll = select.poll()
    poll.register(waiting, select.POLLIN)
    return bool(poll.poll(0))
