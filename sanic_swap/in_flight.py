"""Counts the requests under way, and refuses more than the operator allows."""

import asyncio
from collections import deque
from types import TracebackType

from sanic_swap.errors import TooBusy

_POLL_SECONDS = 0.02
_TURNS = 4  # of those who find it full, in one round of the event loop


class InFlight:
    """
    A gate for `with`: lets *limit* through at once, and nobody waits inside it.

    Raises:
        TooBusy: On entering, if it is full.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.count = 0

    @property
    def is_full(self) -> bool:
        """Whether entering would be refused now."""
        return self.count >= self.limit

    async def turn(self) -> None:
        """
        Wait for a moment in which the event loop has nothing better to do than to refuse.

        A refusal costs half of what an answer does, and who is refused may ask again at once:
        a thousand of them in one round of the loop would be a thousand between any two steps
        of those inside.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._give_turns)
        self._waiting.append(loop.create_future())
        await self._waiting[-1]

    def _give_turns(self) -> None:
        for _ in range(min(_TURNS, len(self._waiting))):
            turn = self._waiting.popleft()
            if not turn.done():  # its client may be gone
                turn.set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._give_turns)

    def __enter__(self) -> None:
        if self.is_full:
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
