"""Asks Spotify at start, and while it refuses them, whether it takes our client id and secret.

So wrong ones are noticed before users are sent here: a deploy stops by itself.
"""

import asyncio
from typing import Self

from sanic_swap.errors import CredentialsRefused, SpotifyError
from sanic_swap.logs import log
from sanic_swap.spotify.accounts import SpotifyAccounts

_LONGEST_SECONDS = 3.0
_PAUSE_SECONDS = 15.0


class Credentials:
    """
    What Spotify thinks of our credentials.

    Used as `async with`; entering does not wait for the answer.

    Attributes:
        are_good: Whether Spotify has once taken them in this process, or did not answer when
            it was asked first.
    """

    def __init__(self, spotify: SpotifyAccounts, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._spotify = spotify
        self._pause_seconds = pause_seconds
        self._task: asyncio.Task[None] | None = None
        self.are_good = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @property
    def word(self) -> str:
        """`ok`, `refused`, or `unknown` as long as Spotify has not answered."""
        match self._spotify.credentials_refused:
            case None:
                return "unknown"
            case is_refused:
                return "refused" if is_refused else "ok"

    async def _watch(self) -> None:
        await self._ask()
        self.are_good = not self._spotify.credentials_refused
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
                log.error("%s. Correct CLIENT_ID and CLIENT_SECRET and restart", refusal)
        except SpotifyError as error:
            log.warning("Cannot tell whether Spotify takes our credentials: %s", error)
        else:
            if was_refused:
                log.info("Spotify takes our credentials again")
