"""The id of a grant that logs may show: it identifies one user's log lines, and nothing else."""

from base64 import urlsafe_b64encode
from hashlib import blake2b, sha256

from sanic_swap.secret import Secret


class GrantIds:
    """Keyed hashes of refresh tokens: 8 characters, equal on every machine.

    The key is made from the client secret, not from the sealing key: ids outlive a change of
    sealing keys, and without the secret nobody can test a token against a log.
    """

    def __init__(self, client_secret: Secret) -> None:
        key = sha256(client_secret.reveal().encode()).digest()
        self._hash = blake2b(digest_size=32, key=key, person=b"sanic_swap.grnt1")

    def of(self, refresh_token: Secret) -> str:
        """Return the id of the grant that *refresh_token* belongs to."""
        return self.name(self.digest(refresh_token))

    def name(self, digest: bytes) -> str:
        """Return the id that begins with *digest*."""
        return urlsafe_b64encode(digest)[:8].decode()

    def digest(self, refresh_token: Secret) -> bytes:
        """Return the 32 bytes whose beginning is the id; no two tokens share them."""
        digest = self._hash.copy()
        digest.update(refresh_token.reveal().encode())
        return digest.digest()
