"""Answers a request by the rules or as a planned fault does, and notes it in the journal."""

import asyncio
import math
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aiohttp import web

from fake_spotify.apps.app import App
from fake_spotify.apps.journal import Entry
from fake_spotify.faults.answers import Replacement, Variation
from fake_spotify.faults.kinds import kind_of, sentence
from fake_spotify.faults.queue import Planned
from fake_spotify.faults.wires import Damage
from fake_spotify.matching import Request
from fake_spotify.replies import Ending, Pause, Reply, Step

# SO_LINGER with no time to linger: closing sends RST in place of FIN.
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A normal answer, the error in it, if any, in Spotify's words, and the reason in ours."""

    reply: Reply
    error: str = ""
    why: str = ""


Normal = Callable[[], Outcome]


async def perform(
    http: web.Request, app: App, request: Request, body: bytes, normal: Normal
) -> web.Response:
    """Answer *request* to *app*: as *normal* says, or as a planned fault does."""
    with app.lock:
        planned = app.fault_queue.take(request)
        outcome, steps = (normal(), None) if planned is None else _misbehave(app, planned, normal)
        headers = {name.lower(): value for name, value in http.headers.items()}
        kind, why = "", outcome.why
        if planned is not None:
            kind = kind_of(planned.fault)
            why = f"The planned fault {kind}: {sentence(type(planned.fault))} {why}".strip()
        now, reply = app.clock.now(), outcome.reply
        app.journal.add(Entry(request, now, headers, body, reply, outcome.error, kind, why))
    return response(outcome.reply) if steps is None else await _play(http, steps)


def response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body)


def _misbehave(app: App, planned: Planned, normal: Normal) -> tuple[Outcome, Iterator[Step] | None]:
    fault = planned.fault
    if isinstance(fault, Variation):
        usual = app.policy
        app.policy = fault.vary(usual)
        try:
            return normal(), None
        finally:
            app.policy = usual
    outcome = normal() if planned.is_processed else Outcome(Reply(0))
    if isinstance(fault, Replacement):
        return Outcome(fault.reply(app.clock.now())), None
    if isinstance(fault, Damage):
        return outcome, fault.steps(outcome.reply)
    raise TypeError(f"{fault!r} is not a known family of faults")


async def _play(http: web.Request, steps: Iterator[Step]) -> web.Response:
    """Perform *steps*; close the connection afterwards unless the last is an ordinary answer."""
    try:
        for step in steps:
            match step:
                case Reply():
                    return response(step)
                case bytes():
                    await http.writer.write(step)
                case Pause(seconds=math.inf):
                    await asyncio.Event().wait()
                case Pause(seconds=seconds):
                    await asyncio.sleep(seconds)
                case Ending.RESET if http.transport is not None:
                    _reset(http.transport)
                case Ending.CLOSE:
                    break
    except ConnectionError:
        pass  # The client hung up: that is what faults are for.
    if http.transport is not None:
        http.transport.close()
    # aiohttp needs an answer; nobody is left to receive it.
    return web.Response()


def _reset(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
