"""How many requests at once, and how many in a while from one client or for one grant."""

import asyncio
import math
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

from sanic_swap.client_address import network_of
from sanic_swap.errors import GrantRefused, RateLimited, TokenRefused, TooBusy

MOST_COUNTERS = 100_000  # for each length of window; less than 50 MB
_REFUSALS = 4  # in one iteration of the event loop


class InFlight:
    """Admits at most *limit* requests at once to its `with` block; the next one is TooBusy."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.count = 0

    @property
    def is_full(self) -> bool:
        """Whether entering would be refused now."""
        return self.count >= self.limit

    async def turn(self) -> None:
        """Wait until this request may be refused: at most four are in one loop iteration.

        A refusal costs half of what an answer does, and a refused client may ask again at
        once: without a bound refusals would starve the requests that were accepted.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._give_turns)
        self._waiting.append(loop.create_future())
        await self._waiting[-1]

    def _give_turns(self) -> None:
        for _ in range(min(_REFUSALS, len(self._waiting))):
            turn = self._waiting.popleft()
            if not turn.done():  # its client may be gone
                turn.set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._give_turns)

    def __enter__(self) -> None:
        if self.is_full:
            raise TooBusy
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


class Rate(NamedTuple):
    """So many requests in so many seconds; the shorter window sorts first."""

    seconds: int
    requests: int


REFUSED_IMPORTS = (Rate(seconds=60, requests=60),)


class Counts(Protocol):
    """Counts requests in fixed windows; a window begins with the first request in it."""

    async def count(self, name: str, seconds: int, change: int = 1) -> tuple[int, float]:
        """Count one request in *name*'s window; return the count and the seconds it has left.

        A *change* of -1 takes one back, if the window has not ended.
        """


class MemoryCounts:
    """Counts in the bounded memory of this process.

    Each step takes constant time, or an attack from many addresses would slow every request.

    Args:
        most: How many counters are kept for each length of window; the oldest ones go.
    """

    def __init__(
        self, most: int = MOST_COUNTERS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._clock = clock
        # For each length: count and end of window by name, the first to end first.
        # A plain dict finds its oldest key ever more slowly.
        self._windows = defaultdict[int, OrderedDict[str, tuple[int, float]]](OrderedDict)

    async def count(self, name: str, seconds: int, change: int = 1) -> tuple[int, float]:
        """Do what `Counts` says."""
        counters, now = self._windows[seconds], self._clock()
        count, ends_at = counters.get(name, (0, 0.0))
        if change < 0 and ends_at <= now:
            return 0, 0.0
        if ends_at <= now:
            counters.pop(name, None)
            count, ends_at = 0, now + seconds
            for _ in range(2):  # two go for each new one, so that nobody waits while many go
                oldest = next(iter(counters), None)
                if oldest and (counters[oldest][1] <= now or len(counters) >= self._most):
                    del counters[oldest]
        counters[name] = count + change, ends_at
        return count + change, ends_at - now


class RateLimit:
    """How often one client may swap or import, and one grant may be refreshed.

    Each method raises RateLimited if this request is one too many; such a request does not
    prolong a window. Swaps and imports are counted by address, as what is guessed belongs to no
    grant; refreshes by grant, as carriers put thousands of phones behind one address.

    Args:
        rates: RATE_LIMIT. Without any, only imports are limited, and only refused ones.
    """

    def __init__(self, rates: Iterable[Rate] = (), counts: Counts | None = None) -> None:
        # The shortest window first: what it refuses is not counted in the longer ones.
        self._rates = sorted(rates)
        self._counts = MemoryCounts() if counts is None else counts

    async def count_swap(self, address: str) -> None:
        """Count a swap by the client at *address*."""
        if self._rates:
            await self._count(f"swap/{network_of(address)}", self._rates)

    async def count_refresh(self, grant: str) -> None:
        """Count a refresh of the grant with this id."""
        if self._rates:
            await self._count(f"refresh/{grant}", self._rates)

    @asynccontextmanager
    async def counted_import(self, address: str) -> AsyncIterator[None]:
        """Count the import in the block, of a token that nothing authenticates.

        It counts from its beginning, or many at once would pass before the first is refused.
        """
        name, rates = f"import/{network_of(address)}", self._rates or REFUSED_IMPORTS
        stays_counted = bool(self._rates)
        try:
            await self._count(name, rates)
            yield
        except (TokenRefused, GrantRefused, asyncio.CancelledError):
            stays_counted = True
            raise
        finally:
            if not stays_counted:
                for rate in rates:
                    await self._counts.count(f"{name}/{rate.requests}", rate.seconds, -1)

    async def _count(self, name: str, rates: Iterable[Rate]) -> None:
        for rate in rates:
            count, seconds_left = await self._counts.count(f"{name}/{rate.requests}", rate.seconds)
            if count > rate.requests:
                raise RateLimited(rate.requests, rate.seconds, max(1, math.ceil(seconds_left)))
