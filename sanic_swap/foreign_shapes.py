"""Tells by shape alone which other swap service handed out a token.

Nothing is opened here: the shapes say who would have to open it. Each is as narrow as
a real refresh token inside allows (20 or more characters).
"""

import re
from base64 import b64decode

# AES-256-CTR in hex: as many bytes out as in.
_NODE = re.compile(r"(?:[0-9a-f]{2}){20,}\Z")
# Version byte 0x80 and the upper bytes of a time stamp; at least one 32-byte ciphertext.
_FERNET = re.compile(r"gAAAA[A-Za-z0-9_-]{113,}={0,2}\Z")
_PLAIN = re.compile(r"AQ[A-Za-z0-9_-]{18,}\Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32,}\Z")
_DES_BLOCK = 8


def shape_of(token: str) -> str | None:
    """
    Name the service whose tokens look like *token*: node, ruby, fernet, plain, or None.

    Args:
        token: As it came, edges stripped or not.
    """
    bare = token.strip("\"' \t\r\n")
    for name, pattern in (("node", _NODE), ("fernet", _FERNET), ("plain", _PLAIN)):
        if pattern.match(bare):
            return name
    return "ruby" if _looks_like_ruby(token.strip("\"'")) else None


def _looks_like_ruby(token: str) -> bool:
    # Wrapped base64 loses its newlines, or they arrive escaped; its "+" arrives as a blank.
    spelled = token.replace("\\n", "").replace("\r", "").replace("\n", "")
    return any(
        _BASE64.match(packed)
        and len(b64decode(packed + "=" * (-len(packed) % 4))) % _DES_BLOCK == 0
        for packed in (spelled.replace(" ", "+").rstrip("="), spelled.replace(" ", "").rstrip("="))
        if len(packed) % 4 != 1
    )
