"""What would become of tokens under other settings, as a value."""

from dataclasses import dataclass
from enum import Enum

from sanic_swap.settings import Settings


class Fate(Enum):
    """What an app hears that brings a token which does not open any more."""

    HELD = "held"  # 503 until the settings are mended; nobody is logged out
    LOGGED_OUT = "logged out"  # invalid_grant


@dataclass(frozen=True, slots=True)
class Loss:
    """
    One reason why tokens would not open any more.

    Attributes:
        what: The setting and what became of it.
        who: Whose tokens, as a phrase that begins with "everyone".
        remedy: What keeps them alive, or why nothing does.
    """

    what: str
    who: str
    fate: Fate
    remedy: str


def holds_unknown(settings: Settings) -> bool:
    """Say whether tokens that *settings* cannot judge are held back rather than refused."""
    secret = settings.encryption_secret
    return settings.unknown_key == "hold" and secret is not None and secret.key is not None
