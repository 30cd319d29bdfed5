"""The ciphers of other swap services, which open and never seal.

A key is derived once for each secret, not for each token. Imported only if LEGACY_TOKENS
names a cipher: `cryptography` is an optional extra.
"""

from collections.abc import Callable, Mapping
from hashlib import md5

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR
from cryptography.hazmat.primitives.padding import PKCS7

from sanic_swap.sealing.keys import is_fernet_key
from sanic_swap.sealing.legacy import Opener
from sanic_swap.secret import Secret

_AES_KEY, _AES_BLOCK = 32, 16  # bytes
_DES_KEY, _DES_BLOCK = 24, 8
_PKCS5_ROUNDS = 2048  # the default of Ruby's `pkcs5_keyivgen`


def node_opener(secret: Secret) -> Opener:
    """Open what Node's `crypto.createCipher('aes-256-ctr', secret)` sealed."""
    derived = _key_and_iv(secret, _AES_KEY + _AES_BLOCK, rounds=1)
    cipher = Cipher(AES(derived[:_AES_KEY]), CTR(derived[_AES_KEY:]))

    def open_(sealed: bytes) -> bytes:
        decryptor = cipher.decryptor()
        return decryptor.update(sealed) + decryptor.finalize()

    return open_


def ruby_opener(secret: Secret) -> Opener:
    """Open what Ruby's `encrypted_strings` 0.3.3 sealed: DES-EDE3-CBC by `pkcs5_keyivgen`."""
    derived = _key_and_iv(secret, _DES_KEY + _DES_BLOCK, rounds=_PKCS5_ROUNDS)
    cipher = Cipher(TripleDES(derived[:_DES_KEY]), CBC(derived[_DES_KEY:]))

    def open_(sealed: bytes) -> bytes | None:
        decryptor, unpadder = cipher.decryptor(), PKCS7(_DES_BLOCK * 8).unpadder()
        try:
            padded = decryptor.update(sealed) + decryptor.finalize()
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:  # no whole blocks, or no padding at their end
            return None

    return open_


def fernet_opener(secret: Secret) -> Opener | None:
    """Open Fernet tokens of any age; None if the secret is no Fernet key."""
    key = secret.reveal()
    if not is_fernet_key(key):
        return None
    fernet = Fernet(f"{key[:43]}=")

    def open_(sealed: bytes) -> bytes | None:
        try:
            return fernet.decrypt(sealed)
        except InvalidToken:
            return None

    return open_


OPENERS: Mapping[str, Callable[[Secret], Opener | None]] = {
    "node": node_opener,
    "ruby": ruby_opener,
    "fernet": fernet_opener,
}


def _key_and_iv(secret: Secret, length: int, *, rounds: int) -> bytes:
    """Derive as OpenSSL's EVP_BytesToKey(3) with MD5 and no salt."""
    password = secret.reveal().encode()
    derived = digest = b""
    while len(derived) < length:
        digest += password
        for _ in range(rounds):
            digest = md5(digest, usedforsecurity=False).digest()
        derived += digest
    return derived[:length]
