"""Open the listening socket and close it without dropping accepted connections."""

import select
import socket
import struct
import sys
from contextlib import suppress

from sanic_swap.errors import CannotListen

_SEND_BUFFER = 64 * 1024  # bytes; more than any answer
_SO_ATTACH_FILTER = 26  # Linux, asm-generic/socket.h
_DROP_ALL = struct.pack("HBBI", 6, 0, 0, 0)  # a BPF program of one instruction: return 0


def bound(host: str, port: int, client_seconds: float, *, reuse_port: bool) -> socket.socket:
    """Return a socket that is bound, and does not listen yet.

    Args:
        client_seconds: How long its connections wait for a client that takes nothing.
        reuse_port: Whether other processes may listen there, too.

    Raises:
        CannotListen: If the address is unknown or in use.
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
    """Drop new connections, so that the kernel's queue can be emptied.

    Linux drops their packets; the clients repeat them a second later, when the socket is closed
    and another process may listen. Does nothing on other systems.
    """
    if sys.platform != "linux":
        return
    import ctypes  # here, as only the end of a process needs it

    code = ctypes.create_string_buffer(_DROP_ALL)
    program = struct.pack("HP", 1, ctypes.addressof(code))
    with suppress(OSError):  # a sandbox may forbid it
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def is_readable(waiting: socket.socket) -> bool:
    """Return whether a connection waits to be accepted, or bytes to be read."""
    poll = select.poll()
    poll.register(waiting, select.POLLIN)
    return bool(poll.poll(0))
