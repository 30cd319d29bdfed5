"""What logs and metrics may say of one request, filled in while it is handled."""

from dataclasses import dataclass


@dataclass(slots=True)
class RequestTrace:
    """
    One request, without a secret in it.

    Attributes:
        client: The address of the client, as far as the proxies in front are believed.
        grant: The grant id of the refresh token that came in, or of the new one.
        rotated_to: The grant id of the token that Spotify put in its place.
        key_id: The key that had sealed the token that came in.
        imported: Which other swap service had made it, None if we had.
        spotify_ms: Milliseconds that were spent waiting for Spotify.
        retries: How often Spotify was called again.
    """

    client: str = ""
    grant: str | None = None
    rotated_to: str | None = None
    key_id: str | None = None
    imported: str | None = None
    spotify_ms: float | None = None
    retries: int = 0
