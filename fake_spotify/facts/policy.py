"""What can be configured about the imitation: era, lifetimes, form of the answers."""

from dataclasses import dataclass
from typing import Literal

from fake_spotify.facts.wordings import Era

SIX_MONTHS_SECONDS = 180 * 86400.0

# Since February 2026: developer.spotify.com/documentation/web-api/concepts/quota-modes.
MOST_LISTED_USERS = 5


Rotation = Literal["off", "pkce", "all"]
"""Which refreshes bring a new refresh token and revoke the old one."""
Unchanged = Literal["absent", "empty"]
"""What a refresh answers as `refresh_token` when there is no new one."""
NoScope = Literal["empty", "blank", "absent"]
"""What `scope` contains when none was requested; all three have been seen."""
Consent = Literal["ask", "agree", "cancel"]
"""Who answers the consent question."""
QuotaMode = Literal["extended", "development"]
"""Whether the Web API serves every user, or only those on the app's list."""
Aged = Literal["expired", "revoked"]
"""Which words refuse an expired refresh token; both have been seen."""


@dataclass(frozen=True, slots=True)
class Policy:
    """
    One value for everything that can be configured.

    Args:
        code_lifetime: Seconds; Spotify's is unknown, ten minutes is what RFC 6749 recommends.
        access_token_lifetime: Seconds; also what `expires_in` says.
        refresh_token_lifetime: Seconds from the user's authorization; None is for ever.
        consent: Other than `ask`, /authorize answers with the redirect at once.
        listed_users: Whom an app in development mode may serve; None is the first five users that
            the app was set up with.
        owner_premium: False is an owner whose app in development mode gets 403 for everybody.
        quota_calls: Calls to the Web API in 30 seconds, of all apps of the app's developer;
            None is no limit. Spotify's own number is not published.
        revocation_ends_access_tokens: True ends access tokens with their grant, at once.
    """

    era: Era = Era.Y2026
    code_lifetime: float = 600
    access_token_lifetime: int = 3600
    refresh_token_lifetime: float | None = SIX_MONTHS_SECONDS
    rotation: Rotation = "off"
    unchanged: Unchanged = "absent"
    no_scope: NoScope = "empty"
    aged: Aged = "expired"
    consent: Consent = "ask"
    quota_mode: QuotaMode = "extended"
    listed_users: tuple[str, ...] | None = None
    owner_premium: bool = True
    quota_calls: int | None = None
    revocation_ends_access_tokens: bool = False


def of_era(era: Era) -> Policy:
    if era is Era.Y2021:
        return Policy(era, refresh_token_lifetime=None, rotation="pkce")
    return Policy(era)
