"""Plays a performance: writes raw bytes, waits, resets, on the connection of one request."""

import asyncio
import math
import socket
import struct
from collections.abc import Iterator

from aiohttp import web

from fake_spotify.faults import Ending, Pause, Step
from fake_spotify.replies import Reply

# SO_LINGER with no time to linger: closing sends RST in place of FIN.
_NO_LINGER = struct.pack("ii", 1, 0)


def response(reply: Reply) -> web.Response:
    """Make aiohttp's kind of answer from ours."""
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body)


async def play(request: web.Request, steps: Iterator[Step]) -> web.Response:
    """Do *steps* in turn; the connection is closed at the end unless that is an ordinary answer."""
    try:
        for step in steps:
            match step:
                case Reply():
                    return response(step)
                case bytes():
                    await request.writer.write(step)
                case Pause(seconds=math.inf):
                    await asyncio.Event().wait()
                case Pause(seconds=seconds):
                    await asyncio.sleep(seconds)
                case Ending.RESET:
                    _reset(request)
                case Ending.CLOSE:
                    break
    except ConnectionError:
        pass  # The client had enough: that is what faults are for.
    if request.transport is not None:
        request.transport.close()
    # aiohttp wants an answer; there is nobody left to get it.
    return web.Response()


def _reset(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
