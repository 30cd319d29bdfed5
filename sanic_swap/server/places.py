"""The places that MAX_CONNECTIONS limits: when all are taken, the longest waiting one is freed.

Otherwise one client with many idle or half-sent requests would lock everybody out.
"""

import time
from collections import Counter
from typing import Generic, Protocol, TypeVar

from sanic_swap.logs import log

REQUEST = "request"  # the state of a connection whose request is complete
WAITING = ("idle", "silent", "head", "body")
_REPORT_SECONDS = 60


class Occupant(Protocol):
    """
    A connection, as far as its place is concerned.

    Attributes:
        client_address: Of whoever connected, which may be a proxy.
        waits_with: One of `WAITING`: idle after an answer, silent since its opening, or with
            half a head or half a body.
    """

    @property
    def client_address(self) -> str: ...

    @property
    def waits_with(self) -> str: ...

    def abort_unless_unread(self) -> bool:
        """Abort, unless bytes wait to be read or sent; return whether it was aborted."""


OccupantT = TypeVar("OccupantT", bound=Occupant)


class Places(Generic[OccupantT]):
    """
    The open connections, at most *limit*.

    Attributes:
        occupants: Every open connection.
        reclaimed: How many connections were closed to make room, by what they waited with.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.occupants: set[OccupantT] = set()
        self.reclaimed = dict.fromkeys(WAITING, 0)
        self._waiting: dict[OccupantT, None] = {}  # the longest waiting one first
        self._reported, self._next_report = 0, 0.0

    def wait(self, occupant: OccupantT) -> None:
        """Note that *occupant* waits for its client from now on, unless it is closed."""
        self._waiting.pop(occupant, None)
        if occupant in self.occupants:
            self._waiting[occupant] = None

    def leave(self, occupant: OccupantT) -> None:
        """Note that the request of *occupant* is complete, or that it is closed."""
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
