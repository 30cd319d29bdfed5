"""Opens tokens of other swap services, which it recognises by their shape; never seals one.

Reading a shape undoes what is known to happen to such tokens in apps, forms and shells. Each
shape is as narrow as a refresh token of 20 to 2925 characters inside allows.
"""

import re
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.sealing.key_ring import LONGEST_REFRESH_TOKEN, OpenedToken
from sanic_swap.secret import Secret

# From what a service handed out to what it had sealed; None if it cannot be that. Most of
# these services did not authenticate, so the result must be checked.
Opener = Callable[[bytes], bytes | None]

CIPHERED = frozenset({"node", "ruby", "fernet"})  # need a secret and a library
UNAUTHENTICATED = frozenset({"node", "ruby", "plain"})  # anybody can make tokens that open
_LONGEST = LONGEST_REFRESH_TOKEN
# What a wrong secret or an altered token gives must not reach Spotify.
_REFRESH_TOKEN = rb"[A-Za-z0-9_-]{20,%d}" % _LONGEST
# AES-256-CTR in hex: as many bytes out as in.
_NODE = rf"(?:[0-9a-f]{{2}}){{20,{_LONGEST}}}"
# Version byte 0x80 and the upper bytes of a time stamp; at least one 32-byte ciphertext.
_FERNET = r"(gAAAA[A-Za-z0-9_-]{113,})={0,2}"
_PLAIN = rf"AQ[A-Za-z0-9_-]{{18,{_LONGEST - 2}}}"
_BASE64 = r"[A-Za-z0-9+/]{32,3904}"
_DES_BLOCK = 8
_RUBY_LINE = 60  # characters, before the newline that wraps them
# A newline as two characters, a quote or slash that somebody escaped; escaped again or not.
_ESCAPES = r"\\[nrt]?"
_LINE_ENDS = str.maketrans("", "", "\r\n")


class LegacyTokens(NamedTuple):
    """Opens the tokens of some other services."""

    openers: Mapping[str, Sequence[Opener]]  # for each secret, by format; other ones are refused
    hold: bool = False  # whether all are held, because LEGACY_TOKENS is not set
    closes_at: float | None = None  # Unix seconds from which on none opens
    reseal: bool = True  # whether they go back sealed as ours
    now: Callable[[], float] = time.time

    def open(self, as_sent: str) -> OpenedToken:
        """Return the content of a token *as_sent*, with the blanks around it; its age is unknown.

        Raises:
            TokenRefused: If it does not open, or has no known shape.
            TokenHeld: If it has a known shape, and LEGACY_TOKENS is not set.
        """
        if self.hold and (shape := shape_of(as_sent)):
            until = " and LEGACY_TOKENS_UNTIL" if shape in UNAUTHENTICATED else ""
            raise TokenHeld(
                f"the token looks like another swap service's ({shape}). If you have moved here"
                f" from one, set LEGACY_TOKENS={shape}{until}; otherwise LEGACY_TOKENS=none",
                shape,
                reason="legacy_unset",
                is_known=True,
            )
        is_over = self.closes_at is not None and self.now() >= self.closes_at
        for name, sealed in () if is_over else readings(as_sent):
            for open_ in self.openers.get(name, ()):
                plain = open_(sealed)
                if plain is not None and re.fullmatch(_REFRESH_TOKEN, plain):
                    token = Secret(plain.decode("ascii"))
                    return OpenedToken(token, 0, 0, None, not self.reseal, imported=name)
        # For the log: what it is that does not open. Some apps confuse their two tokens.
        if re.fullmatch(r"BQ[A-Za-z0-9_-]{98,}", as_sent.strip()):
            raise TokenRefused("access_token")
        raise TokenRefused("other_service" if shape_of(as_sent) else "not_a_token")

    def is_guessable(self, as_sent: str) -> bool:
        """Say whether a token may be of a format that is opened though nothing proves it."""
        wanted = UNAUTHENTICATED & self.openers.keys()
        return bool(wanted) and any(name in wanted for name, _ in readings(as_sent))


def shape_of(as_sent: str) -> str | None:
    """Name the service that most likely made a token: node, fernet, plain, ruby, or None."""
    names = {name for name, _ in readings(as_sent)}
    return next((name for name in ("node", "fernet", "plain", "ruby") if name in names), None)


def readings(as_sent: str) -> Iterator[tuple[str, bytes]]:
    """Yield each service that may have made a token, and the bytes that it sealed it to.

    There may be several: a token of the Ruby service can look like a plain one, and the
    other way round. Those whose content can be checked come first.

    Args:
        as_sent: With the blanks around it, which may be part of a Ruby service's token.
    """
    text = _tidied(as_sent)
    bare = text.strip()
    if re.fullmatch(_NODE, bare):
        yield "node", bytes.fromhex(bare)
    if match := re.fullmatch(_FERNET, bare):
        yield "fernet", _padded(match[1]).encode()
    for blocks in _des_blocks(text):
        yield "ruby", blocks
    if re.fullmatch(_PLAIN, bare):
        yield "plain", bare.encode()


def _tidied(text: str) -> str:
    if "%" in text:  # percent-encoded once more than it was decoded
        text = unquote(text)
    text = re.sub(_ESCAPES, "", text).translate(_LINE_ENDS)
    # Blanks outside quotes are no part of the token; a blank inside may be.
    bare = text.strip()
    inner = bare.strip("\"'")
    return text if inner == bare else inner


def _des_blocks(text: str) -> Iterator[bytes]:
    for spelled in dict.fromkeys(_without_blanks(text)):
        packed = spelled.rstrip("=")
        if re.fullmatch(_BASE64, packed) and len(packed) % 4 != 1:
            blocks = b64decode(_padded(packed))
            if len(blocks) % _DES_BLOCK == 0:
                yield blocks


def _without_blanks(text: str) -> Iterator[str]:
    """Yield what base64 may have been before "+" or line ends became blanks."""
    for edged in (text, text.lstrip(), text.rstrip(), text.strip()):
        yield edged.replace(" ", "+")
        if not edged[_RUBY_LINE :: _RUBY_LINE + 1].strip():
            starts = range(0, len(edged), _RUBY_LINE + 1)
            lines = (edged[start : start + _RUBY_LINE] for start in starts)
            yield "".join(lines).replace(" ", "+")
        yield edged.replace(" ", "")


def _padded(base64: str) -> str:
    return base64 + "=" * (-len(base64) % 4)
