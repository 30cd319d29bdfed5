"""The listening socket, and outages in which no client can connect for some seconds."""

import asyncio
import socket
import ssl
from contextlib import suppress

from aiohttp import web

from fake_spotify.faults.queue import check_wait

# Linux keeps one connection more than the backlog says; fill some to be sure.
_FILLERS = 4
_RETRY_SECONDS = 0.05


class Listener:
    """Owns the listening socket: closes it and opens it again on the same port."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self.port = port
        self._site: web.SockSite | None = None
        self._outage: asyncio.Task[None] | None = None

    async def open(self, runner: web.AppRunner, tls: ssl.SSLContext | None) -> None:
        """Let *runner* serve; an OSError if the port is taken, or the address is not local."""
        self._runner, self._tls = runner, tls
        await self._listen()

    async def _listen(self) -> None:
        listening = self._bind(backlog=1024)
        self.port = listening.getsockname()[1]
        self._site = web.SockSite(self._runner, listening, ssl_context=self._tls)
        await self._site.start()

    async def fail(
        self, kind: str, seconds: float, *, kept: asyncio.BaseProtocol | None = None
    ) -> None:
        """Begin outage *kind* for *seconds* from now (at most ten minutes), then listen again.

        `connection_refused` refuses connections, `connection_ignored` neither accepts nor refuses
        them. Open ones are closed, except the *kept* one, which the request for this came over.
        """
        check_wait("seconds", seconds)
        await self.close()
        if self._site is not None:
            await self._site.stop()
            self._site = None
        server = self._runner.server
        for connection in server.connections if server is not None else ():
            if connection is not kept:
                connection.force_close()
        # A listening socket whose backlog is full drops what comes, on Linux: clients wait.
        sockets = self._full_backlog() if kind == "connection_ignored" else []
        self._outage = asyncio.create_task(self._end_outage(seconds, sockets))

    async def close(self) -> None:
        """Cancel an outage that is going on; nothing listens afterwards."""
        if self._outage is not None:
            self._outage.cancel()
            with suppress(asyncio.CancelledError):
                await self._outage

    async def _end_outage(self, seconds: float, sockets: list[socket.socket]) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            for one in sockets:
                one.close()
        while True:
            try:
                return await self._listen()
            except OSError:
                # Another process took the port meanwhile, usually for a moment.
                await asyncio.sleep(_RETRY_SECONDS)

    def _full_backlog(self) -> list[socket.socket]:
        listening = self._bind(backlog=0)
        fillers = []
        for _ in range(_FILLERS):
            filler = socket.socket(listening.family, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname()[:2])
            fillers.append(filler)
        return [listening, *fillers]

    def _bind(self, *, backlog: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # create_server sets SO_REUSEADDR, or the port could not be bound again for a minute.
        return socket.create_server((self._host, self.port), family=family, backlog=backlog)
