"""The scopes that Spotify knows, with the words that the consent page shows, in `scopes.json`.

Source: https://developer.spotify.com/documentation/web-api/concepts/scopes (the list; the words
are ours).
"""

import json
from importlib.resources import files

SCOPES: dict[str, str] = json.loads(
    files("fake_spotify.facts").joinpath("scopes.json").read_text("utf-8")
)


def split(scope: str) -> tuple[str, ...]:
    """Split a space-separated list into its scopes, each once, in order."""
    return tuple(dict.fromkeys(scope.split()))
