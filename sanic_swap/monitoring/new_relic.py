"""Tells New Relic an endpoint's name, a method, a status, Spotify's host and how long they take.

Imported only when NEW_RELIC_LICENSE_KEY is set. The agent's own instrumentation of Sanic,
aiohttp and logging, which it does in `initialize`, is never turned on: it would record headers
and parameters. Its other variables hold as it says.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from newrelic.api.application import register_application  # type: ignore[import-untyped]  # has no types
from newrelic.api.external_trace import ExternalTrace  # type: ignore[import-untyped]  # has no types
from newrelic.api.web_transaction import WebTransaction  # type: ignore[import-untyped]  # has no types
from newrelic.core.agent import shutdown_agent  # type: ignore[import-untyped]  # has no types
from newrelic.core.config import default_host, global_settings  # type: ignore[import-untyped]  # has no types

from sanic_swap.secret import Secret

_HARVEST_SECONDS = 2.5  # for what the last minute has left to send
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
# A call to Spotify runs in a task of its own, of which the agent knows nothing.
_asker: ContextVar[Any] = ContextVar("asker", default=None)
Handler = Callable[..., Awaitable[Any]]  # from a request, and more, to its answer


class NewRelic:
    """The agent in this process; calls to Spotify are named by its *origin*."""

    def __init__(self, license_key: Secret, origin: str) -> None:
        self._origin = origin
        settings = global_settings()
        settings.license_key = license_key.reveal()
        settings.host = settings.host or default_host(license_key.reveal())
        settings.app_name = os.environ.get("NEW_RELIC_APP_NAME", "sanic-swap")
        settings.enabled = True
        settings.capture_params = False
        settings.error_collector.enabled = False
        settings.strip_exception_messages.enabled = True
        settings.application_logging.enabled = False
        settings.thread_profiler.enabled = False
        settings.code_level_metrics.enabled = False
        self._application = register_application(timeout=0.0)

    def watch(self, handler: Handler, endpoint: str) -> Handler:
        """Return *handler*, with each request that it answers recorded as one of *endpoint*."""
        name = endpoint.strip("/") or "root"

        async def watched(request: Any, *more: Any) -> Any:  # noqa: ANN401 - as Sanic has them
            # Another method may be any word.
            method = request.method if request.method in _METHODS else "other"
            transaction = WebTransaction(self._application, None, request_method=method)
            transaction.__enter__()
            token = _asker.set(transaction.root_span if transaction.enabled else None)
            try:
                transaction.set_transaction_name(name, "Endpoint")
                answer = await handler(request, *more)
                transaction.process_response(answer.status, ())
                return answer
            finally:
                _asker.reset(token)
                # Without the error, which may say too much.
                transaction.__exit__(None, None, None)

        return watched

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Record what happens in the block as one call to Spotify."""
        trace = ExternalTrace("aiohttp", self._origin, "POST", parent=_asker.get())
        trace.__enter__()
        try:
            yield
        finally:
            trace.__exit__(None, None, None)

    async def close(self) -> None:
        """Send what is left."""
        await asyncio.to_thread(shutdown_agent, _HARVEST_SECONDS)
