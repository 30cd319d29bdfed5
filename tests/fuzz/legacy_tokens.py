"""Offers altered tokens of other services to what opens them; nothing unforeseen may happen.

    python -m tests.fuzz.legacy_tokens --count 10000000 --seed 1

A third are altered as text, a third keep their shape and are altered as ciphertext, a third are
noise in a valid shape, so that they reach the ciphers. What opens although it was never sealed
must look like a refresh token, since most of these formats are not authenticated; Fernet's must
not open at all. Exits with 1 if anything else came out, or was raised.
"""

import argparse
import sys
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from random import Random

from sanic_swap.errors import TokenRefused
from sanic_swap.parts import make_sealing
from tests.legacy_sealers import FERNET_KEY, SEALERS, as_pack_m
from tests.reading import read_settings

SECRET = "s3cr3t"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
STRANGE = "+/= .\n\r\t\0\\%'\"éA0\u0661\ud800\U0001f511" + ALPHABET
SETTINGS = {
    "CLIENT_ID": "an-app",
    "CLIENT_SECRET": "shared-with-spotify",
    "CALLBACK_URL": "my-app://callback",
    "ENCRYPTION_SECRET": "ab" * 32,
    "LEGACY_TOKENS": "node,ruby,fernet,plain",
    "LEGACY_SECRETS": f"another one\n{SECRET}\n{FERNET_KEY}",
    "LEGACY_TOKENS_UNTIL": "2999-12-31",
}


def decoded(name: str, token: str) -> bytes:
    match name:
        case "node":
            return bytes.fromhex(token)
        case "ruby":
            return b64decode(token)
        case "fernet":
            return urlsafe_b64decode(token)
        case _:
            return token.encode()


def encoded(name: str, data: bytes) -> str:
    match name:
        case "node":
            return data.hex()
        case "ruby":
            return as_pack_m(data)
        case "fernet":
            return urlsafe_b64encode(data).decode()
        case _:
            return data.decode("latin-1")


def altered_bytes(random: Random, data: bytes, other: bytes) -> bytes:
    place = random.randrange(len(data))
    match random.randrange(6):
        case 0:
            bit = 1 << random.randrange(len(data) * 8)
            return (int.from_bytes(data, "big") ^ bit).to_bytes(len(data), "big")
        case 1:
            return data[:place] + random.randbytes(1) + data[place + 1 :]
        case 2:
            return data[: place // 8 * 8]
        case 3:
            return data + random.randbytes(random.choice((1, 8, 16)))
        case 4:
            return data[: place // 8 * 8] + other[place // 8 * 8 :]
        case _:
            blocks = [data[at : at + 8] for at in range(0, len(data), 8)]
            random.shuffle(blocks)
            return b"".join(blocks)


def altered_text(random: Random, text: str, other: str) -> str:
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(text) + 1)
        text = random.choice(
            (
                text[:place] + random.choice(STRANGE) + text[place + 1 :],
                text[:place] + random.choice(STRANGE) + text[place:],
                text[:place] + text[place + 1 :],
                text[:place] + other[place:],
                text[:place],
                text[:place] + text[place:].swapcase(),
            )
        )
    return text


def noise(random: Random, name: str) -> str:
    match name:
        case "node":
            return random.randbytes(random.randrange(20, 300)).hex()
        case "ruby":
            return b64encode(random.randbytes(8 * random.randrange(3, 40))).decode()
        case "fernet":
            rest = random.randbytes(52 + 16 * random.randrange(2, 12))
            return urlsafe_b64encode(b"\x80\0\0\0\0" + rest).decode()
        case _:
            return "".join(random.choices(ALPHABET + ".+", k=random.randrange(10, 60)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random = Random(arguments.seed)
    opener = make_sealing(read_settings(SETTINGS)).legacy
    tokens = ["AQ" + "".join(random.choices(ALPHABET, k=size)) for size in range(18, 298, 14)]
    corpus = {
        name: [seal(FERNET_KEY if name == "fernet" else SECRET, token) for token in tokens]
        for name, seal in SEALERS.items()
    }
    for name, sealed in corpus.items():
        assert all(opener.open(token).imported == name for token in sealed)
    told: Counter[str] = Counter()
    wrong: list[str] = []
    names = list(SEALERS)
    for offered in range(arguments.count):
        name = names[offered % len(names)]
        sealed, other = random.sample(corpus[name], 2)
        match random.randrange(3):
            case 0:
                kind, token = "text", altered_text(random, sealed, other)
            case 1:
                data = altered_bytes(random, decoded(name, sealed), decoded(name, other))
                kind, token = "bytes", encoded(name, data)
            case _:
                kind, token = "noise", noise(random, name)
        try:
            opened = opener.open(token)
        except TokenRefused:
            told[f"{name}, {kind}: refused"] += 1
            continue
        except Exception as error:  # noqa: BLE001 - what is looked for
            wrong.append(f"{name}, {kind}: {type(error).__name__} for {token!r}")
            continue
        plain = opened.refresh_token.reveal()
        told[f"{name}, {kind}: opened as {opened.imported}"] += 1
        if not 20 <= len(plain) <= 2925 or set(plain) - set(ALPHABET):
            wrong.append(f"{name}, {kind}: opened {token!r}")
        if opened.imported == "fernet" and plain not in tokens:
            wrong.append(f"{name}, {kind}: forged {token!r}")
    for outcome, times in sorted(told.items()):
        print(f"{times:>12,}  {outcome}")
    print(f"{len(wrong):>12,}  lacks a token's shape, was forged, or raised something else")
    for line in wrong[:20]:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
