"""Lets many askers of one question share one answer, inside this process."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """
    Joins equal questions while they are under way; remembers nothing afterwards.

    A question runs in a task of its own, so no asker who leaves takes the others down.

    Attributes:
        joined: How many askers had no need to ask themselves.
    """

    def __init__(self) -> None:
        # The one strong reference: the event loop itself holds tasks weakly.
        self._flights: dict[bytes, asyncio.Task[T]] = {}
        self.joined = 0

    def join(self, key: bytes, ask: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """
        Return the flight of *key*, which *ask* begins if there is none.

        Await it under `asyncio.shield`. Its errors are everybody's.
        """
        flight = self._flights.get(key)
        if flight is not None:
            self.joined += 1
            return flight
        flight = self._flights[key] = asyncio.create_task(ask())
        flight.add_done_callback(partial(self._land, key))
        return flight

    async def close(self) -> None:
        """End the flights that nobody waits for any more."""
        flights = tuple(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _land(self, key: bytes, flight: asyncio.Task[T]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # seen, even if every asker has left
