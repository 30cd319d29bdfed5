"""What comes along with a value from shells, files and forms, and cannot belong to it.

A key with a blank behind it would silently be another key, and hold every token of the first.
"""

import re

from sanic_swap.sealing.keys import is_key

QUOTES = ("'", '"')
_COMMENT = re.compile(r"\s#.*\Z", re.DOTALL)
_NAME = re.compile(r"\s*(?:export\s+)?[A-Z_]+=")
_AROUND = re.compile(r"(?:\\[nrt]|[\s\"'`,;\ufeff\u200b])+")


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
