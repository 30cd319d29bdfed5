"""Seals what leaves the process for the store, so that the store's owner learns nothing.

    sealed = key id (8) || nonce (24) || secretbox(expiry u64 || name (32) || value)

The name under which a value is stored is inside too: whoever can write to the store
cannot give one user another's answer. So is the moment after which nobody accepts it.
"""

import time
from collections.abc import Callable, Iterable

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from sanic_swap.sealing.keys import RootKey, SealingContext

_KEY_ID = 8
_NAME = 32
_SKEW_SECONDS = 60  # by which two machines' clocks may differ


class StoreSealer:
    """Seals with the current key, opens with the previous ones too.

    So two machines understand each other as long as each knows the other's current key,
    which is what a change of keys needs anyway.

    Args:
        now: Unix seconds.
    """

    def __init__(
        self,
        current: RootKey,
        context: SealingContext,
        *,
        previous: Iterable[RootKey] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._boxes = {
            key.key_id(context).encode(): SecretBox(key.derived(context, b"sanic_swap.stor1"))
            for key in (*previous, current)
        }
        self._current = current.key_id(context).encode()
        self._now = now

    def seal(self, name: bytes, value: bytes, seconds: float) -> bytes:
        """Return *value* sealed for the next *seconds*, as that of *name* (32 bytes)."""
        until = int(self._now() + seconds + _SKEW_SECONDS)
        plain = until.to_bytes(8, "big") + name + value
        return self._current + bytes(self._boxes[self._current].encrypt(plain))

    def open(self, name: bytes, sealed: bytes) -> bytes | None:
        """Return the value; None if it is not one of ours for *name*, or too old."""
        box = self._boxes.get(sealed[:_KEY_ID])
        if box is None:
            return None
        try:
            plain = box.decrypt(sealed[_KEY_ID:])
        except (CryptoError, ValueError):
            return None
        until, its_name, value = plain[:8], plain[8 : 8 + _NAME], plain[8 + _NAME :]
        if its_name != name or int.from_bytes(until, "big") < self._now():
            return None
        return value
