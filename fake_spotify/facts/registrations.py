"""What Spotify knows of a user and of an app, and by which policy it treats the app."""

from dataclasses import dataclass, field
from typing import Literal

from fake_spotify.facts.wordings import Era

SIX_MONTHS_SECONDS = 180 * 86400.0

# Since February 2026: developer.spotify.com/documentation/web-api/concepts/quota-modes.
MOST_LISTED_USERS = 5


@dataclass(frozen=True, slots=True)
class User:
    """A person with a Spotify account."""

    id: str
    display_name: str
    email: str
    country: str = "SE"
    product: str = "premium"
    picture: str = ""  # a URL; one that begins with `/` is the fake's own


DEFAULT_USERS = (
    User("ada", "Ada Lovelace", "ada@example.com", picture="/images/ada.png"),
    User("grace", "Grace Hopper", "grace@example.com", country="US"),
    User("linus", "Linus Free", "linus@example.com", country="FI", product="free"),
)


@dataclass(frozen=True, slots=True)
class Registration:
    """What Spotify's dashboard knows of an app."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    name: str = "An app"
    developer: str = "developer"  # whose quota of the Web API its calls count for


@dataclass(frozen=True, slots=True)
class Policy:
    """One value for everything that can be configured; lifetimes are in seconds."""

    era: Era = Era.Y2026
    code_lifetime: float = 600  # Spotify's is unknown; RFC 6749 recommends ten minutes
    access_token_lifetime: int = 3600  # also what `expires_in` says
    refresh_token_lifetime: float | None = SIX_MONTHS_SECONDS  # from authorization; None: for ever
    # Which refreshes bring a new refresh token and revoke the old one.
    rotation: Literal["off", "pkce", "all"] = "off"
    # What a refresh answers as `refresh_token` when there is no new one.
    unchanged: Literal["absent", "empty"] = "absent"
    # What `scope` contains when none was requested; all three have been seen.
    no_scope: Literal["empty", "blank", "absent"] = "empty"
    # Which words refuse an expired refresh token; both have been seen.
    aged: Literal["expired", "revoked"] = "expired"
    # Who answers the consent question; without "ask", /authorize redirects at once.
    consent: Literal["ask", "agree", "cancel"] = "ask"
    # Whether the Web API serves every user, or only those on the app's list.
    quota_mode: Literal["extended", "development"] = "extended"
    # That list; None is the first five users that the app was set up with.
    listed_users: tuple[str, ...] | None = None
    owner_premium: bool = True  # without it an app in development mode gets 403 for everybody
    # Calls to the Web API in 30 seconds, of all apps of the app's developer; None is no limit.
    # Spotify's own number is not published.
    quota_calls: int | None = None
    revocation_ends_access_tokens: bool = False  # with their grant, at once


def of_era(era: Era) -> Policy:
    if era is Era.Y2021:
        return Policy(era, refresh_token_lifetime=None, rotation="pkce")
    return Policy(era)
