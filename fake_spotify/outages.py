"""Ways not to be reachable at all, for some seconds: they hit the port, not a request."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

# Linux keeps one connection more than asked for; fill some to be sure.
_FILLERS = 4
_RETRY_SECONDS = 0.05


class Listener:
    """
    Owns the listening socket: closes it and opens it again on the same port.

    Args:
        serve: Begins to serve on a listening socket.
        leave: Stops to serve on it, and drops every connection but the one that it is given.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        serve: Callable[[socket.socket], Awaitable[None]],
        leave: Callable[[asyncio.BaseProtocol | None], Awaitable[None]],
    ) -> None:
        self._host = host
        self.port = port
        self._serve = serve
        self._leave = leave
        self._outage: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """
        Listen.

        Raises:
            OSError: If the address cannot be had.
        """
        listener = self._bind(backlog=1024)
        self.port = listener.getsockname()[1]
        await self._serve(listener)

    async def refuse(self, seconds: float, *, spared: asyncio.BaseProtocol | None = None) -> None:
        """
        Refuse connections for *seconds*, then listen again; begins at once.

        Open connections are closed, but for the *spared* one, over which this may have been asked.
        """
        await self._away(seconds, spared, deafen=None)

    async def ignore(self, seconds: float, *, spared: asyncio.BaseProtocol | None = None) -> None:
        """
        Let connections neither come about nor fail for *seconds*, then listen again.

        A listening socket whose queue is full drops what comes, on Linux: connecting clients wait.
        """
        await self._away(seconds, spared, deafen=self._deafen)

    async def close(self) -> None:
        """Give up an outage that is going on; nothing listens afterwards."""
        if self._outage is not None:
            self._outage.cancel()
            with suppress(asyncio.CancelledError):
                await self._outage

    async def _away(
        self,
        seconds: float,
        spared: asyncio.BaseProtocol | None,
        *,
        deafen: Callable[[], list[socket.socket]] | None,
    ) -> None:
        await self.close()
        await self._leave(spared)
        deaf = [] if deafen is None else deafen()
        self._outage = asyncio.create_task(self._return(seconds, deaf))

    async def _return(self, seconds: float, deaf: list[socket.socket]) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            for one in deaf:
                one.close()
        while True:
            try:
                return await self.open()
            except OSError:
                # Somebody else got the port meanwhile, for a moment as a rule.
                await asyncio.sleep(_RETRY_SECONDS)

    def _deafen(self) -> list[socket.socket]:
        listener = self._bind(backlog=0)
        fillers = []
        for _ in range(_FILLERS):
            filler = socket.socket(listener.family, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname()[:2])
            fillers.append(filler)
        return [listener, *fillers]

    def _bind(self, *, backlog: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # create_server sets SO_REUSEADDR, without which the port would be lost for a minute.
        return socket.create_server((self._host, self.port), family=family, backlog=backlog)
