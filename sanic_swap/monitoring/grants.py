"""Counts grants, and not requests: each once a day in a process."""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram

from sanic_swap.trace import Answered

_DAY = 86_400  # seconds
_DAYS = (0.0, 1.0, 7.0, 14.0, 28.0, 56.0, 90.0, 120.0, 150.0, 180.0)
_MOST = 100_000  # of one day; shares do not need more


class Grants:
    """How long authorizations still last, and how many of them Spotify ended."""

    def __init__(
        self,
        registry: CollectorRegistry,
        lifetime_seconds: int,  # from a user's authorization to its end
        now: Callable[[], float] = time.time,
    ) -> None:
        self._lifetime_seconds = lifetime_seconds
        self._now = now
        self._day = 0
        self._seen: set[tuple[str, str | None]] = set()
        self._refused = Counter(
            "sanic_swap_grants_refused", "Grants that Spotify refused.", registry=registry
        )
        self._remaining = Histogram(
            "sanic_swap_authorization_remaining_days",
            "Days that users' authorizations still last.",
            buckets=_DAYS,
            registry=registry,
        )

    def count(self, answered: Answered) -> None:
        """Count the grant of one answer, if it has one that is new today."""
        trace, now = answered.trace, self._now()
        if trace.grant is None or answered.outcome not in ("ok", "grant_refused"):
            return
        if self._day != now // _DAY:
            self._day = int(now // _DAY)
            self._seen.clear()
        if (answered.outcome, trace.grant) in self._seen or len(self._seen) >= _MOST:
            return
        self._seen.add((answered.outcome, trace.grant))
        if answered.outcome == "grant_refused":
            if trace.key_id is not None:  # other services' tokens may be anybody's invention
                self._refused.inc()
            return
        self._seen.add(("ok", trace.rotated_to))
        if trace.authorized_at:
            left = trace.authorized_at + self._lifetime_seconds - now
            self._remaining.observe(left / _DAY)
