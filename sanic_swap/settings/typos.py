"""What goes wrong when a setting is written: placeholders, misspelt names, and text around a value.

A key with a blank behind it would silently be another key, and hold every token of the first.
"""

import re
from collections.abc import Iterable

from sanic_swap.sealing.keys import is_key

QUOTES = ("'", '"')
# What examples write where a value belongs.
_PLACEHOLDER = re.compile(r"…|\.{3}|<.*>|change[-_ ]?me|your[-_ ][\w -]*|x{3,}|todo", re.IGNORECASE)
_SIMILARITY = 0.8  # of two names; 1 is equal, CALBACK_URL is 0.96 of CALLBACK_URL
_COMMENT = re.compile(r"\s#.*\Z", re.DOTALL)
_NAME = re.compile(r"\s*(?:export\s+)?[A-Z_]+=")
_AROUND = re.compile(r"(?:\\[nrt]|[\s\"'`,;\ufeff\u200b])+")


def is_placeholder(text: str) -> bool:
    """Say whether *text* is still the placeholder of an example."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None


def similar(name: str, names: Iterable[str]) -> str | None:
    """Return the one of *names* that is most like *name*, if one is so much that it is a typo."""
    # Imported here: most starts miss nothing, and start-up time counts.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, 1, _SIMILARITY)), None)


def surroundings(text: str) -> str:
    """Name what stands around a value and cannot belong to it; "" if nothing does."""
    found = {
        "a comment": _COMMENT.search(text),
        "its name": _NAME.match(text),
        "quotes": text and (text[0] in QUOTES or text[-1] in QUOTES),
        "a line end": re.search(r"[\r\n]|\\[rn]\Z", text),
        "an invisible character": re.search("[\ufeff\u200b]", text),
        "blanks": text != text.strip(" \t\xa0"),
    }
    return " and ".join(name for name, is_there in found.items() if is_there)


def check_alone(text: str) -> None:
    """Raise ValueError if *text* is keys and more: it would silently be another key."""
    bare = _NAME.sub("", _COMMENT.sub("", text), count=1)
    keys = [part for part in _AROUND.split(bare) if part]
    if keys == [text] or not keys or not all(map(is_key, keys)):
        return
    if len(keys) > 1:
        raise ValueError("has several keys; PREVIOUS_ENCRYPTION_SECRETS takes one a line")
    around = surroundings(text) or "something"
    raise ValueError(f"has {around} next to the key; write the key alone")
