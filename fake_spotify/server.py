"""Listens on one port, and serves the accounts service and the Web API there."""

import socket

from aiohttp import web

from fake_spotify.settings import Settings
from fake_spotify.web_accounts import AccountsEndpoints
from fake_spotify.web_api import ApiEndpoints

# Nobody waits for a fake: what is unfinished when it stops is dropped.
_SHUTDOWN_SECONDS = 0.1
_LARGEST_BODY = 1024 * 1024


class Server:
    """
    Serves what *settings* describe on the running event loop, between `start` and `stop`.
    """

    def __init__(self, settings: Settings) -> None:
        self._host = settings.host
        self._port = settings.port
        directory = settings.directory()
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.add_routes(AccountsEndpoints(directory).routes())
        application.add_routes(ApiEndpoints(directory).routes())
        # Without handler_cancellation a slow answer outlives the client that hung up.
        self._runner = web.AppRunner(
            application,
            handler_cancellation=True,
            access_log=None,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )

    @property
    def url(self) -> str:
        """Where it answers; no path, no slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 (compared, not listened on)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    async def start(self) -> None:
        """
        Begin to listen.

        Raises:
            OSError: If the address cannot be had.
        """
        await self._runner.setup()
        try:
            await self._listen()
        except BaseException:
            await self._runner.cleanup()
            raise

    async def _listen(self) -> None:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family, backlog=1024)
        self._port = listener.getsockname()[1]
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Stop to listen, and drop every connection."""
        await self._runner.cleanup()
