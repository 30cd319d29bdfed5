"""Makes root keys of operators' secrets, and the ids of keys and of grants that logs may show."""

import re
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b, sha256
from secrets import token_bytes
from typing import NamedTuple

from sanic_swap.secret import Secret

SHORTEST_PASSPHRASE = 16  # code points
_BASE64URL = r"[A-Za-z0-9_-]{43}=?"
_KEY = rf"{_BASE64URL}|[A-Za-z0-9+/]{{43}}=?|[0-9A-Fa-f]{{64}}"
_MOVE = (
    "use a new key from `sanic-swap keygen` and, if another service used this one, move it to"
    " LEGACY_SECRETS, where it still opens that service's tokens (LEGACY_TOKENS)"
)
_SALT = b"sanic-swap root1"
_TEMPORARY = 0x80  # the first bit of a key id

# SHA-256 of encryption secrets in public repositories of other swap services. Hashes, so
# that the secrets are not published once more.
_PUBLISHED = {
    "f8fb1f363be2c06cf814373ee6b12ce2bc506e8e617122e1220c8ea051cbf040",
    "bed2af252de616c865e816f188de3f81235885cabc998737f65007ec78048d78",
    "18dce0531838bac28dc1dcaae7f75a1fc98abf51d04eac7c10ae3d4952a235ff",
}


class SealingContext(NamedTuple):
    """What tokens are bound to: one app at one Spotify (RFC 6454 origin)."""

    client_id: str
    origin: str

    def as_bytes(self) -> bytes:
        """Return both parts, each behind its length, so that no two contexts are alike."""
        parts = (self.client_id.encode(), self.origin.encode())
        return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


class RootKey(NamedTuple):
    """32 secret bytes from which every other key is derived."""

    root: bytes
    from_passphrase: bool = False  # whether a person chose it, rather than a random generator
    is_temporary: bool = False  # whether it ends with this process

    def __repr__(self) -> str:
        return "RootKey(***)"

    def key_id(self, context: SealingContext) -> str:
        """Return the public id of this key in *context*, 8 characters.

        Equal ids prove equal secret, app and origin. The first bit marks a temporary key.
        """
        digest = bytearray(self.derived(context, b"sanic_swap.kid_1", 6))
        digest[0] = digest[0] & ~_TEMPORARY | self.is_temporary * _TEMPORARY
        return urlsafe_b64encode(digest).decode()

    def derived(self, context: SealingContext, purpose: bytes, length: int = 32) -> bytes:
        """Return *length* bytes for one *purpose* (16 characters) in *context*."""
        data = context.as_bytes()
        return blake2b(data, digest_size=length, key=self.root, person=purpose).digest()


class GrantIds:
    """Keyed hashes of refresh tokens: one user's log lines have the same one on every machine.

    The key is made from the client secret, not from the sealing key: ids outlive a change of
    sealing keys, and without the secret nobody can test a token against a log.
    """

    def __init__(self, client_secret: Secret) -> None:
        key = sha256(client_secret.reveal().encode()).digest()
        self._hash = blake2b(digest_size=32, key=key, person=b"sanic_swap.grnt1")

    def of(self, refresh_token: Secret) -> str:
        """Return the id of the grant that *refresh_token* belongs to, 8 characters."""
        return self.name(self.digest(refresh_token))

    def name(self, digest: bytes) -> str:
        """Return the id that begins with *digest*."""
        return urlsafe_b64encode(digest)[:8].decode()

    def digest(self, refresh_token: Secret) -> bytes:
        """Return the 32 bytes whose beginning is the id; no two tokens share them."""
        digest = self._hash.copy()
        digest.update(refresh_token.reveal().encode())
        return digest.digest()


class UnusableSecret(ValueError):
    """No root key is made from this secret; the text says why, and does not contain it."""


def temporary_key() -> RootKey:
    """Return a new key that no other process has."""
    return RootKey(token_bytes(32), is_temporary=True)


def is_temporary(key_id: str) -> bool:
    """Say whether a key of this id ended with the process that made it."""
    return bool(urlsafe_b64decode(key_id)[0] & _TEMPORARY)


def new_secret() -> str:
    """Return a new ENCRYPTION_SECRET: 32 random bytes in base64url, 43 characters."""
    return urlsafe_b64encode(token_bytes(32)).decode().rstrip("=")


def root_key(secret: str) -> RootKey:
    """Return the root key of an operator's secret; raise UnusableSecret if it cannot be one.

    32 bytes in base64 (either alphabet) or hex are the key itself; anything else of
    16 or more code points goes through Argon2id, which takes about 0.1 s and 64 MiB.
    """
    if is_published(secret):
        raise UnusableSecret(
            "is published in another swap service's source, so anybody could open its tokens;"
            f" {_MOVE}"
        )
    if is_key(secret):
        if len(secret) == 64:
            return RootKey(bytes.fromhex(secret))
        standard = secret[:43].replace("-", "+").replace("_", "/")
        return RootKey(b64decode(f"{standard}="))
    if len(secret) < SHORTEST_PASSPHRASE:
        raise UnusableSecret(
            f"has fewer than {SHORTEST_PASSPHRASE} characters, so it could be guessed; {_MOVE}"
        )
    # Imported here: only passphrases need it, and start-up time counts.
    from nacl.pwhash import argon2id

    root = argon2id.kdf(32, secret.encode(), _SALT, opslimit=2, memlimit=64 * 1024 * 1024)
    return RootKey(root, from_passphrase=True)


def is_published(secret: str) -> bool:
    """Say whether this secret stands in another service's public repository."""
    return sha256(secret.encode()).hexdigest() in _PUBLISHED


def is_key(secret: str) -> bool:
    """Say whether a secret spells 32 bytes in base64 or hex, so that nothing is stretched."""
    return re.fullmatch(_KEY, secret) is not None


def is_fernet_key(secret: str) -> bool:
    """Say whether a secret is 32 bytes in base64url, as Fernet's specification wants it."""
    return re.fullmatch(_BASE64URL, secret) is not None
