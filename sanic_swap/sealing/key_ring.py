"""Seals refresh tokens with the newest key, opens them with any known one.

The format `s1.`, and why each part of it is there:

    token   = "s1." key id "." base64url(nonce || secretbox(payload))
    payload = u8 1 | u64 sealed_at | u64 authorized_at | u16 n | refresh token (n bytes)
              | the fewest zeros up to a multiple of 64

The key id stands outside, so that one key is tried and never several; it stands for secret,
app and origin together, so that a token of another app or Spotify is unknown, not altered.
Both are bound by key derivation, too (SecretBox knows no associated data). The
nonce is hedged: derived from fresh random bytes *and* the payload, so that a cloned
random generator cannot encrypt two payloads under one nonce. Padding hides the length.
"""

import os
import re
import struct
import time
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from nacl.bindings import crypto_secretbox_easy, crypto_secretbox_open_easy
from nacl.exceptions import CryptoError

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.sealing.keys import RootKey, SealingContext, is_temporary
from sanic_swap.secret import Secret

LONGEST_REFRESH_TOKEN = 2925  # characters; its seal still fits a 4096-character parameter
PREFIX = "s1."
_SEALED = re.compile(r"s1\.([A-Za-z0-9_-]{8})\.([A-Za-z0-9_-]{139,4000})\Z")
_HEAD = struct.Struct(">BQQH")
_VERSION = 1
_BLOCK = 64
_NONCE = 24
_RANDOM = 32
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


class OpenedToken(NamedTuple):
    """The content of a sealed token."""

    refresh_token: Secret
    sealed_at: int  # Unix seconds; 0 if unknown
    authorized_at: int  # likewise
    key_id: str | None  # None if another service sealed it
    is_current: bool  # whether it may go back unchanged; otherwise it must be sealed anew
    imported: str | None = None  # the service that made it, None for ours


def key_id_of(sealed: str) -> str | None:
    """Return the id of the key that sealed a token; None if this is none."""
    match = _SEALED.match(sealed)
    return match[1] if match else None


def is_refresh_token(text: str) -> bool:
    """Say whether *text* can be a refresh token of Spotify's: 1 to 2925 printable ASCII."""
    return 0 < len(text) <= LONGEST_REFRESH_TOKEN and text.isascii() and text.isprintable()


class _Sealer:
    """One root key, bound to one context."""

    def __init__(self, key: RootKey, context: SealingContext) -> None:
        self.key_id = key.key_id(context)
        self._key = key.derived(context, b"sanic_swap.seal1")
        self._nonce_key = key.derived(context, b"sanic_swap.nonc1")
        self._prefix = f"{PREFIX}{self.key_id}."

    def seal(self, payload: bytes, randomness: bytes) -> str:
        nonce = blake2b(randomness + payload, digest_size=_NONCE, key=self._nonce_key).digest()
        return self._prefix + _encoded(nonce + crypto_secretbox_easy(payload, nonce, self._key))

    def open(self, encoded: str) -> bytes:
        try:
            # More padding than it takes is no error.
            sealed = a2b_base64(encoded.encode().translate(_FROM_URL) + b"==")
            # Many spellings decode alike; only the one that we write is ours.
            if _encoded(sealed) == encoded:
                return crypto_secretbox_open_easy(sealed[_NONCE:], sealed[:_NONCE], self._key)
        except (CryptoError, ValueError, TypeError):  # base64 and PyNaCl raise each, by length
            pass
        raise TokenRefused("altered", self.key_id)


