"""Asks Spotify at start, and while it refuses them, whether it takes our client id and secret.

So wrong ones are noticed before users are sent here: a deploy stops by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sanic_swap.errors import CredentialsRefused, SpotifyError
from sanic_swap.logs import log
from sanic_swap.spotify.accounts import SpotifyAccounts

_LONGEST_SECONDS = 3.0
_PAUSE_SECONDS = 15.0


class Credentials:
    """What Spotify says of our credentials.

    They *are_good* once it has taken them, or if it did not answer when it was asked first.
    """

    def __init__(self, spotify: SpotifyAccounts, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._spotify = spotify
        self._pause_seconds = pause_seconds
        self.are_good = False

    @property
    def word(self) -> str:
        """`ok`, `refused`, or `unknown` as long as Spotify has not answered."""
        refused = self._spotify.credentials_refused
        return "unknown" if refused is None else "refused" if refused else "ok"

    @asynccontextmanager
    async def watched(self, on_answer: Callable[[], None]) -> AsyncIterator[None]:
        """Ask now, and while they are refused; call *on_answer* when the first question is over."""
        watch = asyncio.create_task(self._watch(on_answer))
        try:
            yield
        finally:
            watch.cancel()
            await asyncio.wait([watch])

    async def _watch(self, on_answer: Callable[[], None]) -> None:
        await self._ask()
        self.are_good = not self._spotify.credentials_refused
        on_answer()
        while True:
            await asyncio.sleep(self._pause_seconds)
            if self._spotify.credentials_refused:
                await self._ask()
            self.are_good |= not self._spotify.credentials_refused

    async def _ask(self) -> None:
        was_refused = self._spotify.credentials_refused
        try:
            await self._spotify.verify_credentials(_LONGEST_SECONDS)
        except CredentialsRefused as refusal:
            if not was_refused:
                log.error("%s. Correct CLIENT_ID or CLIENT_SECRET and restart", refusal)
        except SpotifyError as error:
            log.warning("Cannot tell whether Spotify takes our credentials: %s", error)
        else:
            if was_refused:
                log.info("Spotify takes our credentials again")
