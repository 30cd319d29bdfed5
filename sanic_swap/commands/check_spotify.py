"""What Spotify says about the credentials, as a finding of `check`."""

from sanic_swap.errors import CredentialsRefused, SpotifyError
from sanic_swap.settings.findings import Finding, Level
from sanic_swap.settings.table import Settings
from sanic_swap.spotify.accounts import SpotifyAccounts


async def finding_of_spotify(settings: Settings) -> Finding:
    """Ask Spotify whether it takes CLIENT_ID and CLIENT_SECRET."""
    level, text = Level.FINE, "Spotify takes them"
    async with SpotifyAccounts(
        settings.accounts_url.url,
        settings.client_id,
        settings.client_secret,
        timeout_seconds=settings.spotify_timeout,
    ) as spotify:
        try:
            await spotify.verify_credentials(settings.spotify_timeout)
        except CredentialsRefused:
            level, text = Level.WRONG, "Spotify does not take them"
        except SpotifyError as error:
            level, text = Level.RISKY, f"cannot tell whether they are right: {error}"
    return Finding(level, "CLIENT_ID, CLIENT_SECRET", text)
