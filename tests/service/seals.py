"""Seals and opens `s1.` tokens of any age and key, from nothing but the format's description."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from secrets import token_bytes

from nacl.secret import SecretBox

from tests.contract.profiles import CLIENT_ID
from tests.service.running import KEY

_BLOCK = 64
_HEAD = 19  # bytes before the token: version, times of sealing and authorization, length


def new_secret() -> str:
    """Return what `sanic-swap keygen` prints: 32 random bytes in base64url."""
    return _encoded(token_bytes(32))


def key_id(secret: str, origin: str, client_id: str = CLIENT_ID) -> str:
    """Return the public name of a key, for one app at one Spotify."""
    context = _counted(client_id) + _counted(origin)
    named = blake2b(context, digest_size=6, key=_root(secret), person=b"sanic_swap.kid_1").digest()
    return _encoded(bytes([named[0] & 0x7F]) + named[1:])


def seal(
    token: str, authorized_at: int, origin: str, secret: str = KEY, client_id: str = CLIENT_ID
) -> str:
    """
    Return *token* as the service would have sealed it.

    Args:
        authorized_at: Unix time, in seconds; 0 if nobody knows.
        origin: What SPOTIFY_ACCOUNTS_URL is set to.
    """
    payload = b"\1" + bytes(8) + authorized_at.to_bytes(8, "big") + _counted(token)
    payload += bytes(-len(payload) % _BLOCK)
    sealed = _box(secret, client_id, origin).encrypt(payload)
    return f"s1.{key_id(secret, origin, client_id)}.{_encoded(sealed)}"


def opened(sealed: str, origin: str, secret: str = KEY) -> tuple[str, int]:
    """Return the token that *sealed* holds, and when it was authorized."""
    prefix, named, encoded = sealed.split(".")
    assert (prefix, named) == ("s1", key_id(secret, origin))
    payload = _box(secret, CLIENT_ID, origin).decrypt(_decoded(encoded))
    end = _HEAD + int.from_bytes(payload[_HEAD - 2 : _HEAD], "big")
    assert payload[0] == 1
    assert not any(payload[end:])
    return payload[_HEAD:end].decode(), int.from_bytes(payload[9:17], "big")


def _box(secret: str, client_id: str, origin: str) -> SecretBox:
    context = _counted(client_id) + _counted(origin)
    key = blake2b(context, digest_size=32, key=_root(secret), person=b"sanic_swap.seal1").digest()
    return SecretBox(key)


def _root(secret: str) -> bytes:
    return bytes.fromhex(secret) if len(secret) == 2 * 32 else _decoded(secret)


def _counted(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
