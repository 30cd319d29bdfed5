"""Post forms to Spotify's token endpoint: one request, one answer, one time limit.

aiohttp's connector pools connections, resolves names, shakes hands by TLS and tries IPv6 and
IPv4 side by side; `exchange` is what happens on a connection. Head, length and form leave in
one write. No exception of aiohttp's leaves this module: the `repr` of some prints headers,
that is our client secret.
"""

import asyncio
import math
import os
from functools import partial
from time import monotonic
from typing import Any, Self, cast

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from sanic_swap import __version__
from sanic_swap.errors import ConnectionLoss, SpotifyTooSlow, SpotifyUnreachable
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import Reply
from sanic_swap.spotify.exchange import SpotifyConnection

_LEAST_SECRET = 8  # characters; Spotify's has 32
_IDLE_SECONDS = 15.0  # how long a connection is kept for the next request
_NAME_SECONDS = 300  # how long an address is kept
# Of the time limit, so that three tries of connecting fit into it.
_CONNECT_SHARE = 0.3
_MOST_CONNECT_SECONDS = 2.5


class TokenEndpoint:
    """One token endpoint, and as many connections as requests at once; used as `async with`.

    Part of *timeout_seconds*, the usual time limit, is the limit for connecting.
    """

    def __init__(
        self, url: str, client_id: str, client_secret: Secret, *, timeout_seconds: float
    ) -> None:
        self._url = URL(url + "/api/token")
        credentials = aiohttp.encode_basic_auth(client_id, client_secret.reveal())
        spelled = (client_secret.reveal(), credentials.partition(" ")[2])
        # As it is and as it is sent, but not if it is too short to be told from other text.
        self.secrets = tuple(Secret(text) for text in spelled if len(text) >= _LEAST_SECRET)
        self._head = (
            f"POST {self._url.raw_path} HTTP/1.1\r\n"
            f"Host: {self._url.host_port_subcomponent}\r\n"
            f"Authorization: {credentials}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            "Accept: application/json\r\n"
            # A compressed answer could unfold to a thousand times its size.
            "Accept-Encoding: identity\r\n"
            f"User-Agent: sanic-swap/{__version__}\r\n"
            "Content-Length: "
        ).encode()
        self._connect_seconds = min(_MOST_CONNECT_SECONDS, _CONNECT_SHARE * timeout_seconds)
        self._connect_timeout = _connect_timeout(self._connect_seconds)
        self._connections: set[SpotifyConnection] = set()
        self._connector: aiohttp.TCPConnector
        self._target: aiohttp.ClientRequest

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=_IDLE_SECONDS, ttl_dns_cache=_NAME_SECONDS
        )
        # There is no public way to have connections of our own. For each undocumented part of
        # aiohttp that is used there is a test.
        connection: Any = partial(SpotifyConnection, loop, self._connections)
        self._connector._factory = connection  # noqa: SLF001 - it has no public door
        # It only names the target; nothing is sent by it.
        self._target = aiohttp.ClientRequest("POST", self._url, loop=loop)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connector.close()

    async def post(self, form: bytes, timeout_seconds: float) -> Reply:
        """Send *form* once, and return what comes back.

        Raises SpotifyTooSlow if all of it has not come in time, connecting included;
        SpotifyNonsense if it is not HTTP; SpotifyUnreachable if the connection does not come
        about, or ends too early.
        """
        began = monotonic()
        try:
            connection = await self._connect(timeout_seconds)
            try:
                return await cast("SpotifyConnection", connection.protocol).exchange(
                    b"%b%d\r\n\r\n%b" % (self._head, len(form), form),
                    timeout_seconds - (monotonic() - began),
                )
            finally:
                connection.release()  # this closes it if the exchange is not over
        except TimeoutError:
            raise SpotifyTooSlow(f"Spotify gave no answer within {timeout_seconds:.3g} s") from None

    async def _connect(self, seconds_left: float) -> Connection:
        timeout = self._connect_timeout
        if seconds_left < self._connect_seconds:
            timeout = _connect_timeout(seconds_left)
        try:
            return await self._connector.connect(self._target, [], timeout)
        except TimeoutError:
            if timeout is not self._connect_timeout:  # no time is left for another try
                raise
            seconds = self._connect_seconds
            why = f"{self._url.host}:{self._url.port} did not answer within {seconds:.3g} s"
        except (aiohttp.ClientError, OSError) as error:
            why = _why_not_connected(error, self._url)
        self._connector.clear_dns_cache()  # the address may be the reason
        raise SpotifyUnreachable(ConnectionLoss.UNSENT, why)

    def close_idle(self) -> None:
        """Let the next exchange have a new connection."""
        for connection in tuple(self._connections):
            if not connection.should_close:
                connection.close()


def _connect_timeout(seconds: float) -> aiohttp.ClientTimeout:
    # To the millisecond: aiohttp would round longer times up to whole seconds.
    return aiohttp.ClientTimeout(connect=seconds, ceil_threshold=math.inf)


def _why_not_connected(error: Exception, url: URL) -> str:
    """Say it in an operator's words, with the address."""
    address = f"{url.host}:{url.port}"
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"no address found for {url.host}"
        case aiohttp.ClientConnectorCertificateError():
            return f"certificate of {address} not trusted"
        case aiohttp.ClientConnectorSSLError():
            return f"TLS handshake with {address} failed"
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return f"connection refused by {address}"
        case aiohttp.ClientConnectorError(os_error=OSError(errno=int(code))):
            return f"{os.strerror(code).lower()}: {address}"
        case aiohttp.ClientConnectorError():
            return f"connection to {address} failed"
    return type(error).__name__
