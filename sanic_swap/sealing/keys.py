"""Makes a root key, and its public id, of an operator's secret."""

import re
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from secrets import token_bytes

SHORTEST_PASSPHRASE = 16  # code points
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{43}=?\Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=?\Z")
_HEX = re.compile(r"[0-9A-Fa-f]{64}\Z")
_MOVE = (
    "use a new key from `sanic-swap keygen` and, if another service used this one, move it to"
    " LEGACY_SECRETS, where it still opens that service's tokens (LEGACY_TOKENS)"
)
_SALT = b"sanic-swap root1"

# SHA-256 of encryption secrets in public repositories of other swap services. Hashes, so
# that the secrets are not published once more.
_PUBLISHED = frozenset(
    {
        "f8fb1f363be2c06cf814373ee6b12ce2bc506e8e617122e1220c8ea051cbf040",
        "bed2af252de616c865e816f188de3f81235885cabc998737f65007ec78048d78",
        "18dce0531838bac28dc1dcaae7f75a1fc98abf51d04eac7c10ae3d4952a235ff",
    }
)


@dataclass(frozen=True, slots=True)
class RootKey:
    """
    32 secret bytes from which every other key is derived, and their public name.

    Attributes:
        key_id: 8 characters; equal ids on two machines prove equal keys.
        from_passphrase: Whether a person chose it, rather than a random generator.
    """

    root: bytes = field(repr=False)
    key_id: str
    from_passphrase: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one service: the current one seals, the previous ones open, newest first."""

    current: RootKey
    previous: tuple[RootKey, ...] = ()


class UnusableSecret(ValueError):
    """No root key is made from this secret; the text says why, and does not contain it."""


def new_secret() -> str:
    """Return a new ENCRYPTION_SECRET: 32 random bytes in base64url, 43 characters."""
    return urlsafe_b64encode(token_bytes(32)).decode().rstrip("=")


def root_key(secret: str) -> RootKey:
    """
    Return the root key of an operator's secret.

    32 bytes in base64 (either alphabet) or hex are the key itself; anything else of
    16 or more code points goes through Argon2id, which takes about 0.1 s and 64 MiB.

    Raises:
        UnusableSecret: If it is too short or published.
        ValueError: If it is not valid UTF-8.
    """
    if is_published(secret):
        raise UnusableSecret(
            "is published in another swap service's source, so anybody could open its tokens;"
            f" {_MOVE}"
        )
    if _BASE64URL.match(secret):
        return _named(urlsafe_b64decode(secret.rstrip("=") + "="))
    if _BASE64.match(secret):
        return _named(b64decode(secret.rstrip("=") + "="))
    if _HEX.match(secret):
        return _named(bytes.fromhex(secret))
    if len(secret) < SHORTEST_PASSPHRASE:
        raise UnusableSecret(
            f"has fewer than {SHORTEST_PASSPHRASE} characters, so it could be guessed; {_MOVE}"
        )
    return _named(_stretched(_utf8(secret)), from_passphrase=True)


def is_published(secret: str) -> bool:
    """Say whether this secret stands in another service's public repository."""
    return sha256(_utf8(secret)).hexdigest() in _PUBLISHED


def is_fernet_key(secret: str) -> bool:
    """Say whether a secret is 32 bytes in base64url, as Fernet's specification wants it."""
    return _BASE64URL.match(secret) is not None


def _named(root: bytes, *, from_passphrase: bool = False) -> RootKey:
    digest = blake2b(digest_size=6, key=root, person=b"sanic_swap.kid_1").digest()
    return RootKey(root, urlsafe_b64encode(digest).decode(), from_passphrase)


def _stretched(passphrase: bytes) -> bytes:
    # Imported here: only passphrases need it, and start-up time counts.
    from nacl.pwhash import argon2id

    return argon2id.kdf(32, passphrase, _SALT, opslimit=2, memlimit=64 * 1024 * 1024)


def _utf8(secret: str) -> bytes:
    try:
        return secret.encode()
    except UnicodeEncodeError:
        raise ValueError("is not valid UTF-8") from None
