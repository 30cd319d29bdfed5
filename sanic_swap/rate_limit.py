"""How often one client may swap and one grant may be refreshed; imported only when limited."""

import math
import time
from collections.abc import Callable, Iterable

from limits import RateLimitItemPerSecond
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter

from sanic_swap.client_address import network_of
from sanic_swap.errors import RateLimited
from sanic_swap.rate_counts import BoundedCounts
from sanic_swap.rates import Rate


class RateLimit:
    """
    Counts in fixed windows: one number for each client, and an end that can be told.

    A window begins with the first request in it; requests over the limit do not prolong
    it. Swaps are counted by address and not by grant because a bad code belongs to none;
    refreshes by grant because carriers put thousands of phones behind one address.

    Args:
        make_counts: Makes what counts, once for each rate.

    Raises:
        RateLimited: By each method, if this request is one too many.
    """

    def __init__(
        self, rates: Iterable[Rate], make_counts: Callable[[], Storage] = BoundedCounts
    ) -> None:
        # The shortest window first: what it refuses is not counted in the longer ones.
        self._limits = [
            (
                RateLimitItemPerSecond(rate.requests, rate.seconds),
                FixedWindowRateLimiter(make_counts()),
            )
            for rate in sorted(rates)
        ]

    async def count_swap(self, address: str) -> None:
        """Count a swap that the client at *address* asks for."""
        await self._count("swap", network_of(address))

    async def count_refresh(self, grant: str) -> None:
        """Count a refresh of the grant with this id."""
        await self._count("refresh", grant)

    async def _count(self, what: str, who: str) -> None:
        for limit, limiter in self._limits:
            if not await limiter.hit(limit, what, who):
                ends_at, _ = await limiter.get_window_stats(limit, what, who)
                raise RateLimited(limit.amount, max(1, math.ceil(ends_at - time.time())))
