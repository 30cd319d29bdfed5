"""What Spotify says about the settings, as findings of `check`."""

import asyncio

from sanic_swap.findings import Finding, Level
from sanic_swap.settings import Settings
from sanic_swap.spotify_probe import Answer, SpotifyProbe, Verdict


async def findings_of_spotify(settings: Settings) -> list[Finding]:
    """Ask Spotify about the credentials and each redirect URI, all at once."""
    async with SpotifyProbe(
        settings.accounts_url.url, settings.client_id, timeout_seconds=settings.spotify_timeout
    ) as probe:
        credentials, *callbacks = await asyncio.gather(
            probe.credentials(settings.client_secret),
            *map(probe.redirect_uri, settings.callback_urls),
        )
    told: dict[Verdict, list[str]] = {}
    for uri, verdict in zip(settings.callback_urls, callbacks, strict=True):
        told.setdefault(verdict, []).append(uri)
    # Not to know whether the credentials are good is a risk; of a redirect URI it is usual.
    return [
        _judged("CLIENT_ID, CLIENT_SECRET", credentials, Level.RISKY),
        *(
            _judged(f"CALLBACK_URL: {', '.join(uris)}", verdict, Level.NOT_KNOWN)
            for verdict, uris in told.items()
        ),
    ]


def _judged(about: str, verdict: Verdict, not_known: Level) -> Finding:
    match verdict.answer:
        case Answer.YES:
            return Finding(Level.FINE, about, verdict.why)
        case Answer.NO:
            return Finding(Level.WRONG, about, verdict.why)
        case Answer.CANNOT_TELL:
            return Finding(not_known, about, f"cannot tell whether this is right: {verdict.why}")
