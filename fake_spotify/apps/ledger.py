"""What one app has been given: codes, grants, access tokens and approvals."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from fake_spotify.clock import Clock
from fake_spotify.facts.shapes import TokenShapes

# A fake that runs for weeks must not grow: beyond these numbers the oldest are forgotten.
MOST_CODES = 10_000
MOST_GRANTS = 50_000
MOST_ACCESS_TOKENS = 20_000
MOST_BROWSERS = 10_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, and what it is bound to."""

    value: str
    user_id: str
    scope: str
    redirect_uri: str
    challenge: str | None
    issued_at: float
    spent: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user allowed an app; `is_public` when the code was exchanged without a secret."""

    id: str
    user_id: str
    scope: str
    authorized_at: float
    is_public: bool
    refresh_token: str
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token; without a grant it is the app's own (client credentials)."""

    value: str
    grant: Grant | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class Approval:
    """What the user of one browser has agreed to before."""

    user_id: str
    scopes: frozenset[str]


class Ledger:
    """Stores the codes, grants and tokens of one app; the rules decide who may have them."""

    def __init__(self, shapes: TokenShapes, clock: Clock) -> None:
        self._shapes = shapes
        self._clock = clock
        self.changes = 0
        self.codes: dict[str, Code] = {}  # spent or not
        self._grants: dict[str, Grant] = {}
        self._grant_ids: dict[str, str] = {}
        self.access_tokens: dict[str, AccessToken] = {}  # expired or not
        self.approvals: dict[str, Approval] = {}  # by browser

    def issue_code(
        self, user_id: str, scope: str, redirect_uri: str, *, challenge: str | None = None
    ) -> Code:
        """Make a code that is bound to *redirect_uri* and, if given, to the PKCE *challenge*."""
        now = self._clock.now()
        code = Code(self._shapes.code(), user_id, scope, redirect_uri, challenge, now)
        _remember(self.codes, code.value, code, MOST_CODES)
        return code

    def open_grant(self, code: Code, *, is_public: bool) -> Grant:
        """Spend *code* for a grant; its age counts from when the user authorized."""
        self.codes[code.value] = replace(code, spent=True)
        begun = code.issued_at
        return self.add_grant(code.user_id, code.scope, is_public=is_public, authorized_at=begun)

    def add_grant(
        self,
        user_id: str,
        scope: str,
        *,
        is_public: bool,
        authorized_at: float | None = None,
        refresh_token: str | None = None,
    ) -> Grant:
        """Make a grant of now, with a *refresh_token* of its own unless others are chosen."""
        self.changes += 1
        grant_id = self._shapes.short_id()
        moment = self._clock.now() if authorized_at is None else authorized_at
        refresh_token = refresh_token or self._shapes.refresh_token()
        grant = Grant(grant_id, user_id, scope, moment, is_public, refresh_token)
        _remember(self._grants, grant.id, grant, MOST_GRANTS)
        # Longer than the list of grants: rotation leaves older tokens of a grant behind.
        _remember(self._grant_ids, grant.refresh_token, grant.id, 4 * MOST_GRANTS)
        return grant

    def grant_of(self, refresh_token: str) -> Grant | None:
        """Return the grant that *refresh_token* belongs, or once belonged, to."""
        grant_id = self._grant_ids.get(refresh_token)
        return None if grant_id is None else self._grants.get(grant_id)

    def rotate(self, grant: Grant) -> Grant:
        """Give *grant* a new refresh token; the old one is remembered as replaced."""
        self.changes += 1
        rotated = replace(grant, refresh_token=self._shapes.refresh_token())
        self._grants[grant.id] = rotated
        _remember(self._grant_ids, rotated.refresh_token, grant.id, 4 * MOST_GRANTS)
        return rotated

    def issue_access_token(self, grant: Grant | None, lifetime_seconds: float) -> AccessToken:
        expires_at = self._clock.now() + lifetime_seconds
        token = AccessToken(self._shapes.access_token(), grant, expires_at)
        _remember(self.access_tokens, token.value, token, MOST_ACCESS_TOKENS)
        return token

    def is_revoked(self, token: AccessToken) -> bool:
        """Return whether the grant that *token* was issued for is revoked or gone."""
        if token.grant is None:
            return False
        grant = self._grants.get(token.grant.id)
        return grant is None or grant.revoked

    def grants(self) -> Iterator[Grant]:
        """Yield every grant that was not revoked, oldest first."""
        return (grant for grant in list(self._grants.values()) if not grant.revoked)

    def revoke(self, grant_id: str) -> Grant | None:
        """Revoke a grant's refresh token; None if there is no such living one."""
        grant = self._grants.get(grant_id)
        if grant is None or grant.revoked:
            return None
        self._grants[grant_id] = replace(grant, revoked=True)
        self.changes += 1
        return grant

    def revoke_user(self, user_id: str) -> list[Grant]:
        """Revoke every grant of a user, as on the page where users manage their apps."""
        for browser, approval in list(self.approvals.items()):
            if approval.user_id == user_id:
                del self.approvals[browser]
        grants = [grant for grant in self.grants() if grant.user_id == user_id]
        for grant in grants:
            self.revoke(grant.id)
        return grants

    def approve(self, browser: str, user_id: str, scopes: tuple[str, ...]) -> None:
        """Note that *browser*'s user agreed to *scopes*; another user's approval is replaced."""
        before = self.approvals.pop(browser, None)
        known = before.scopes if before is not None and before.user_id == user_id else frozenset()
        approval = Approval(user_id, known.union(scopes))
        _remember(self.approvals, browser, approval, MOST_BROWSERS)


def _remember(known: dict[str, _T], key: str, value: _T, most: int) -> None:
    known[key] = value
    if len(known) > most:
        del known[next(iter(known))]
