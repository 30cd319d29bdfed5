"""Serves the accounts service, the Web API and the control API on one port."""

import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.control.endpoints import ControlEndpoints
from fake_spotify.control.guard import Guard
from fake_spotify.matching import Request
from fake_spotify.options import Settings
from fake_spotify.replies import edge, redirect
from fake_spotify.web import exchange
from fake_spotify.web.endpoints import Endpoints
from fake_spotify.web.exchange import Outcome
from fake_spotify.web.listener import Listener

# No test should wait for its fake to stop: unfinished answers are dropped.
_SHUTDOWN_SECONDS = 0.1
_LARGEST_BODY = 1024 * 1024
_CONTROL_PAGE = "/_fake/"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Serves the apps of *settings* on the running event loop, between `start` and `stop`.

    *first* is the first of these, if it exists already. With HTTPS, clients must trust `ca_file`.
    """

    def __init__(self, settings: Settings, first: App | None = None) -> None:
        if first is None:
            first = App(*settings.apps[0], settings.users, seed=settings.seed)
        self.directory = Directory(first)
        for registration, policy in settings.apps[1:]:
            self.directory.add(registration, policy)
        self._settings = settings
        self.ca_file: Path | None = None
        self._opened = AsyncExitStack()
        self.listener = Listener(settings.host, settings.port)

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=_LARGEST_BODY, middlewares=[self._route])
        control_page = _CONTROL_PAGE if self._settings.has_control else None
        application.add_routes(Endpoints(self.directory, control_page).routes())
        if self._settings.has_control:
            guard = Guard(self._settings.host, frozenset(self._settings.allowed_hosts))
            control = ControlEndpoints(self.directory, self.listener.fail, guard)
            application.add_routes(control.routes())
        return application

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        wildcards = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared, not listened on)
        host = wildcards.get(self._settings.host, self._settings.host)
        scheme = "https" if self._settings.is_https else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.listener.port}"

    @property
    def control_url(self) -> str:
        return f"{self.url}/_fake"

    async def start(self) -> None:
        """Start to listen; an OSError if it cannot, or cannot write the certificate."""
        try:
            tls = None
            if self._settings.is_https:
                self.ca_file = self._settings.ca_file or self._temporary_folder() / "ca.pem"
                tls = _certificate(self._settings.host, self.ca_file)
            runner = web.AppRunner(
                self._application(),
                # Without it a slow answer outlives the client that hung up.
                handler_cancellation=True,
                access_log=None,
                # The rules answer a body that is not encoded as Content-Encoding says.
                auto_decompress=False,
                shutdown_timeout=_SHUTDOWN_SECONDS,
            )
            await runner.setup()
            self._opened.push_async_callback(runner.cleanup)
            await self.listener.open(runner, tls)
            self._opened.push_async_callback(self.listener.close)
        except BaseException:
            await self.stop()
            raise

    def _temporary_folder(self) -> Path:
        folder = TemporaryDirectory(prefix="fake-spotify-")
        return Path(self._opened.enter_context(folder))

    async def stop(self) -> None:
        """Stop listening, and drop every connection; may be called twice."""
        await self._opened.aclose()

    @web.middleware
    async def _route(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Pass *request* on, or answer that there is no such path, or no such method for it."""
        missing = request.match_info.http_exception
        if missing is None:
            return await handler(request)
        reply = edge(404, "text/plain", "Not Found")
        # CONNECT names a host, never an endpoint.
        if isinstance(missing, web.HTTPMethodNotAllowed) or request.method == "CONNECT":
            allow = ", ".join(sorted(getattr(missing, "allowed_methods", ())))
            reply = edge(405, "text/plain", "Method Not Allowed").with_header("allow", allow)
        if request.path.startswith("/_fake") or request.path == "/favicon.ico":
            # Not meant for Spotify: a browser requests the latter by itself.
            return exchange.response(reply)
        is_browser = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if request.path == "/" and is_browser and self._settings.has_control:
            return exchange.response(redirect(_CONTROL_PAGE))
        outcome = Outcome(reply, reply.body.decode())
        asked = Request(request.method, request.path, None, dict(request.query))
        first = self.directory.first
        return await exchange.perform(request, first, asked, b"", lambda: outcome)


def _certificate(host: str, ca_file: Path) -> ssl.SSLContext:
    """Make a certificate for *host* and loopback, and write to *ca_file* what clients must trust.

    Needs trustme (the extra `https`).
    """
    # Imported here: only HTTPS needs it.
    import trustme  # type: ignore[import-not-found, unused-ignore]  # optional

    authority = trustme.CA(organization_name="fake_spotify")
    names = {"localhost", "127.0.0.1", "::1", host} - {"0.0.0.0", "::"}  # noqa: S104 (a name, not listened on)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*sorted(names)).configure_cert(context)
    ca_file.write_bytes(authority.cert_pem.bytes())
    return context
