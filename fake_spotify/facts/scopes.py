"""
The scopes that Spotify knows, with the words that the consent page shows.

Source: https://developer.spotify.com/documentation/web-api/concepts/scopes (the list; the words
are ours).
"""

SCOPES = {
    "app-remote-control": "Control the Spotify app on this device",
    "playlist-modify-private": "Change your private playlists",
    "playlist-modify-public": "Change your public playlists",
    "playlist-read-collaborative": "See the playlists you make with others",
    "playlist-read-private": "See your private playlists",
    "soa-create-partner": "Create partners for Spotify Open Access",
    "soa-manage-entitlements": "Manage entitlements for Spotify Open Access",
    "soa-manage-partner": "Manage partners for Spotify Open Access",
    "streaming": "Play music in this app, with Spotify Premium",
    "ugc-image-upload": "Upload pictures for your playlists",
    "user-follow-modify": "Change whom you follow",
    "user-follow-read": "See whom you follow",
    "user-library-modify": "Change what is in your library",
    "user-library-read": "See what is in your library",
    "user-modify-playback-state": "Control what plays on your devices",
    "user-personalized": "See what Spotify recommends to you",
    "user-read-currently-playing": "See what is playing",
    "user-read-email": "See your e-mail address",
    "user-read-playback-position": "See how far you are in what you play",
    "user-read-playback-state": "See what plays on which of your devices",
    "user-read-private": "See your subscription and your country",
    "user-read-recently-played": "See what you played lately",
    "user-soa-link": "Link your account to a partner's",
    "user-soa-unlink": "Unlink your account from a partner's",
    "user-top-read": "See your top artists and tracks",
}


def split(scope: str) -> tuple[str, ...]:
    """Split a space-separated list into its scopes, each once, in order."""
    return tuple(dict.fromkeys(scope.split()))
