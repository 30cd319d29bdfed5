"""A stand-in for accounts.spotify.com that is as strict as the real one."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_spotify.fake import FakeSpotify
    from fake_spotify.matching import Match

__all__ = ["FakeSpotify", "Match"]
__version__ = "0.2.0"

_HOMES = {"FakeSpotify": "fake_spotify.fake", "Match": "fake_spotify.matching"}


def __getattr__(name: str) -> object:
    # On first use only: pytest imports this package in every project that has the plugin, and
    # must not import a web server there that no test uses.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
