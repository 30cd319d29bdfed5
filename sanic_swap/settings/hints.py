"""What helps whoever copied an example or misspelt a name."""

import re
from collections.abc import Iterable, Sequence

# What examples write where a value belongs.
_PLACEHOLDER = re.compile(r"…|\.{3}|<.*>|change[-_ ]?me|your[-_ ][\w -]*|x{3,}|todo", re.IGNORECASE)
_SIMILARITY = 0.8  # of two names; 1 is equal, CALBACK_URL is 0.96 of CALLBACK_URL


def is_placeholder(text: str) -> bool:
    """Say whether *text* is still the placeholder of an example."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None


def misspelt(spellings: Sequence[str], names: Iterable[str]) -> str | None:
    """Return the one of *names* that is probably a typo of a setting; none is that setting."""
    # Imported here: most starts miss nothing, and start-up time counts.
    from difflib import get_close_matches

    for spelling in spellings:
        for found in get_close_matches(spelling, names, 1, _SIMILARITY):
            return found
    return None
