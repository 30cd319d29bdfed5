"""Tells New Relic how long each endpoint and Spotify take, and nothing else.

Imported only when NEW_RELIC_LICENSE_KEY is set. The agent's own instrumentation of Sanic,
aiohttp and logging, which it does in `initialize`, is never turned on: it would record
headers and parameters. What it hears is in this module: an endpoint's name, a method, a
status, Spotify's host. Its other NEW_RELIC_ variables hold as it documents them.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from newrelic.api.application import register_application  # type: ignore[import-untyped]  # has no types
from newrelic.api.external_trace import ExternalTrace  # type: ignore[import-untyped]  # has no types
from newrelic.api.web_transaction import WebTransaction  # type: ignore[import-untyped]  # has no types
from newrelic.core.agent import shutdown_agent  # type: ignore[import-untyped]  # has no types
from newrelic.core.config import default_host, global_settings  # type: ignore[import-untyped]  # has no types

from sanic_swap.secret import Secret

_LAST_WORD_SECONDS = 2.5  # for the harvest of the last minute
# A flight to Spotify runs in a task of its own, of which the agent knows nothing.
_asker: ContextVar[Any] = ContextVar("asker", default=None)


class NewRelic:
    """
    The agent in this process.

    Args:
        origin: Spotify's, as calls to it are to be named.
    """

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

    @contextmanager
    def request(self, method: str) -> Iterator["Request"]:
        """Record what happens in the block as one request."""
        transaction = WebTransaction(self._application, None, request_method=method)
        transaction.__enter__()
        token = _asker.set(transaction.root_span if transaction.enabled else None)
        try:
            yield Request(transaction)
        finally:
            _asker.reset(token)
            transaction.__exit__(None, None, None)  # without the error, which may say too much

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
        await asyncio.to_thread(shutdown_agent, _LAST_WORD_SECONDS)


class Request:
    """One request as New Relic shall see it."""

    def __init__(self, transaction: Any) -> None:  # noqa: ANN401 - the agent has no types
        self._transaction = transaction

    def ended(self, endpoint: str, status: int | None) -> None:
        """Say which endpoint it was, by the path's template, and what it was answered."""
        self._transaction.set_transaction_name(endpoint.strip("/") or "root", "Endpoint")
        if status is not None:
            self._transaction.process_response(status, ())
