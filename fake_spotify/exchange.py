"""One request from its arrival to its answer: the rules or a fault answer, the journal notes it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aiohttp import web

from fake_spotify import wire
from fake_spotify.apps import App
from fake_spotify.fault_kinds import kind_of
from fake_spotify.fault_queue import Planned
from fake_spotify.faults import Instead, Performance, Step, Variation
from fake_spotify.matching import Asked
from fake_spotify.replies import Reply

_NOTHING = Reply(0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An honest answer, and the error in it, if any, in Spotify's words."""

    reply: Reply
    error: str = ""


class Exchange:
    """
    Answers requests, one at a time.

    Args:
        lock: Held while state is read or changed, so that tests may do both from other threads.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock

    async def perform(
        self,
        request: web.Request,
        app: App,
        asked: Asked,
        body: bytes,
        honest: Callable[[], Outcome],
    ) -> web.Response:
        """Answer *request*, which is for *app*: as *honest* says, or as a planned fault does."""
        with self._lock:
            planned = app.faults.take(asked)
            if planned is None:
                outcome = honest()
                steps: Iterator[Step] | None = None
            else:
                outcome, steps = _misbehave(app, planned, honest)
            app.journal.add(
                asked,
                at=app.clock.now(),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
                status=outcome.reply.status,
                error=outcome.error,
                fault="" if planned is None else kind_of(planned.fault),
            )
        if steps is not None:
            return await wire.play(request, steps)
        return wire.response(outcome.reply)


def _misbehave(
    app: App, planned: Planned, honest: Callable[[], Outcome]
) -> tuple[Outcome, Iterator[Step] | None]:
    fault = planned.fault
    if isinstance(fault, Variation):
        with app.under(fault.vary(app.policy)):
            return honest(), None
    truth = honest() if planned.is_processed else Outcome(_NOTHING)
    if isinstance(fault, Instead):
        return Outcome(fault.reply(app.clock.now())), None
    if isinstance(fault, Performance):
        return truth, fault.steps(truth.reply)
    raise TypeError(f"{fault!r} is no kind of fault that is known here")
