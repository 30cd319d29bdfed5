"""The shapes of codes, tokens and ids, and of PKCE's values."""

import base64
import hashlib
import random
import re
import uuid

# Lengths seen: codes 194 to 412, access tokens 115 to 582, refresh tokens 131. Drawn for each
# value, so that no client relies on one length.
_CODE_LENGTHS = (180, 420)
_ACCESS_TOKEN_LENGTHS = (115, 600)
_REFRESH_TOKEN_LENGTH = 131

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def is_verifier(text: str) -> bool:
    """Return whether *text* can be a `code_verifier` (RFC 7636, 4.1)."""
    return _VERIFIER.match(text) is not None


def is_challenge(text: str) -> bool:
    """Return whether *text* can be a `code_challenge` (RFC 7636, 4.2) of the method S256.

    Spotify accepts no other method.
    """
    return _CHALLENGE.match(text) is not None


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class TokenShapes:
    """Generates the random parts of what Spotify issues; equal seeds make equal values."""

    def __init__(self, seed: str | None = None) -> None:
        # Repeatable on purpose: nothing that a fake issues protects anything.
        self._random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 (see above)  # nosec B311

    def code(self) -> str:
        return self._text("AQ", self._random.randint(*_CODE_LENGTHS))

    def access_token(self) -> str:
        return self._text("BQ", self._random.randint(*_ACCESS_TOKEN_LENGTHS))

    def refresh_token(self) -> str:
        return self._text("AQ", _REFRESH_TOKEN_LENGTH)

    def device_id(self) -> str:
        """Make the value of Spotify's device cookie."""
        return self._text("AQ", 120)

    def hex_id(self) -> str:
        """Make a client id or a client secret: 32 hex digits."""
        return self._random.randbytes(16).hex()

    def short_id(self) -> str:
        """Make an id for a grant or a browser: 16 hex digits."""
        return self._random.randbytes(8).hex()

    def request_id(self) -> str:
        return str(uuid.UUID(bytes=self._random.randbytes(16), version=4))

    def _text(self, prefix: str, length: int) -> str:
        count = length - len(prefix)
        return prefix + base64.urlsafe_b64encode(self._random.randbytes(count)).decode()[:count]
