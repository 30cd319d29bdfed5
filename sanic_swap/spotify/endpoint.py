"""One exchange with Spotify's token endpoint over HTTP.

The one module that knows aiohttp, but for `connections`, which knows its connections. No
exception of aiohttp's leaves it: the `repr` of some prints the Authorization header, that
is our client secret.
"""

import math
import os
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from yarl import URL

from sanic_swap import __version__
from sanic_swap.errors import ConnectionLoss, SpotifyNonsense, SpotifyTooSlow, SpotifyUnreachable
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import JUDGED_BY_BODY
from sanic_swap.spotify.connections import SpotifyConnector, StaleConnection

LARGEST_ANSWER = 64 * 1024  # bytes; real ones are below 2 KiB
_IDLE_SECONDS = 15.0  # how long a connection is kept for the next request
# Of the deadline, so that three tries of connecting fit into it.
_CONNECT_SHARE = 0.3
_MOST_CONNECT_SECONDS = 2.5


class Reply(NamedTuple):
    """What came back; *body* is None where it does not matter, or is over the cap."""

    status: int
    retry_after: str | None
    body: bytes | None


class TokenEndpoint:
    """
    Posts forms to one token endpoint.

    Used as `async with`; one aiohttp session, with as many connections as requests.

    Args:
        url: Where the accounts service is, without a trailing slash.
        client_id, client_secret: The app's credentials, sent in the Authorization header.
        timeout_seconds: Longest wait for one exchange; part of it is for connecting.
    """

    def __init__(
        self, url: str, client_id: str, client_secret: Secret, *, timeout_seconds: float
    ) -> None:
        self._url = URL(url + "/api/token")
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth(client_id, client_secret.reveal()),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            # A compressed answer could unfold to a thousand times its size.
            "Accept-Encoding": "identity",
            "User-Agent": f"sanic-swap/{__version__}",
        }
        self._connect_seconds = min(_MOST_CONNECT_SECONDS, _CONNECT_SHARE * timeout_seconds)
        self._connector: SpotifyConnector | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._connector = SpotifyConnector(
            limit=0, keepalive_timeout=_IDLE_SECONDS, ttl_dns_cache=300
        )
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, form: bytes, timeout_seconds: float) -> Reply:
        """
        Send *form* once, and return what comes back.

        Raises:
            SpotifyTooSlow: If all of it has not come in time.
            SpotifyNonsense: If that is not HTTP.
            SpotifyUnreachable: If the connection does not come about, or ends too early.
        """
        if self._session is None:
            raise RuntimeError("used outside `async with`")
        # To the millisecond: aiohttp would round longer times up to whole seconds.
        timeout = aiohttp.ClientTimeout(
            total=timeout_seconds,
            connect=self._connect_seconds,
            sock_connect=None,
            ceil_threshold=math.inf,
        )
        loss = ConnectionLoss.EARLY
        try:
            response = await self._session.post(
                self._url, data=form, allow_redirects=False, timeout=timeout
            )
            loss = ConnectionLoss.LATE
            try:
                body = await _body(response)
            finally:
                response.release()
        except aiohttp.ClientConnectorError as error:
            raise _lost(ConnectionLoss.UNSENT, _why_not_connected(error)) from None
        except aiohttp.ConnectionTimeoutError:
            why = f"no connection to {self._url.host}:{self._url.port} in time"
            raise _lost(ConnectionLoss.UNSENT, why) from None
        except TimeoutError:
            raise SpotifyTooSlow(f"no answer within {timeout_seconds:.3g} s") from None
        except StaleConnection:
            raise _lost(ConnectionLoss.STALE) from None
        except (aiohttp.ClientResponseError, aiohttp.InvalidURL):
            raise SpotifyNonsense("not HTTP") from None
        except (aiohttp.ClientError, OSError):
            raise _lost(loss) from None
        return Reply(response.status, response.headers.get("Retry-After"), body)

    def close_idle(self) -> None:
        """Let the next exchange have a new connection."""
        if self._connector is not None:
            self._connector.close_idle()


def _lost(loss: ConnectionLoss, why: str = "") -> SpotifyUnreachable:
    return SpotifyUnreachable(f"{loss.value}: {why}" if why else loss.value, loss)


def _why_not_connected(error: aiohttp.ClientConnectorError) -> str:
    """Say it in an operator's words, with the address."""
    address = f"{error.host}:{error.port}"
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"no address found for {error.host}"
        case aiohttp.ClientConnectorCertificateError():
            return f"certificate of {address} not trusted"
        case aiohttp.ClientConnectorSSLError():
            return f"TLS handshake with {address} failed"
    match error.os_error:
        case ConnectionRefusedError():
            return f"connection refused by {address}"
        case OSError(errno=int(number)):
            return f"{os.strerror(number).lower()}: {address}"
    return f"connection to {address} failed"


async def _body(response: aiohttp.ClientResponse) -> bytes | None:
    """Return the body where it matters; None if it does not, or is over the cap."""
    if response.status in JUDGED_BY_BODY:
        return await _read_capped(response)
    if response.status < 500 and response.status != 429:
        response.close()
        return None
    try:
        # Read only so that the connection can serve the next request: just when Spotify
        # is in trouble it should not have to shake hands anew each time.
        return await _read_capped(response)
    except (aiohttp.ClientError, OSError):
        return None


async def _read_capped(response: aiohttp.ClientResponse) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while chunk := await response.content.read(LARGEST_ANSWER + 1 - size):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            response.close()
            return None
    return b"".join(chunks)
