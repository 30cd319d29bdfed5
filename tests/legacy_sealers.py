"""How other swap services sealed a refresh token, written a second time.

From the services' own description, not from our opener; the vectors say that it is right.
"""

import hashlib
import textwrap
from base64 import b64encode

from cryptography.fernet import Fernet
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

FERNET_KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="


def sealed_by_node(secret: str, token: str) -> str:
    """crypto.createCipher('aes-256-ctr', secret), as hex."""
    first = hashlib.md5(secret.encode()).digest()
    second = hashlib.md5(first + secret.encode()).digest()
    third = hashlib.md5(second + secret.encode()).digest()
    encryptor = Cipher(algorithms.AES(first + second), modes.CTR(third)).encryptor()
    return encryptor.update(token.encode()).hex()


def ruby_blocks(secret: str, padded: bytes) -> bytes:
    """OpenSSL's des-ede3-cbc after pkcs5_keyivgen(secret), of whole blocks."""
    digests = [b""]
    while len(digests) < 3:
        digest = digests[-1] + secret.encode()
        for _ in range(2048):
            digest = hashlib.md5(digest).digest()
        digests.append(digest)
    derived = digests[1] + digests[2]
    return Cipher(TripleDES(derived[:24]), modes.CBC(derived[24:])).encryptor().update(padded)


def as_pack_m(data: bytes) -> str:
    """Array#pack("m"): base64 in lines of 60 characters, each ended."""
    return "".join(f"{line}\n" for line in textwrap.wrap(b64encode(data).decode(), 60))


def sealed_by_ruby(secret: str, token: str) -> str:
    """token.encrypt(:symmetric, password: secret) of encrypted_strings 0.3.3."""
    missing = 8 - len(token) % 8
    return as_pack_m(ruby_blocks(secret, token.encode() + bytes([missing]) * missing))


def sealed_by_fernet(secret: str, token: str) -> str:
    """Fernet(secret).encrypt(token), of this moment."""
    return Fernet(secret).encrypt(token.encode()).decode()


def unsealed(_secret: str, token: str) -> str:
    """What the services do that never sealed."""
    return token


SEALERS = {
    "node": sealed_by_node,
    "ruby": sealed_by_ruby,
    "fernet": sealed_by_fernet,
    "plain": unsealed,
}
