"""Call Spotify's accounts service with one deadline, bounded retries and backoff.

Whether to try again is decided in `retries`, whether to call at all in `breaker`.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from string import ascii_letters, digits
from time import monotonic
from typing import Self
from urllib.parse import quote_plus

from sanic_swap.errors import (
    CallSuppressed,
    ConnectionLoss,
    CredentialsRefused,
    GrantRefused,
    SpotifyError,
    SpotifyFails,
    SpotifyThrottles,
    SpotifyTooSlow,
    SpotifyUnreachable,
)
from sanic_swap.logs import log
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import TokenAnswer, read_answer
from sanic_swap.spotify.breaker import Breaker, Cooldown
from sanic_swap.spotify.endpoint import TokenEndpoint
from sanic_swap.spotify.retries import BUCKET_SIZE, REFILL, Grant, seconds_to_retry
from sanic_swap.trace import RequestTrace

_UNRESERVED = f"{ascii_letters}{digits}-._~".encode()  # RFC 3986 section 2.3


class SpotifyAccounts:
    """Exchange codes and refresh tokens at one Spotify accounts service; used as `async with`.

    Whatever fails raises one of the errors below `SpotifyError`.
    """

    def __init__(
        self,
        url: str,  # without a trailing slash
        client_id: str,
        client_secret: Secret,
        *,
        timeout_seconds: float,  # for one exchange, retries and everything else included
        observe: Callable[[], AbstractContextManager[None]] = nullcontext,  # around each call
    ) -> None:
        self._endpoint = TokenEndpoint(
            url, client_id, client_secret, timeout_seconds=timeout_seconds
        )
        self._timeout_seconds = timeout_seconds
        self._observe = observe
        self._bucket = BUCKET_SIZE
        self._cooldown = Cooldown()
        self.breaker = Breaker()
        self.retries = 0  # calls that were repetitions
        self.suppressed = 0  # exchanges that were turned away without a call
        self.answer_seconds = 0.1  # how long its latest answer took; before the first, a guess
        self.credentials_refused: bool | None = None  # at its latest answer; None before the first

    async def __aenter__(self) -> Self:
        await self._endpoint.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._endpoint.__aexit__()

    @property
    def word(self) -> str:
        """`ok`, or why calls are turned away: `failing` (circuit breaker) or `paused`."""
        return "failing" if self.breaker.is_open else "paused" if self.cooldown_seconds else "ok"

    @property
    def cooldown_seconds(self) -> float:
        """How long calls are still paused because Spotify asked for it, 0 if they are not."""
        return max(0.0, self._cooldown.until - monotonic())

    async def exchange(
        self, code: Secret, redirect_uri: str, code_verifier: Secret | None, trace: RequestTrace
    ) -> TokenAnswer:
        """Trade a code for tokens (RFC 6749 section 4.1.3, RFC 7636 4.5); raise `SpotifyError`."""
        form = f"grant_type={Grant.CODE.value}&code={form_encoded(code.reveal())}"
        form += f"&redirect_uri={_encoded_uri(redirect_uri)}"
        if code_verifier is not None:
            form += f"&code_verifier={form_encoded(code_verifier.reveal())}"
        codes = (code, code_verifier) if code_verifier else (code,)
        return await self._exchange(Grant.CODE, form, trace, self._endpoint.secrets, codes)

    async def refresh(self, refresh_token: Secret, trace: RequestTrace) -> TokenAnswer:
        """Trade a refresh token for tokens (RFC 6749 section 6); raise `SpotifyError`."""
        encoded = form_encoded(refresh_token.reveal())
        form = f"grant_type={Grant.REFRESH.value}&refresh_token={encoded}"
        private = (refresh_token, *self._endpoint.secrets)
        return await self._exchange(Grant.REFRESH, form, trace, private)

    async def verify_credentials(self, timeout_seconds: float) -> None:
        """Ask Spotify once whether it takes id and secret (RFC 6749 section 4.4: no user is asked).

        Raises CredentialsRefused if it does not, another SpotifyError if its answer does not tell.
        """
        began = monotonic()
        reply = await self._endpoint.post(b"grant_type=client_credentials", timeout_seconds)
        self.answer_seconds = monotonic() - began
        try:
            read_answer(reply, self._endpoint.secrets)
        except CredentialsRefused:
            self.credentials_refused = True
            raise
        self.credentials_refused = False

    async def _exchange(
        self,
        grant: Grant,
        form: str,
        trace: RequestTrace,
        private: Sequence[Secret],
        codes: Sequence[Secret] = (),
    ) -> TokenAnswer:
        began = monotonic()
        deadline = began + self._timeout_seconds
        self._bucket = min(BUCKET_SIZE, self._bucket + REFILL)
        self._check_may_call(grant, began)
        tries = 1
        while True:
            try:
                with self._observe():
                    reply = await self._endpoint.post(form.encode(), deadline - began)
                    answer = read_answer(reply, private, codes)
            except SpotifyError as error:
                self._note(error, began)
                left, bucket = deadline - monotonic(), self._bucket
                wait = seconds_to_retry(error, grant, tries=tries, left_seconds=left, bucket=bucket)
                if wait is None or self.breaker.is_open:
                    raise
                if grant is Grant.REFRESH:
                    self._bucket -= 1
                await asyncio.sleep(wait)
                if self.word != "ok":
                    raise
            else:
                self._note(None, began)
                return answer
            tries += 1
            self.retries += 1
            trace.retries += 1
            began = monotonic()

    def _check_may_call(self, grant: Grant, now: float) -> None:
        """Raise CallSuppressed while Spotify is not to be called."""
        cooldown = self._cooldown
        if now < cooldown.until:
            self.suppressed += 1
            text, wait = "Spotify was not called: it sent Retry-After", cooldown.retry_after(now)
            raise CallSuppressed(text, status=cooldown.status, retry_after=wait)
        if not self.breaker.lets_through(grant, now):
            self.suppressed += 1
            raise CallSuppressed("Spotify was not called: the circuit breaker is open")

    def _note(self, error: SpotifyError | None, began: float) -> None:
        """Note the outcome of one call for later ones."""
        now = monotonic()
        if error is None or isinstance(error, GrantRefused | CredentialsRefused):
            self.answer_seconds = now - began
            self.credentials_refused = isinstance(error, CredentialsRefused)
        match error:
            case SpotifyUnreachable(loss=ConnectionLoss.STALE):
                # Old age of a connection, not trouble; the other idle ones are as old.
                self._endpoint.close_idle()
            case SpotifyUnreachable() | SpotifyTooSlow() | SpotifyFails():
                if self.breaker.failed(began, now):
                    log.error("Circuit breaker open: Spotify is failing; probing once per second")
            case _:
                seconds = now - self.breaker.changed_at
                if self.breaker.succeeded(began, now):
                    log.warning("Spotify recovered after %.1f s; circuit breaker closed", seconds)
        match error:
            case (
                SpotifyThrottles(status=int(status), retry_after=int(seconds))
                | SpotifyFails(upstream_status=503 as status, retry_after=int(seconds))
            ) if seconds:
                if now >= self._cooldown.until:
                    log.warning("Spotify sent Retry-After %d s; all calls paused", seconds)
                self._cooldown.begin(status, seconds, now)


def form_encoded(value: str) -> str:
    """Percent-encode *value* for a form; codes and tokens hardly ever need it."""
    return quote_plus(value) if value.encode().translate(None, _UNRESERVED) else value


_encoded_uri = lru_cache(maxsize=64)(form_encoded)  # nearly always the same one
