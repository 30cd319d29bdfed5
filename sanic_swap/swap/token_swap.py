"""What the service does, in its users' words: swap a code, refresh a token.

Knows no HTTP. An answer is the JSON body for the app, beside what the log may say.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable
from secrets import choice
from typing import NamedTuple, TypeVar

from sanic_swap.errors import GrantRefused, TokenHeld, TokenRefused
from sanic_swap.logs import log
from sanic_swap.sealing.key_ring import PREFIX, KeyRing, OpenedToken
from sanic_swap.sealing.keys import GrantIds
from sanic_swap.sealing.legacy import UNAUTHENTICATED, LegacyTokens
from sanic_swap.secret import Secret
from sanic_swap.spotify.accounts import SpotifyAccounts
from sanic_swap.spotify.answer import TokenAnswer
from sanic_swap.swap.limits import RateLimit
from sanic_swap.swap.revocations import Revocations
from sanic_swap.swap.sharing import OtherMachines, Refreshed, SharedRefreshes
from sanic_swap.trace import RequestTrace

T = TypeVar("T")

_REFUSALS = 50  # of Spotify's latest ones; how long ours take is chosen among them


class SwapRequest(NamedTuple):
    """A request to trade an authorization code."""

    code: Secret
    redirect_uri: str
    code_verifier: Secret | None


class RefreshRequest(NamedTuple):
    """A request to refresh."""

    refresh_token: Secret
    as_sent: Secret  # with the blanks that were around it


class TokenSwap:
    """Trades codes and sealed refresh tokens at Spotify, and seals what comes back.

    Args:
        replay_seconds: How long a token that Spotify replaced keeps getting the same answer.
        revocations: Holds back false refusals; None believes every one.
        lifetime_seconds: How long a refresh token lives from the user's authorization;
            given, answers say what is left of it.
    """

    def __init__(
        self,
        spotify: SpotifyAccounts,
        keys: KeyRing,
        grant_ids: GrantIds,
        legacy: LegacyTokens,
        *,
        replay_seconds: float,
        other_machines: OtherMachines | None = None,
        rate_limit: RateLimit | None = None,
        revocations: Revocations | None = None,
        lifetime_seconds: int | None = None,
    ) -> None:
        self._spotify = spotify
        self._keys = keys
        self._grant_ids = grant_ids
        self._legacy = legacy
        # Each call is a task; whoever made this closes them.
        self.refreshes = SharedRefreshes(
            self._call_spotify, replay_seconds=replay_seconds, other_machines=other_machines
        )
        self._rate_limit = rate_limit or RateLimit()
        self._revocations = revocations
        self._lifetime_seconds = lifetime_seconds
        self._refusal_seconds: deque[float] = deque(maxlen=_REFUSALS)

    async def swap(self, request: SwapRequest, trace: RequestTrace) -> bytes:
        """Trade an authorization code for Spotify's answer with a sealed refresh token.

        Raises RateLimited if the client swapped too often, or a SpotifyError.
        """
        await self._rate_limit.count_swap(trace.client)
        exchange = self._spotify.exchange(
            request.code, request.redirect_uri, request.code_verifier, trace
        )
        answer = await _timed(exchange, trace)
        if answer.refresh_token is None:
            text = "Spotify answered a swap without a refresh token; the app gets none either"
            log.warning(text, extra={"fields": trace.fields()})
            return answer.render(None)
        trace.grant = self._grant_ids.of(answer.refresh_token)
        trace.authorized_at = authorized_at = int(time.time())
        sealed = self._keys.seal(answer.refresh_token, authorized_at)
        return answer.render(sealed, self._seconds_left(authorized_at))

    async def refresh(self, request: RefreshRequest, trace: RequestTrace) -> bytes:
        """Trade a sealed refresh token for a new access token.

        The answer always has a refresh token: the rotated one, or the one that came in.
        Raises TokenRefused or TokenHeld if that does not open here, RateLimited if its grant was
        refreshed or its client imported too often, or a SpotifyError.
        """
        is_ours = request.refresh_token.reveal().startswith(PREFIX)
        if is_ours or not self._legacy.is_guessable(request.as_sent.reveal()):
            return await self._refresh(*self._open(request), trace)
        async with self._rate_limit.counted_import(trace.client):
            return await self._import(request, trace)

    async def _import(self, request: RefreshRequest, trace: RequestTrace) -> bytes:
        """Refresh with a token that nothing authenticates.

        What is refused here takes as long as what Spotify refuses. Otherwise time would tell
        whether an altered token still decrypts to something like a refresh token, and so,
        byte by byte, what is in it.
        """
        began = time.monotonic()
        try:
            sealed, opened = self._open(request)
        except TokenRefused:
            took = choice(self._refusal_seconds or [self._spotify.answer_seconds])
            await asyncio.sleep(began + took - time.monotonic())
            raise
        try:
            return await self._refresh(sealed, opened, trace)
        except GrantRefused:
            if trace.called:  # others wait for a part of that time only
                self._refusal_seconds.append(time.monotonic() - began)
            raise

    async def _refresh(self, sealed: str, opened: OpenedToken, trace: RequestTrace) -> bytes:
        trace.key_id = opened.key_id
        trace.authorized_at = opened.authorized_at
        trace.imported = opened.imported
        digest = self._grant_ids.digest(opened.refresh_token)
        trace.grant = self._grant_ids.name(digest)
        if opened.imported not in UNAUTHENTICATED:
            await self._rate_limit.count_refresh(trace.grant)
        refreshed = await _timed(self.refreshes.refresh(digest, opened, trace), trace)
        answer, replacement = refreshed.answer, refreshed.answer.refresh_token
        if refreshed.is_rotation and replacement is not None:
            trace.rotated_to = self._grant_ids.of(replacement)
        if refreshed.is_rotation or not opened.is_current:
            sealed = refreshed.sealed or ""
            if not sealed or refreshed.authorized_at != opened.authorized_at:
                sealed = self._seal(answer, opened)  # the same grant, sealed otherwise
        if opened.imported is not None:
            _log_import(opened, trace)
        return answer.render(sealed, self._seconds_left(opened.authorized_at))

    def holds(self, request: RefreshRequest) -> bool:
        """Say whether `refresh` raises TokenHeld."""
        try:
            self._open(request)
        except (TokenHeld, TokenRefused) as error:
            return isinstance(error, TokenHeld)
        return False

    def _open(self, request: RefreshRequest) -> tuple[str, OpenedToken]:
        """Return the token as it came, and its content."""
        sealed = request.refresh_token.reveal()
        if sealed.startswith(PREFIX):
            return sealed, self._keys.open(sealed)
        sealed = request.as_sent.reveal()
        return sealed, self._legacy.open(sealed)

    async def _call_spotify(
        self, digest: bytes, opened: OpenedToken, trace: RequestTrace
    ) -> Refreshed:
        began, trace.called = time.monotonic(), True
        try:
            answer = await self._spotify.refresh(opened.refresh_token, trace)
        except GrantRefused as refusal:
            if self._revocations is not None:
                await self._revocations.check(digest, opened.authorized_at, refusal, began=began)
            raise
        if self._revocations is not None:
            self._revocations.succeeded()
        is_rotation = answer.refresh_token not in (None, opened.refresh_token)
        # Here, so that all who share the answer get the same seal.
        sealed = self._seal(answer, opened) if is_rotation or not opened.is_current else None
        return Refreshed(answer, sealed, opened.authorized_at, is_rotation)

    def _seal(self, answer: TokenAnswer, opened: OpenedToken) -> str:
        refresh_token = answer.refresh_token or opened.refresh_token
        return self._keys.seal(refresh_token, opened.authorized_at)

    def _seconds_left(self, authorized_at: int) -> int | None:
        if self._lifetime_seconds is None or not authorized_at:
            return None
        return max(0, authorized_at + self._lifetime_seconds - int(time.time()))


async def _timed(exchange: Awaitable[T], trace: RequestTrace) -> T:
    started = time.perf_counter()
    try:
        return await exchange
    finally:
        trace.spotify_ms = (time.perf_counter() - started) * 1000


def _log_import(opened: OpenedToken, trace: RequestTrace) -> None:
    fields = {"imported": opened.imported, "grant": trace.grant}
    if trace.rotated_to is not None:
        fields["rotated_to"] = trace.rotated_to
    if not opened.is_current:
        message = "Imported another service's token; the app gets it sealed by this one"
    elif trace.rotated_to is None:
        message = "Another service's token goes back unchanged (LEGACY_RESEAL=off)"
    else:
        message = (
            "Spotify replaced another service's token: the app gets the new one sealed by this"
            " service, although LEGACY_RESEAL=off, as the old one may be dead now"
        )
    log.info("%s", message, extra={"fields": fields})
