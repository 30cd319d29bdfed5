"""Finds secrets in a text, however they are spelled there."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_SHORTEST = 12  # shorter ones are found by chance


def spellings(secret: str) -> frozenset[str]:
    """Return the secret plain, URL-encoded, JSON-escaped, in hex, and inside longer base64."""
    found = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], secret.encode().hex()}
    for before in range(3):
        # What stands before moves the bits; the characters at either end depend on it too.
        encoded = base64.b64encode(b"\0" * before + secret.encode()).decode()
        core = encoded[before and before + 1 :].rstrip("=")[:-1]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return frozenset(found)


class Canaries:
    """Secrets, and where they were seen."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        # By how they begin: however many there are, a text is gone through once.
        self._by_start: dict[str, list[tuple[str, str]]] = {}

    def add(self, secrets: Iterable[object]) -> None:
        """Know these from now on; what is no secret for its shortness is left out."""
        for secret in secrets:
            if isinstance(secret, str) and len(secret) >= _SHORTEST and secret not in self._known:
                self._known.add(secret)
                for spelling in spellings(secret):
                    start = self._by_start.setdefault(spelling[:_SHORTEST], [])
                    start.append((spelling, secret))

    def in_text(self, text: str) -> list[str]:
        """Return the secrets that *text* holds."""
        texts = [text]
        if "%" in text:
            texts.append(unquote(text))
        if "\\u" in text:
            texts.append(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text))
        return sorted({secret for each in texts for secret in self._found(each)})

    def _found(self, text: str) -> Iterator[str]:
        for place in range(len(text) - _SHORTEST + 1):
            for spelling, secret in self._by_start.get(text[place : place + _SHORTEST], ()):
                if text.startswith(spelling, place):
                    yield secret
