"""Counts the requests under way, and refuses more than the operator allows."""

import asyncio
from types import TracebackType

from sanic_swap.errors import TooBusy

_POLL_SECONDS = 0.02


class InFlight:
    """
    A gate for `with`: lets *limit* through at once, and nobody waits.

    Raises:
        TooBusy: On entering, if it is full.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.count = 0

    def __enter__(self) -> None:
        if self.count >= self._limit:
            raise TooBusy
        self.count += 1

    async def emptied(self) -> None:
        """Wait until nobody is inside, those included whose client has hung up."""
        while self.count:  # noqa: ASYNC110 - once in a process's life; an event would cost each request
            await asyncio.sleep(_POLL_SECONDS)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.count -= 1
