"""What kinds of swap services there are: their endpoints, and what they never claimed."""

from dataclasses import dataclass

# The registration that the fake has, and the service under test should have.
CLIENT_ID = "5fe01282e44241328a84e7c5cc169165"
CLIENT_SECRET = "canary-client-secret-9d1c7a"
REDIRECT_URI = "https://app.example/callback"
REGISTRATION: dict[str, object] = {  # as FakeSpotify has it
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "redirect_uris": [REDIRECT_URI],
}


@dataclass(frozen=True, slots=True)
class Profile:
    """
    How to talk to one kind of service.

    Attributes:
        unclaimed: Groups of promises that it never made; they are not asked of it.
    """

    name: str
    swap: str = "/swap"
    refresh: str = "/refresh"
    unclaimed: frozenset[str] = frozenset()


# Beyond what every swap service owes its apps.
_OURS_ALONE = frozenset(
    {
        *("oauth endpoint", "request id", "json bodies", "methods", "nosniff", "strict input"),
        *("paths", "trouble: exact"),
    }
)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("sanic-swap"),
        Profile("node", unclaimed=_OURS_ALONE),
        Profile("ruby", "/api/token", "/api/refresh_token", unclaimed=_OURS_ALONE),
        Profile("any", unclaimed=_OURS_ALONE),
    )
}
