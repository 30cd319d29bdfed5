"""Finds secrets in a text, however they are spelled there."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_SHORTEST = 12  # shorter ones are found by chance
_PIECE = 6
# Every text that holds so many characters holds a piece that begins at one of its places.
_STRIDE = _SHORTEST - _PIECE + 1


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
        self._has_blanks = False
        # By the first pieces of each spelling: one of them is found by looking at every
        # seventh place alone, however many secrets there are.
        self._by_piece: dict[str, list[tuple[int, str, str]]] = {}

    def add(self, secrets: Iterable[object]) -> None:
        """Know these from now on; what is no secret for its shortness is left out."""
        for secret in secrets:
            if isinstance(secret, str) and len(secret) >= _SHORTEST and secret not in self._known:
                self._known.add(secret)
                self._has_blanks |= len(secret.split()) > 1
                for spelling in spellings(secret):
                    for offset in range(_STRIDE):
                        piece = spelling[offset : offset + _PIECE]
                        known = self._by_piece.setdefault(piece, [])
                        known.append((offset, spelling, secret))

    def in_text(self, text: str) -> list[str]:
        """Return the secrets that *text* holds."""
        if not self._has_blanks:
            # Most of a long log is the same words again and again.
            text = "\n".join(set(text.split()))
        texts = [text]
        if "%" in text:
            texts.append(unquote(text))
        if "\\u" in text:
            texts.append(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text))
        return sorted({secret for each in texts for secret in self._found(each)})

    def _found(self, text: str) -> Iterator[str]:
        by_piece = self._by_piece
        for place in range(0, len(text) - _PIECE + 1, _STRIDE):
            if (known := by_piece.get(text[place : place + _PIECE])) is None:
                continue
            for offset, spelling, secret in known:
                if place >= offset and text.startswith(spelling, place - offset):
                    yield secret
