"""Offers mutated `s1.` tokens to the key ring; none may open, nothing unforeseen be raised.

    python -m tests.fuzz.sealed_tokens --count 10000000 --seed 1

Every second one keeps a valid prefix, a known key id and canonical base64url of a valid
length, so that it reaches the authenticator; the others are broken as text. Exits with 1 if
one opened or raised anything but a refusal.
"""

import argparse
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from random import Random

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.secret import Secret

HEAD = len("s1.12345678.")
SMALLEST, LARGEST = 104, 3000  # bytes of nonce and ciphertext that the format's rule lets through
CONTEXT = SealingContext("a-client", "https://accounts.spotify.com")
KEYS = [root_key(digit * 64) for digit in "123"]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
STRANGE = "+/= .\n\r\t\0%é\u0661\U0001f511sS1" + ALPHABET

Mutation = Callable[[Random, bytes, bytes], bytes]


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def bit(random: Random, data: bytes, _: bytes) -> bytes:
    place = random.randrange(len(data) * 8)
    return (int.from_bytes(data, "big") ^ 1 << place).to_bytes(len(data), "big")


def byte(random: Random, data: bytes, _: bytes) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + random.randbytes(1) + data[place + 1 :]


def shorter(random: Random, data: bytes, _: bytes) -> bytes:
    return data[: -random.randrange(1, 65)]


def longer(random: Random, data: bytes, other: bytes) -> bytes:
    return data + random.choice((random.randbytes(64), other, bytes(64)))[: random.randrange(1, 65)]


def swapped_blocks(random: Random, data: bytes, _: bytes) -> bytes:
    first, second = sorted(random.sample(range(24, len(data) - 16), 2))
    return data[:first] + data[second : second + 16] + data[first:second] + data[second + 16 :]


def others_nonce(_: Random, data: bytes, other: bytes) -> bytes:
    return other[:24] + data[24:]


def others_authenticator(_: Random, data: bytes, other: bytes) -> bytes:
    return data[:24] + other[24:40] + data[40:]


def noise(random: Random, data: bytes, _: bytes) -> bytes:
    return random.randbytes(len(data))


BYTES: list[Mutation] = [
    bit,
    byte,
    shorter,
    longer,
    swapped_blocks,
    others_nonce,
    others_authenticator,
    noise,
]


def broken_text(random: Random, sealed: str, other: str) -> str:
    place = random.randrange(len(sealed))
    match random.randrange(9):
        case 0:
            return sealed[:place] + random.choice(STRANGE) + sealed[place + 1 :]
        case 1:
            return sealed[:place] + random.choice(STRANGE) + sealed[place:]
        case 2:
            return sealed[:place] + sealed[place + 1 :]
        case 3:
            return sealed[:place] + other[place:]
        case 4:
            return sealed[:place]
        case 5:
            return sealed + "=" * random.randrange(1, 4)
        case 6:
            return sealed[:place] + sealed[place:].swapcase()
        case 7:  # the spare bits of the last character: decodes alike, is spelled otherwise
            return sealed[:-1] + random.choice(ALPHABET)
        case _:
            return "s1." + "".join(random.choices(ALPHABET, k=8)) + sealed[HEAD - 1 :]


def mutated(random: Random, corpus: list[str], count: int) -> tuple[str, str]:
    """Return the kind of a mutation, and a token that was never sealed."""
    sealed, other = random.sample(corpus, 2)
    if count % 2:
        return "text", broken_text(random, sealed, other)
    mutate = random.choice(BYTES)
    data, others = (urlsafe_b64decode(token[HEAD:] + "==") for token in (sealed, other))
    changed = mutate(random, data, others)
    if not SMALLEST <= len(changed) <= LARGEST:
        changed = bit(random, data, others)
    key_id = random.choice(KEYS).key_id(CONTEXT) if random.random() < 0.1 else sealed[3 : HEAD - 1]
    return "authenticator", f"s1.{key_id}.{encoded(changed)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random = Random(arguments.seed)
    rings = [KeyRing([key], CONTEXT) for key in KEYS]
    tokens = ["".join(random.choices(ALPHABET, k=size)) for size in range(1, 700, 7)]
    corpus = [
        random.choice(rings).seal(Secret(token), random.randrange(2**33))
        for token in tokens
        for _ in range(4)
    ]
    known = frozenset(corpus)
    ring = KeyRing(KEYS, CONTEXT)
    for sealed in corpus:
        ring.open(sealed)
    told: Counter[str] = Counter()
    wrong: list[str] = []
    offered = 0
    while offered < arguments.count:
        kind, token = mutated(random, corpus, offered)
        if token in known:
            continue
        offered += 1
        try:
            ring.open(token)
        except TokenRefused:
            told[f"{kind}: refused"] += 1
        except TokenHeld:
            told[f"{kind}: held, its key is unknown"] += 1
        except Exception as error:  # noqa: BLE001 - what is looked for
            wrong.append(f"{kind}: {type(error).__name__} for {token!r}")
        else:
            wrong.append(f"{kind}: opened {token!r}")
    for outcome, times in sorted(told.items()):
        print(f"{times:>12,}  {outcome}")
    print(f"{len(wrong):>12,}  opened, or raised something else")
    for line in wrong[:20]:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