class KeyRing:
    """Seals with the newest key, opens with any.

    Args:
        keys: Newest first.
        retired: Ids of keys given up on purpose: their tokens are refused.
        hold_unknown: Whether tokens of unknown keys are held rather than refused.
        other_origins: Origins for which this service may have sealed by mistake, or now
            does; a token of one of them is held with a better remedy.
        revoke_before: Unix seconds; tokens authorized before are refused, and with any
            other value than 0 so are those of unknown age.
        randomness: Returns so many random bytes.
    """

    def __init__(
        self,
        keys: Sequence[RootKey],
        context: SealingContext,
        *,
        retired: Iterable[str] = (),
        hold_unknown: bool = True,
        other_origins: Iterable[str] = (),
        revoke_before: int = 0,
        now: Callable[[], float] = time.time,
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._sealers = {key.key_id(context): _Sealer(key, context) for key in keys}
        self._current = self._sealers[keys[0].key_id(context)]
        self.key_ids = list(self._sealers)  # of all keys that open
        contexts = [context._replace(origin=origin) for origin in other_origins]
        self._origins = {key.key_id(one): one.origin for key in keys for one in contexts}
        self.misplaced_key_ids = list(self._origins)  # the keys' ids there; their tokens are held
        self._origin = context.origin
        self._retired = frozenset(retired)
        self._hold_unknown = hold_unknown
        self._revoke_before = revoke_before
        self._now = now
        self._randomness = randomness

    def seal(self, refresh_token: Secret, authorized_at: int) -> str:
        """Return *refresh_token* sealed by the newest key, safe in any form body or URL.

        It has to be one, or ValueError is raised. *authorized_at* is when the user agreed, in
        Unix seconds; 0 if unknown.
        """
        text = refresh_token.reveal()
        if not is_refresh_token(text):
            raise ValueError("not a refresh token: 1 to 2925 printable ASCII characters")
        plain = text.encode()
        payload = _HEAD.pack(_VERSION, int(self._now()), authorized_at, len(plain)) + plain
        payload += bytes(-len(payload) % _BLOCK)
        return self._current.seal(payload, self._randomness(_RANDOM))

    def open(self, sealed: str) -> OpenedToken:
        """Return the content of *sealed*.

        Raises:
            TokenRefused: If it is altered, of a retired or gone temporary key, from before
                `revoke_before`, or not a sealed token. Apps do not learn which.
            TokenHeld: If it is well formed, and its key is neither configured nor retired.
        """
        match = _SEALED.match(sealed)
        if match is None:
            raise TokenRefused("not_a_token")
        key_id, encoded = match.groups()
        sealer = self._sealers.get(key_id)
        if key_id in self._retired:
            raise TokenRefused("retired_key", key_id)
        if sealer is None:
            if is_temporary(key_id):
                raise TokenRefused("temporary_key", key_id)
            if not self._hold_unknown:
                raise TokenRefused("unknown_key", key_id)
            raise TokenHeld(self._remedy(key_id), key_id, is_known=key_id in self._origins)
        opened = self._parse(sealer, sealer.open(encoded))
        if self._revoke_before and opened.authorized_at < self._revoke_before:
            raise TokenRefused("revoke_before", key_id)
        return opened

    def _remedy(self, key_id: str) -> str:
        if origin := self._origins.get(key_id):
            return (
                f"key {key_id} is of the same secret and app at {origin}, and SPOTIFY_ACCOUNTS_URL"
                f" is {self._origin} here. Set SPOTIFY_ACCOUNTS_URL back to {origin}"
            )
        restore = "restore its secret in PREVIOUS_ENCRYPTION_SECRETS, or"
        if is_temporary(self._current.key_id):
            restore = "set ENCRYPTION_SECRET to its secret again, or restore"
        return (
            f"key {key_id} is not configured here. If no `keys` line ever showed it, ignore it:"
            f" somebody guesses. Otherwise {restore} CLIENT_ID or SPOTIFY_ACCOUNTS_URL if one"
            " changed; or add the id to RETIRED_KEY_IDS, which logs these users out"
        )

    def _parse(self, sealer: _Sealer, payload: bytes) -> OpenedToken:
        if len(payload) % _BLOCK:  # by `_SEALED` it has at least one block
            raise TokenRefused("altered", sealer.key_id)
        version, sealed_at, authorized_at, length = _HEAD.unpack_from(payload)
        end = _HEAD.size + length
        plain, padding = payload[_HEAD.size : end].decode("latin-1"), payload[end:]
        whole = len(plain) == length and len(padding) < _BLOCK and not any(padding)
        if version != _VERSION or not whole or not is_refresh_token(plain):
            raise TokenRefused("altered", sealer.key_id)
        is_current = sealer is self._current
        return OpenedToken(Secret(plain), sealed_at, authorized_at, sealer.key_id, is_current)


def _encoded(data: bytes) -> str:
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()
