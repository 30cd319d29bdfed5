"""Ways not to be reachable at all, for some seconds: they hit the port, not a request."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

# Linux keeps one connection more than asked for; fill some to be sure.
_FILLERS = 4


class Listener:
    """
    Owns the listening socket: closes it and opens it again on the same port.

    Args:
        serve: Begins to serve on a listening socket.
        leave: Stops to serve on it, and drops every connection.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        serve: Callable[[socket.socket], Awaitable[None]],
        leave: Callable[[], Awaitable[None]],
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

    async def refuse(self, seconds: float) -> None:
        """Refuse connections for *seconds*, then listen again; begins at once."""
        await self._away(seconds, None)

    async def ignore(self, seconds: float) -> None:
        """
        Let connections neither come about nor fail for *seconds*, then listen again.

        A listening socket whose queue is full drops what comes, on Linux: connecting clients wait.
        """
        await self._away(seconds, 0)

    async def close(self) -> None:
        """Give up an outage that is going on; nothing listens afterwards."""
        if self._outage is not None:
            self._outage.cancel()
            with suppress(asyncio.CancelledError):
                await self._outage

    async def _away(self, seconds: float, backlog: int | None) -> None:
        await self.close()
        await self._leave()
        deaf = [] if backlog is None else await self._deafen(backlog)
        self._outage = asyncio.create_task(self._return(seconds, deaf))

    async def _return(self, seconds: float, deaf: list[socket.socket]) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            for one in deaf:
                one.close()
        await self.open()

    async def _deafen(self, backlog: int) -> list[socket.socket]:
        listener = self._bind(backlog=backlog)
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
