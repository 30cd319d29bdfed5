"""The Sanic application whose requests New Relic hears of."""

from typing import Any

from sanic import Request, Sanic

from sanic_swap.access_log import path_template
from sanic_swap.new_relic import NewRelic


class WatchedApp(Sanic[Any, Any]):
    """Sanic, with `ctx.new_relic` told of each request that came to the router."""

    async def handle_request(self, request: Request) -> None:
        """Answer *request*, and tell how it went."""
        new_relic: NewRelic = self.ctx.new_relic
        # Another method may be any word.
        method = request.method if request.method in _METHODS else "other"
        with new_relic.request(method) as told:
            try:
                await super().handle_request(request)
            finally:
                answer = getattr(request.stream, "response", None)
                told.ended(path_template(request) or "other", answer and answer.status)


_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
