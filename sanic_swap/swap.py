"""What the service does, in its users' words: swap a code, refresh a token.

Knows no HTTP. An answer is the JSON body for the app, beside what the log may say.
"""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from sanic_swap.errors import GrantRefused
from sanic_swap.grant_id import GrantIds
from sanic_swap.legacy_tokens import LegacyTokens
from sanic_swap.logs import log
from sanic_swap.refreshed import Refreshed
from sanic_swap.revocations import Revocations
from sanic_swap.sealing import PREFIX, KeyRing, OpenedToken
from sanic_swap.shared_refreshes import SharedRefreshes
from sanic_swap.spotify import SpotifyAccounts
from sanic_swap.swap_requests import RefreshRequest, SwapRequest
from sanic_swap.trace import RequestTrace

T = TypeVar("T")

if TYPE_CHECKING:
    from sanic_swap.rate_limit import RateLimit


class TokenSwap:
    """
    Trades codes and sealed refresh tokens at Spotify, and seals what comes back.

    Args:
        refreshes: Decides which refreshes ask Spotify.
        revocations: Doubts refusals; None believes every one.
        lifetime_seconds: How long a refresh token lives from the user's authorization;
            given, answers tell what is left of it. None tells nothing.
        rate_limit: Counts the refreshes of each grant, if they are limited.
        now: Unix seconds.
    """

    def __init__(
        self,
        spotify: SpotifyAccounts,
        keys: KeyRing,
        grant_ids: GrantIds,
        legacy: LegacyTokens,
        refreshes: SharedRefreshes,
        *,
        lifetime_seconds: int | None = None,
        rate_limit: "RateLimit | None" = None,
        revocations: Revocations | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._spotify = spotify
        self._keys = keys
        self._grant_ids = grant_ids
        self._legacy = legacy
        self._refreshes = refreshes
        self._lifetime_seconds = lifetime_seconds
        self._rate_limit = rate_limit
        self._revocations = revocations
        self._now = now

    async def swap(self, request: SwapRequest, trace: RequestTrace) -> bytes:
        """
        Trade an authorization code for Spotify's answer, its refresh token sealed.

        Raises:
            SpotifyError: One of those below it.
        """
        answer = await self._timed(
            self._spotify.exchange(
                request.code, request.redirect_uri, request.code_verifier, trace
            ),
            trace,
        )
        if answer.refresh_token is None:
            log.warning("Spotify answered a swap without a refresh token; the app gets none either")
            return answer.render(None)
        trace.grant = self._grant_ids.of(answer.refresh_token)
        authorized_at = int(self._now())
        sealed = self._keys.seal(answer.refresh_token, authorized_at)
        return answer.render(sealed, self._seconds_left(authorized_at))

    async def refresh(
        self,
        request: RefreshRequest,
        trace: RequestTrace,
        has_hung_up: Callable[[], bool] = lambda: False,
    ) -> bytes:
        """
        Trade a sealed refresh token for a new access token.

        The answer always has a refresh token: the rotated one, or the one that came in.

        Args:
            has_hung_up: Says, once the answer is there, whether nobody waits for it.

        Raises:
            TokenRefused, TokenHeld: If it does not open here.
            RateLimited: If its grant was refreshed too often.
            SpotifyError: One of those below it.
        """
        sealed = request.refresh_token.reveal()
        if sealed.startswith(PREFIX):
            opened = self._keys.open(sealed)
        else:
            sealed = request.as_sent.reveal()
            opened = self._legacy.open(sealed)
        trace.key_id = opened.key_id
        trace.imported = opened.imported
        digest = self._grant_ids.digest(opened.refresh_token)
        trace.grant = self._grant_ids.name(digest)
        if self._rate_limit is not None:
            await self._rate_limit.count_refresh(trace.grant)
        refreshed = await self._timed(
            self._refreshes.refresh(
                digest, opened.refresh_token, lambda: self._ask(opened, digest, trace)
            ),
            trace,
        )
        if has_hung_up():
            self._refreshes.undelivered(digest, refreshed)
        else:
            self._refreshes.delivered(digest, refreshed)
        answer = refreshed.answer
        replacement = answer.refresh_token
        if replacement is not None and replacement != opened.refresh_token:
            trace.rotated_to = self._grant_ids.of(replacement)
        sealed = self._new_seal(refreshed, opened) or sealed
        if opened.imported is not None:
            _tell_import(opened, trace)
        return answer.render(sealed, self._seconds_left(opened.authorized_at))

    async def _ask(self, opened: OpenedToken, digest: bytes, trace: RequestTrace) -> Refreshed:
        began = time.monotonic()
        try:
            answer = await self._spotify.refresh(opened.refresh_token, trace)
        except GrantRefused as refusal:
            if self._revocations is not None:
                await self._revocations.check(digest, opened.authorized_at, refusal, began=began)
            raise
        if self._revocations is not None:
            self._revocations.succeeded()
        refreshed = Refreshed(answer)
        self._new_seal(refreshed, opened)  # here, so that all who share it get the same one
        return refreshed

    def _new_seal(self, refreshed: Refreshed, opened: OpenedToken) -> str | None:
        """Return what goes out in place of the token that came in; None if that one stays."""
        refresh_token = refreshed.answer.refresh_token
        if refresh_token is None or refresh_token == opened.refresh_token:
            if opened.is_current:
                return None
            refresh_token = opened.refresh_token
        sealed = refreshed.seals.get(opened.authorized_at)
        if sealed is None:
            sealed = self._keys.seal(refresh_token, opened.authorized_at)
            refreshed.seals[opened.authorized_at] = sealed
        return sealed

    @staticmethod
    async def _timed(exchange: Awaitable[T], trace: RequestTrace) -> T:
        started = time.perf_counter()
        try:
            return await exchange
        finally:
            trace.spotify_ms = (time.perf_counter() - started) * 1000

    def _seconds_left(self, authorized_at: int) -> int | None:
        if self._lifetime_seconds is None or not authorized_at:
            return None
        return max(0, authorized_at + self._lifetime_seconds - int(self._now()))


def _tell_import(opened: OpenedToken, trace: RequestTrace) -> None:
    fields = {"imported": opened.imported, "grant": trace.grant}
    if trace.rotated_to is not None:
        fields["rotated_to"] = trace.rotated_to
    if not opened.is_current:
        told = "imported a token of another service; it goes back sealed"
    elif trace.rotated_to is None:
        told = "a token of another service goes back as it came (LEGACY_RESEAL=off)"
    else:
        told = (
            "Spotify replaced a token of another service: the new one goes back sealed, although"
            " LEGACY_RESEAL=off, because the old one may die now"
        )
    log.info("%s", told, extra={"fields": fields})
