"""Proof Key for Code Exchange (RFC 7636) by the S256 method, the only one that Spotify accepts."""

import base64
import hashlib
import re

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def is_verifier(text: str) -> bool:
    """Return whether *text* can be a `code_verifier` (RFC 7636, 4.1)."""
    return _VERIFIER.match(text) is not None


def is_challenge(text: str) -> bool:
    """Return whether *text* can be an S256 `code_challenge` (RFC 7636, 4.2)."""
    return _CHALLENGE.match(text) is not None


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
