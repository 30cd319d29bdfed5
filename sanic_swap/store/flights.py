"""Joins equal refreshes of several machines: one calls Spotify, the others wait for its answer.

Whoever acquires the lease calls Spotify. A lease belongs to one flight (a random token),
ends by itself when that flight's deadline is over, and is given up together with the answer.
That answer is for those who waited for just this lease; later refreshes acquire their own.
An error is not shared: the next one who waits acquires the lease.
"""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_hex

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from sanic_swap.errors import SpotifyTooSlow, StoreLost
from sanic_swap.sealing.key_ring import OpenedToken
from sanic_swap.sealing.keys import RootKey, SealingContext
from sanic_swap.secret import Secret
from sanic_swap.spotify.answer import TokenAnswer
from sanic_swap.store.redis import RedisStore
from sanic_swap.swap.sharing import CallSpotify, Refreshed
from sanic_swap.trace import RequestTrace

_ANSWER_SECONDS = 5.0  # in which those who wait fetch it
_POLL_SECONDS = 0.03
# Beyond the deadline: Spotify's own one, which tells the breaker, has to come first.
_GRACE_SECONDS = 0.2
_KEY_ID, _NAME = 8, 32  # bytes
_SKEW_SECONDS = 60  # by which two machines' clocks may differ

# KEYS: lease, answer to the lease that was awaited, answer after a rotation.
# ARGV: token, milliseconds of the lease. Returns an answer or nothing, and whose the lease is.
_ACQUIRE = """
local answer = redis.call('GET', KEYS[2]) or redis.call('GET', KEYS[3])
if answer then return {answer, ''} end
if redis.call('HSETNX', KEYS[1], 'token', ARGV[1]) == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], 'is_awaited', '1')
end
return {'', redis.call('HGET', KEYS[1], 'token')}
"""
# KEYS: lease, where the answer goes.
# ARGV: token, answer or nothing, its milliseconds, 1 if it is kept though nobody waits for it.
_GIVE_UP = """
local lease = redis.call('HMGET', KEYS[1], 'token', 'is_awaited')
if lease[1] == ARGV[1] then redis.call('DEL', KEYS[1]) end
if ARGV[2] ~= '' and (lease[2] or ARGV[4] == '1') then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
"""


class StoreSealer:
    """Seals what leaves the process for the store, so that the store's owner learns nothing.

        sealed = key id (8) || nonce (24) || secretbox(expiry u64 || name (32) || value)

    The name under which a value is stored is inside too: whoever can write to the store
    cannot give one user another's answer. So is the moment after which nobody accepts it.

    Args:
        keys: Newest first; that one seals, any opens. So two machines understand each other as
            long as each knows the other's newest key, which a change of keys needs anyway.
    """

    def __init__(
        self,
        keys: Sequence[RootKey],
        context: SealingContext,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._boxes = {
            key.key_id(context).encode(): SecretBox(key.derived(context, b"sanic_swap.stor1"))
            for key in keys
        }
        self._current = keys[0].key_id(context).encode()
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
        is_good = its_name == name and int.from_bytes(until, "big") >= self._now()
        return value if is_good else None


class StoreFlights:
    """Refreshes of all machines that have this store.

    Args:
        timeout_seconds: The longest that a refresh may take, waiting for others included.
    """

    def __init__(
        self,
        store: RedisStore,
        sealer: StoreSealer,
        *,
        timeout_seconds: float,
        replay_seconds: float,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._timeout_seconds = timeout_seconds
        self._lease_ms = int((timeout_seconds + _GRACE_SECONDS) * 1000)
        self._replay_seconds = replay_seconds
        self._acquire = store.script(_ACQUIRE, _read_lease)
        self._give_up = store.script(_GIVE_UP, lambda _: None)
        self.joined = 0  # refreshes that got what another machine had called Spotify for

    async def refresh(
        self, call: CallSpotify, digest: bytes, opened: OpenedToken, trace: RequestTrace
    ) -> Refreshed:
        """Return what *call* returns, here or on another machine; raise what it raises here."""
        token = token_hex(16)
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds + _GRACE_SECONDS
        acquired, refreshed = False, None
        try:
            async with asyncio.timeout_at(deadline):
                with suppress(StoreLost):
                    shared = await self._wait_for_lease(digest, token)
                    if shared is not None:
                        self.joined += 1
                        return shared
                    acquired = True
                refreshed = await call(digest, opened, trace)
                return refreshed
        except TimeoutError:
            acquired = False  # the lease ends by itself now
            text = f"Spotify gave no answer within {self._timeout_seconds:g} s"
            raise SpotifyTooSlow(text) from None
        finally:
            if acquired:
                await self._finish(digest, token, refreshed)

    async def _wait_for_lease(self, digest: bytes, token: str) -> Refreshed | None:
        """Return another machine's answer; None if it is this one's turn to call Spotify."""
        holder = ""
        while True:
            answer, holder = await self._store.run(
                self._acquire, _keys(digest, holder), [token, self._lease_ms]
            )
            if answer:
                return self._read(digest, answer)
            if holder == token:
                return None
            await asyncio.sleep(_POLL_SECONDS)

    async def _finish(self, digest: bytes, token: str, refreshed: Refreshed | None) -> None:
        """Give up the lease, and share the answer if there is one."""
        lease, answer, rotation = _keys(digest, token)
        seconds, is_for_all, sealed = _ANSWER_SECONDS, False, b""
        if refreshed is not None:
            if refreshed.is_rotation and self._replay_seconds:
                answer, seconds, is_for_all = rotation, self._replay_seconds, True
            sealed = self._sealer.seal(digest, _written(refreshed), seconds)
        arguments = (token, sealed, int(seconds * 1000), int(is_for_all))
        with suppress(StoreLost):
            await self._store.run(self._give_up, [lease, answer], arguments)

    def _read(self, digest: bytes, sealed: bytes) -> Refreshed:
        written = self._sealer.open(digest, sealed)
        match None if written is None else json.loads(written):
            case [[plain, [*unsaid], before, after], seal, int(since), bool(is_rotation)]:
                token = None if plain is None else Secret(plain)
                answer = TokenAnswer(token, unsaid, before, after)
                return Refreshed(answer, seal, since, is_rotation)
        raise StoreLost("an answer of other keys or another version")  # so call Spotify here


def _read_lease(answer: object) -> tuple[bytes, str]:
    match answer:
        case [bytes(shared), bytes(holder)]:
            return shared, holder.decode("ascii")
    raise ValueError


def _written(refreshed: Refreshed) -> bytes:
    answer = refreshed.answer
    plain = None if answer.refresh_token is None else answer.refresh_token.reveal()
    parts = (plain, answer.unsaid, answer.before, answer.after)
    members = (refreshed.sealed, refreshed.authorized_at, refreshed.is_rotation)
    return json.dumps([parts, *members]).encode()


def _keys(digest: bytes, token: str) -> list[str]:
    # The braces keep the keys of one script on one node of a cluster.
    prefix = f"sanic-swap:{{{urlsafe_b64encode(digest).decode()}}}"
    return [f"{prefix}:lease", f"{prefix}:answer:{token}", f"{prefix}:rotation"]
