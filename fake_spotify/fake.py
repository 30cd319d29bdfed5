"""The fake for Python tests: started with `with` or `async with`, driven by plain methods."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from threading import Thread
from typing import Self, TypeVar

from fake_spotify import options
from fake_spotify.apps.app import App
from fake_spotify.clock import RealTimeLoop
from fake_spotify.web.server import Server

_T = TypeVar("_T")
_START_SECONDS = 10


class FakeSpotify(App):
    """
    A running fake, and its first app with all controls of it.

    It serves on a thread of its own, so that blocking clients and every event loop can use it.

        with FakeSpotify(redirect_uris=["https://app.example/callback"]) as spotify: ...
        async with FakeSpotify(era="2021", auto_approve=True) as spotify: ...

    Args:
        config: A TOML file with several apps and users; what is given here wins.
        choices: Anything that such a file may contain, by the same names: `port` (a free one unless
            chosen), `client_id`, `client_secret`, `redirect_uris`, `era`, `auto_approve`,
            `code_lifetime`, `access_token_lifetime`, `refresh_token_lifetime`, `rotation`,
            `unchanged`, `seed`, `https`, `users`, ... A ChoiceError if one is not possible.
    """

    def __init__(self, config: str | Path | None = None, **choices: object) -> None:
        given: dict[str, object] = {"port": 0, **choices}
        if config is not None:
            given["config"] = config
        settings = options.settings(given)
        super().__init__(*settings.apps[0], settings.users, seed=settings.seed)
        self._server = Server(settings, first=self)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None

    @property
    def accounts_url(self) -> str:
        """Use it instead of https://accounts.spotify.com (and `api_url` for api.spotify.com)."""
        return self._server.url

    api_url = accounts_url

    @property
    def control_url(self) -> str:
        return self._server.control_url

    @property
    def ca_file(self) -> Path | None:
        """With HTTPS, the CA certificate that clients must trust."""
        return self._server.ca_file

    def app(self, client_id: str) -> App:
        """Return another registered app; a ChoiceError if there is none."""
        return self._server.directory.get(client_id)

    def register(self, **choices: object) -> App:
        """
        Register one more app; credentials are generated unless chosen, the rest is as the first app
        has it. A ChoiceError if a choice is not possible.
        """
        return self._server.directory.register(choices)

    def reset_all(self) -> None:
        for app in self._server.directory:
            app.reset()

    def begin_outage(self, kind: str, seconds: float, /) -> None:
        """Begin a fault of the port, for *seconds* from now; 0 ends the one that is going on."""
        self._run(self._server.listener.fail(kind, seconds))

    def start(self) -> None:
        """Start to serve; an OSError if it cannot listen on the address."""
        self._loop = RealTimeLoop()
        self._thread = Thread(target=self._loop.run_forever, name="fake_spotify", daemon=True)
        self._thread.start()
        try:
            self._run(self._server.start())
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        """Stop serving; may be called twice."""
        if self._loop is not None:
            self._run(self._server.stop())
            self._end()

    def _run(self, work: Coroutine[object, object, _T]) -> _T:
        if self._loop is None:
            work.close()
            raise RuntimeError(
                "the fake is not running: use it in `with FakeSpotify() as spotify:`"
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_SECONDS)

    def _end(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_START_SECONDS)
            self._loop.close()
            self._loop = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.stop()
