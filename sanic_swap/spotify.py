"""Asks Spotify's accounts service for tokens: one deadline, a few tries, and mercy.

Whether to try again is decided in `retries`, whether to ask at all in `breaker` and
`hold_back`; here is only what carries their decisions out.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.parse import quote_plus

from sanic_swap.breaker import Breaker
from sanic_swap.endpoint import TokenEndpoint
from sanic_swap.errors import (
    CallSuppressed,
    ConnectionLoss,
    SpotifyError,
    SpotifyFails,
    SpotifyThrottles,
    SpotifyTooSlow,
    SpotifyUnreachable,
)
from sanic_swap.hold_back import HoldBack
from sanic_swap.logs import log
from sanic_swap.retries import BUCKET_SIZE, REFILL, Grant, seconds_to_retry
from sanic_swap.secret import Secret
from sanic_swap.token_answer import TokenAnswer, read_answer

# Of the deadline, so that three tries of connecting fit into it.
_CONNECT_SHARE = 0.3
_MOST_CONNECT_SECONDS = 2.5


class SpotifyAccounts:
    """
    Exchange codes and refresh tokens at one Spotify accounts service.

    Used as `async with`.

    Args:
        url: Where the accounts service is, without a trailing slash.
        client_id, client_secret: The app's credentials.
        timeout_seconds: Longest wait for one exchange, retries and everything else included.

    Attributes:
        calls: Requests that were sent to Spotify, or tried to be, so far.
        retries: How many of them were repetitions.
        not_asked: Exchanges that were turned away without a call.
        watchers: Each makes a context in which every call is made, to hear how it ends.
    """

    def __init__(
        self, url: str, client_id: str, client_secret: Secret, *, timeout_seconds: float
    ) -> None:
        connect_seconds = min(_MOST_CONNECT_SECONDS, _CONNECT_SHARE * timeout_seconds)
        self._endpoint = TokenEndpoint(
            url,
            client_id,
            client_secret,
            timeout_seconds=timeout_seconds,
            connect_seconds=connect_seconds,
        )
        self._timeout_seconds = timeout_seconds
        self._bucket = BUCKET_SIZE
        self._breaker = Breaker()
        self._hold_back = HoldBack()
        self.calls = 0
        self.retries = 0
        self.not_asked = 0
        self.watchers: list[Callable[[], AbstractContextManager[None]]] = []

    async def __aenter__(self) -> Self:
        await self._endpoint.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._endpoint.__aexit__(kind, error, traceback)

    @property
    def troubled(self) -> bool:
        """Whether Spotify fails for everyone, or has asked to be left alone, as far as we know."""
        return self.fails_for_everyone or self.hold_back_seconds > 0

    @property
    def fails_for_everyone(self) -> bool:
        """Whether the circuit breaker is open."""
        return self._breaker.is_open

    @property
    def hold_back_seconds(self) -> float:
        """How long Spotify wants to be left alone from now on, 0 if it does not."""
        return max(0.0, self._hold_back.until - monotonic())

    async def exchange(
        self,
        code: Secret,
        redirect_uri: str,
        code_verifier: Secret | None,
        on_retry: Callable[[], None] | None = None,
    ) -> TokenAnswer:
        """
        Trade an authorization code for tokens (RFC 6749 section 4.1.3, RFC 7636 4.5).

        Args:
            on_retry: Called before each repetition.

        Raises:
            SpotifyError: One of those below it.
        """
        form = {
            "grant_type": Grant.CODE.value,
            "code": code.reveal(),
            "redirect_uri": redirect_uri,
        }
        if code_verifier is not None:
            form["code_verifier"] = code_verifier.reveal()
        return await self._ask(Grant.CODE, form, on_retry)

    async def refresh(
        self, refresh_token: Secret, on_retry: Callable[[], None] | None = None
    ) -> TokenAnswer:
        """
        Trade a refresh token for a new access token (RFC 6749 section 6).

        Args:
            on_retry: Called before each repetition.

        Raises:
            SpotifyError: One of those below it.
        """
        form = {"grant_type": Grant.REFRESH.value, "refresh_token": refresh_token.reveal()}
        return await self._ask(Grant.REFRESH, form, on_retry, sent=(refresh_token,))

    async def _ask(
        self,
        grant: Grant,
        form: dict[str, str],
        on_retry: Callable[[], None] | None,
        *,
        sent: Sequence[Secret] = (),
    ) -> TokenAnswer:
        now = monotonic()
        deadline = now + self._timeout_seconds
        self._bucket = min(BUCKET_SIZE, self._bucket + REFILL)
        self._spare_spotify(grant, now)
        encoded = _encoded(form)
        tries, is_repeated = 1, False
        left_seconds: float | None = None  # all of it
        call = self._watched_call if self.watchers else self._call
        while True:
            try:
                return await call(encoded, sent, now, left_seconds)
            except SpotifyError as error:
                wait = seconds_to_retry(
                    error,
                    grant,
                    tries=tries,
                    is_repeated=is_repeated,
                    left_seconds=deadline - monotonic(),
                    bucket=self._bucket,
                )
                if wait is None or self._breaker.is_open:
                    raise
                if grant is Grant.REFRESH:
                    self._bucket -= 1
                await asyncio.sleep(wait)
                if self.troubled:
                    raise
                is_repeated |= not _is_unsent(error)
            tries += 1
            now = monotonic()
            left_seconds = deadline - now
            self.retries += 1
            if on_retry is not None:
                on_retry()

    def _spare_spotify(self, grant: Grant, now: float) -> None:
        """Raise CallSuppressed while Spotify shall be left alone."""
        if now < self._hold_back.until:
            self.not_asked += 1
            raise CallSuppressed(
                self._hold_back.status, "it asks to wait", self._hold_back.retry_after(now)
            )
        if not self._breaker.lets_through(grant, now):
            self.not_asked += 1
            raise CallSuppressed(503, "it fails for everyone", None)

    async def _watched_call(
        self, form: bytes, sent: Sequence[Secret], began: float, left_seconds: float | None
    ) -> TokenAnswer:
        with ExitStack() as watched:
            for watcher in self.watchers:
                watched.enter_context(watcher())
            return await self._call(form, sent, began, left_seconds)

    async def _call(
        self, form: bytes, sent: Sequence[Secret], began: float, left_seconds: float | None
    ) -> TokenAnswer:
        """Ask once, and remember how it went for everybody's sake."""
        self.calls += 1
        try:
            status, retry_after, body = await self._endpoint.post(
                form, timeout_seconds=left_seconds
            )
            answer = read_answer(status, body, retry_after=retry_after, sent=sent)
        except TimeoutError:
            self._note_failure(began)
            raise SpotifyTooSlow(f"no answer within {self._timeout_seconds:g} s") from None
        except SpotifyUnreachable as error:
            if error.loss is ConnectionLoss.STALE:  # old age of a connection, not trouble
                self._endpoint.close_idle()
            else:
                self._note_failure(began)
            raise
        except SpotifyFails as error:
            self._note_failure(began)
            if error.status == 503:
                self._hold_everybody_back(503, error.retry_after)
            raise
        except SpotifyThrottles as error:
            self._note_answer(began)
            self._hold_everybody_back(429, error.retry_after)
            raise
        except SpotifyError:
            self._note_answer(began)
            raise
        self._note_answer(began)
        return answer

    def _note_answer(self, began: float) -> None:
        opened_at, now = self._breaker.changed_at, monotonic()
        if self._breaker.succeeded(began, now):
            log.warning(
                "Spotify answers again, after %.1f s; everybody's calls go to it", now - opened_at
            )

    def _note_failure(self, began: float) -> None:
        if self._breaker.failed(began, monotonic()):
            log.error(
                "Spotify fails for everyone; until it answers again, it is asked once a second"
            )

    def _hold_everybody_back(self, status: int, seconds: int | None) -> None:
        if seconds:
            now = monotonic()
            if now >= self._hold_back.until:
                log.warning("Spotify asks us to wait %d s; nobody's calls go to it", seconds)
            self._hold_back.begin(status, seconds, now)


def _is_unsent(error: SpotifyError) -> bool:
    return isinstance(error, SpotifyUnreachable) and error.loss is ConnectionLoss.UNSENT


def _encoded(form: dict[str, str]) -> bytes:
    return "&".join(f"{name}={quote_plus(value)}" for name, value in form.items()).encode()
