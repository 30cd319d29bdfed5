"""Asks Spotify whether the settings are what it knows: credentials, redirect URIs.

No token, code or page that it answers is kept or shown, nor any exception of aiohttp's:
the `repr` of some prints the client secret.
"""

import math
import re
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from sanic_swap.connections import SpotifyConnector
from sanic_swap.errors import CredentialsRefused, SpotifyError
from sanic_swap.secret import Secret
from sanic_swap.token_answer import read_answer
from sanic_swap.version import __version__

_LARGEST_PAGE = 256 * 1024  # bytes that are looked at; real error pages are far smaller
# What Spotify's page says in place of asking the user.
_REFUSALS = {
    b"INVALID_CLIENT: Invalid redirect URI": "Spotify says that it is not registered",
    b"INVALID_CLIENT: Insecure redirect URI": "Spotify calls it insecure and refuses it",
    b"INVALID_CLIENT: Invalid client": "Spotify does not know CLIENT_ID",
    b"INVALID_CLIENT: Failed to get client": "Spotify does not know CLIENT_ID",
}
_REFUSAL = re.compile(b"|".join(map(re.escape, _REFUSALS)))


class Answer(Enum):
    """Whether something is as it should be."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer, and the reason in words that go into a report."""

    answer: Answer
    why: str


class SpotifyProbe:
    """
    Ask one Spotify accounts service about one app. Used as `async with`.

    Args:
        url: Where the accounts service is, without a trailing slash.
        timeout_seconds: Longest wait for each answer.
    """

    def __init__(self, url: str, client_id: str, *, timeout_seconds: float) -> None:
        self._url = url
        self._client_id = client_id
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=SpotifyConnector(limit=0),
            headers={"Accept-Encoding": "identity", "User-Agent": f"sanic-swap/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
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

    async def credentials(self, client_secret: Secret) -> Verdict:
        """Say whether Spotify takes id and secret (RFC 6749 section 4.4, no user is asked)."""
        headers = {
            "Authorization": aiohttp.encode_basic_auth(self._client_id, client_secret.reveal()),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        form = b"grant_type=client_credentials"
        answer = await self._ask("POST", URL(self._url + "/api/token"), headers, form)
        if isinstance(answer, Verdict):
            return answer
        status, _, body = answer
        try:
            read_answer(status, body, retry_after=None, sent=())
        except CredentialsRefused:
            return Verdict(Answer.NO, "Spotify does not take them")
        except SpotifyError as error:
            return Verdict(Answer.CANNOT_TELL, str(error))
        return Verdict(Answer.YES, "Spotify takes them")

    async def redirect_uri(self, uri: str) -> Verdict:
        """
        Say whether *uri* is registered for the app, as far as /authorize shows without a user.

        Only an answer that redirects to *uri* proves it. A login page comes for good ones, but
        nothing tells that it comes for them alone.
        """
        query = {"client_id": self._client_id, "response_type": "code", "redirect_uri": uri}
        url = URL(self._url + "/authorize").with_query(query)
        answer = await self._ask("GET", url, {"Accept": "text/html"}, None)
        if isinstance(answer, Verdict):
            return answer
        status, location, page = answer
        if location.startswith(uri) and location[len(uri) :][:1] in ("?", "&", "#"):
            return Verdict(Answer.YES, "Spotify redirects to it")
        refusals = {_REFUSALS[words] for words in _REFUSAL.findall(page)}
        if len(refusals) == 1:
            return Verdict(Answer.NO, refusals.pop())
        if status in (200, 302, 303, 307):
            return Verdict(
                Answer.CANNOT_TELL, "Spotify does not refuse it before a user has logged in"
            )
        return Verdict(Answer.CANNOT_TELL, f"Spotify answered {status}")

    async def _ask(
        self, method: str, url: URL, headers: dict[str, str], data: bytes | None
    ) -> Verdict | tuple[int, str, bytes]:
        """Return status, Location and the beginning of the body, or why there is none."""
        if self._session is None:
            raise RuntimeError("SpotifyProbe is used inside `async with`")
        try:
            async with self._session.request(
                method, url, headers=headers, data=data, allow_redirects=False
            ) as response:
                location = response.headers.get("Location", "")
                return response.status, location, await _beginning(response.content)
        except TimeoutError:
            why = f"no answer from Spotify within {self._timeout_seconds:g} s"
        except (aiohttp.ClientResponseError, aiohttp.InvalidURL):
            why = "Spotify's answer is not HTTP"
        except (aiohttp.ClientError, OSError) as error:
            why = f"no connection to Spotify: {type(error).__name__}"
        return Verdict(Answer.CANNOT_TELL, why)


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    read = b""
    while len(read) < _LARGEST_PAGE and (chunk := await content.read(_LARGEST_PAGE - len(read))):
        read += chunk
    return read
