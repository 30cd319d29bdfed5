"""A client's connection, with its deadlines; and the places that all connections share.

Deadlines count from the beginning of a head, a body or an answer; one byte now and then, which
keeps Sanic's timeouts from firing, does not put them off.
"""

import asyncio
import time
from collections import Counter
from typing import Any

from sanic.exceptions import ServiceUnavailable
from sanic.http import Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from sanic_swap.logs import log
from sanic_swap.server.http1 import StrictHttp
from sanic_swap.server.kernel import is_readable
from sanic_swap.web.endpoints import Readiness

REQUEST = "request"  # the state of a connection whose request is complete
WAITING = ("idle", "silent", "head", "body")
_QUIET_SECONDS = 1.0  # without a request for so long, a connection is idle
_REPORT_SECONDS = 60


class Connection(HttpProtocol):
    """A client's connection; while the process drains, each answer is its last.

    The client has *client_seconds* for a head, again for a body, and again to take the answer.
    """

    HTTP_CLASS = StrictHttp
    __slots__ = ("__dict__",)  # Sanic's metaclass defaults to none
    opened_at = 0.0
    quiet_since = 0.0  # the last answer, or the opening
    has_ended = False  # the client will send nothing more
    _silence: asyncio.TimerHandle | None = None

    def __init__(
        self,
        readiness: Readiness,
        client_seconds: float,
        places: "Places",
        **sanic: Any,  # noqa: ANN401 - as Sanic has it
    ) -> None:
        super().__init__(connections=places.occupants, **sanic)
        self.readiness = readiness
        self.client_seconds = client_seconds
        self.places = places

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as Sanic has it
        if not self.places.make_room():
            transport.abort()
            return
        self.opened_at = self.quiet_since = self.loop.time()
        self._silence = self.loop.call_later(self.client_seconds, self._close_if_silent)
        super().connection_made(transport)
        self.places.wait(self)

    def data_received(self, data: bytes) -> None:
        if self._task is not None:  # else it was one too many
            super().data_received(data)

    async def receive_more(self) -> None:
        if self.has_ended:
            self.close()  # this sends what has been answered, then cancels this task
            await self.loop.create_future()
        await super().receive_more()

    def eof_received(self) -> bool | None:
        """Stay open if a whole request waits for its answer."""
        self.has_ended = True
        http = self.http
        return http is not None and http.stage is Stage.HANDLER and not http.request_body

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the request under way."""
        if self._silence is not None:  # else it was one too many
            self._silence.cancel()
            self.places.leave(self)
            super().connection_lost(exc)

    def give_up(self) -> None:
        """Answer the request under way with 503, because the process has to end."""
        if self.http is not None and self._task is not None:
            self.http.exception = ServiceUnavailable("The service is stopping")
            self._task.cancel()

    def close_if_quiet(self) -> None:
        """Close unless a request is here or on its way."""
        is_quiet = self.loop.time() - self.quiet_since >= _QUIET_SECONDS
        has_begun = self.http is not None and (
            self.http.stage is not Stage.IDLE or self.recv_buffer
        )
        if is_quiet and not has_begun and not self._has_unread():
            self.close()

    @property
    def client_address(self) -> str:  # which may be a proxy's
        return "" if self.conn_info is None else self.conn_info.client_ip

    @property
    def waits_with(self) -> str:
        """One of `WAITING`: idle after an answer, silent since its opening, in a head or body."""
        http = self.http
        if http is None or http.stage is Stage.IDLE:
            return "idle" if self.state["requests_count"] else "silent"
        return "head" if http.stage is Stage.REQUEST else "body"

    def abort_unless_unread(self) -> bool:
        """Abort, and return True, unless bytes wait to be read or sent."""
        transport = self.transport
        if transport is None or transport.get_write_buffer_size() or self._has_unread():
            return False
        transport.abort()
        return True

    def _has_unread(self) -> bool:
        """Return whether bytes have come that the task has not looked at."""
        if self._data_received.is_set():
            return True
        # The event loop may not have seen yet what the kernel has received.
        return self.transport is not None and is_readable(self.transport.get_extra_info("socket"))

    def _close_if_silent(self) -> None:
        if self.waits_with == "silent":
            self.close()

    def abort_unless_taken(self) -> None:
        """Abort if the client has not taken all that was sent."""
        if self.transport is not None and self.transport.get_write_buffer_size():
            # Not Sanic's `abort`: it sets the transport to None, and a waiting send fails.
            self.transport.abort()


class Places:
    """The open connections, at most *limit*: when all are taken, the longest waiting one is closed.

    Otherwise one client with many idle or half-sent requests would lock everybody out.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.occupants: set[Connection] = set()
        self.reclaimed = dict.fromkeys(WAITING, 0)  # closed to make room, by what they waited with
        self._waiting: dict[Connection, None] = {}  # the longest waiting one first
        self._reported, self._next_report = 0, 0.0

    def wait(self, occupant: Connection) -> None:
        """Note that *occupant* waits for its client from now on, unless it is closed."""
        self._waiting.pop(occupant, None)
        if occupant in self.occupants:
            self._waiting[occupant] = None

    def leave(self, occupant: Connection) -> None:
        """Note that *occupant* does not wait any more: its request is complete, or it is closed."""
        self._waiting.pop(occupant, None)

    def make_room(self) -> bool:
        """Return whether one more connection may open; close one for it if there has to be."""
        if len(self.occupants) < self.limit:
            return True
        for occupant in self._waiting:
            waited_with = occupant.waits_with
            if occupant.abort_unless_unread():
                self.occupants.discard(occupant)
                self.leave(occupant)
                self.reclaimed[waited_with] += 1
                self._report()
                return True
        return False

    def by_state(self) -> dict[str, int]:
        """Return how many connections are in each state; any thread may call this."""
        states = dict.fromkeys((*WAITING, REQUEST), 0)
        for occupant in tuple(self.occupants):
            states[occupant.waits_with if occupant in self._waiting else REQUEST] += 1
        return states

    def _report(self) -> None:
        """Log, at most once a minute, that connections are closed and who holds most."""
        now = time.monotonic()
        if now < self._next_report:
            return
        reclaimed = sum(self.reclaimed.values())
        closed = reclaimed - self._reported
        [(client, held)] = Counter(each.client_address for each in self.occupants).most_common(1)
        log.warning(
            "MAX_CONNECTIONS reached: closed the connections that waited longest. Block the client"
            " that holds most, unless it is your proxy",
            extra={"fields": {"closed": closed, "client": client, "held": held}},
        )
        self._reported, self._next_report = reclaimed, now + _REPORT_SECONDS
