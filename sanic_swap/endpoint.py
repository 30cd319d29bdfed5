"""One exchange with Spotify's token endpoint over HTTP.

The one module that knows aiohttp, but for `connections`, which knows its connections. No
exception of aiohttp's leaves it: the `repr` of some prints the Authorization header, that
is our client secret.
"""

import math
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from yarl import URL

from sanic_swap.connections import SpotifyConnector, StaleConnection
from sanic_swap.errors import ConnectionLoss, SpotifyNonsense, SpotifyUnreachable
from sanic_swap.secret import Secret
from sanic_swap.token_answer import JUDGED_BY_BODY
from sanic_swap.version import __version__

LARGEST_ANSWER = 64 * 1024  # bytes; real ones are below 2 KiB
_IDLE_SECONDS = 15.0  # how long a connection is kept for the next request


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
        timeout_seconds: Longest wait for one exchange, to the last byte.
        connect_seconds: Of it, for a new connection: name, TCP and TLS.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: Secret,
        *,
        timeout_seconds: float,
        connect_seconds: float,
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
        self._connect_seconds = connect_seconds
        self._timeout = self._within(timeout_seconds)
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
            timeout=self._timeout,
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

    async def post(self, form: bytes, *, timeout_seconds: float | None = None) -> Reply:
        """
        Send *form* once, and return what comes back.

        Args:
            timeout_seconds: A shorter one for this exchange.

        Raises:
            TimeoutError: If all of it has not come in time.
            SpotifyNonsense: If that is not HTTP.
            SpotifyUnreachable: If the connection does not come about, or ends too early.
        """
        if self._session is None:
            raise RuntimeError("used outside `async with`")
        timeout = self._timeout
        if timeout_seconds is not None:
            timeout = self._within(timeout_seconds)
        try:
            response = await self._session.post(
                self._url, data=form, allow_redirects=False, timeout=timeout
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _lost(ConnectionLoss.UNSENT, error) from None
        except TimeoutError:
            raise
        except StaleConnection as error:
            raise _lost(ConnectionLoss.STALE, error) from None
        except (aiohttp.ClientResponseError, aiohttp.InvalidURL):
            raise SpotifyNonsense("not HTTP") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _lost(ConnectionLoss.EARLY, error) from None
        try:
            return Reply(
                response.status, response.headers.get("Retry-After"), await _body(response)
            )
        except TimeoutError:
            raise
        except aiohttp.ClientResponseError:
            raise SpotifyNonsense("not HTTP") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _lost(ConnectionLoss.LATE, error) from None
        finally:
            response.release()

    def _within(self, seconds: float) -> aiohttp.ClientTimeout:
        # To the millisecond: aiohttp would round longer times up to whole seconds.
        return aiohttp.ClientTimeout(
            total=seconds, connect=self._connect_seconds, sock_connect=None, ceil_threshold=math.inf
        )

    def close_idle(self) -> None:
        """Let the next exchange have a new connection."""
        if self._connector is not None:
            self._connector.close_idle()


def _lost(loss: ConnectionLoss, error: Exception) -> SpotifyUnreachable:
    return SpotifyUnreachable(f"{loss.value}: {type(error).__name__}", loss)


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
