"""Talks to Spotify's accounts service, within a deadline.

The one module that knows aiohttp, but for `interim_limit`, which closes a gap in it. No
exception of aiohttp's leaves it: the `repr` of some prints the Authorization header, that
is our client secret.
"""

import math
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from urllib.parse import quote_plus

import aiohttp
from yarl import URL

from sanic_swap.errors import SpotifyNonsense, SpotifyTooSlow, SpotifyUnreachable
from sanic_swap.interim_limit import LimitedConnector
from sanic_swap.secret import Secret
from sanic_swap.token_answer import JUDGED_BY_BODY, TokenAnswer, read_answer
from sanic_swap.version import __version__

LARGEST_ANSWER = 64 * 1024  # bytes; real ones are below 2 KiB
_IDLE_SECONDS = 15.0  # how long a connection is kept for the next request


class SpotifyAccounts:
    """
    Exchange codes and refresh tokens at one Spotify accounts service.

    Used as `async with`; one aiohttp session, with as many connections as requests.

    Args:
        url: Where the accounts service is, without a trailing slash.
        client_id, client_secret: The app's credentials, sent in the Authorization header.
        timeout_seconds: Longest wait for one exchange, everything included.
    """

    def __init__(
        self, url: str, client_id: str, client_secret: Secret, *, timeout_seconds: float
    ) -> None:
        self._token_url = URL(url + "/api/token")
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth(client_id, client_secret.reveal()),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            # A compressed answer could unfold to a thousand times its size.
            "Accept-Encoding": "identity",
            "User-Agent": f"sanic-swap/{__version__}",
        }
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=LimitedConnector(limit=0, keepalive_timeout=_IDLE_SECONDS, ttl_dns_cache=300),
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            # One deadline around everything from the wait for a connection to the last byte,
            # to the millisecond: aiohttp would round longer ones up to whole seconds.
            timeout=aiohttp.ClientTimeout(
                total=self._timeout_seconds, sock_connect=None, ceil_threshold=math.inf
            ),
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

    async def exchange(
        self, code: Secret, redirect_uri: str, code_verifier: Secret | None
    ) -> TokenAnswer:
        """
        Trade an authorization code for tokens (RFC 6749 section 4.1.3, RFC 7636 4.5).

        Raises:
            SpotifyError: One of those below it.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "redirect_uri": redirect_uri,
        }
        if code_verifier is not None:
            form["code_verifier"] = code_verifier.reveal()
        return await self._ask(form)

    async def refresh(self, refresh_token: Secret) -> TokenAnswer:
        """
        Trade a refresh token for a new access token (RFC 6749 section 6).

        Raises:
            SpotifyError: One of those below it.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
        return await self._ask(form, sent=(refresh_token,))

    async def _ask(self, form: dict[str, str], *, sent: Sequence[Secret] = ()) -> TokenAnswer:
        try:
            status, retry_after, body = await self._post(_encoded(form))
        except TimeoutError:
            raise SpotifyTooSlow(f"no answer within {self._timeout_seconds:g} s") from None
        except (aiohttp.ClientResponseError, aiohttp.InvalidURL):
            raise SpotifyNonsense("not HTTP") from None
        except (aiohttp.ClientError, OSError) as error:
            raise SpotifyUnreachable(f"no connection to Spotify: {type(error).__name__}") from None
        return read_answer(status, body, retry_after=retry_after, sent=sent)

    async def _post(self, form: bytes) -> tuple[int, str | None, bytes | None]:
        if self._session is None:
            raise RuntimeError("SpotifyAccounts is used inside `async with`")
        response = await self._session.post(self._token_url, data=form, allow_redirects=False)
        try:
            return response.status, response.headers.get("Retry-After"), await _body(response)
        finally:
            response.release()


def _encoded(form: dict[str, str]) -> bytes:
    return "&".join(f"{name}={quote_plus(value)}" for name, value in form.items()).encode()


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
