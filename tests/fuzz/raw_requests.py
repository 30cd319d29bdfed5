"""Sends mutated requests to the real service, as raw bytes; whatever comes, its promises hold.

    python -m tests.fuzz.raw_requests --count 200000 --seed 1

Each connection carries rows of `tests/service/raw_http_cases.py`, broken in one to four places
and often spliced, and then says that it has ended. Before these come requests framed twice: each
byte in each place of a Transfer-Encoding beside a Content-Length, and the other way round, around
a request that must never be answered. Exits with 1 if a connection was not closed, if an answer
was not one of the service's own, if there were more answers than requests, or if the process
logged an error, kept a descriptor or ended.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from random import Random

from fake_spotify import FakeSpotify
from tests.contract.profiles import REGISTRATION
from tests.service.metrics import scraped
from tests.service.raw_client import raw_connection
from tests.service.raw_http_cases import GROUPS, SMUGGLED
from tests.service.running import Running, running_service

# Answers to HEAD cannot be told from others by who has lost count.
BASES = [
    case.sent
    for cases in GROUPS.values()
    for case in cases
    if b"HEAD" not in case.sent and 0 < len(case.sent) < 4000
]
INTERESTING = (
    *(bytes([number]) for number in (*range(33), 34, 44, 45, 58, 59, 92, 127, 128, 133, 160, 255)),
    *("\u0661 \u00b2 \uff16 \u2028 \u017f \u212a".encode().split()),
    *(b"\r\n", b"\r\n ", b"\r\n\t", b"\n", b"\r\r\n", b"\r\n\r\n", b"0\r\n\r\n", b"%00", b"%0d%0a"),
    *(b"chunked", b"identity", b", ", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 1\r\n"),
    *(b"Content-Length: 0\r\n", b"Host: other.example\r\n", b"HTTP/1.0", b"\0" * 64),
    *(b"GET /readyz HTTP/1.1\r\n",),
    *(b"Expect: 100-continue\r\n", b"Connection: keep-alive\r\n", b"Upgrade: h2c\r\n"),
)  # fmt: skip
FRAMING = (b"ncoding", b"ength", b"chunked", b"Host", b"HTTP/1")
CLIENT_SECONDS = 2
THREADS = 4
AT_A_TIME = 2000  # how many are made before they are sent
SPARE_DESCRIPTORS = 5


def mutated(random: Random) -> bytes:
    """Return one connection's bytes."""
    sent = random.choice(BASES)
    if random.random() < 0.3:
        sent += random.choice(BASES)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        sent = _broken(random, sent)
    return sent.replace(b"HEAD", b"HEAP")


def _broken(random: Random, sent: bytes) -> bytes:
    at, end = sorted((random.randint(0, len(sent)), random.randint(0, len(sent))))
    end = min(end, at + 40)
    match random.randrange(9):
        case 0:
            return sent[:at] + random.randbytes(1) + sent[at + 1 :]
        case 1 | 2:
            return sent[:at] + random.choice(INTERESTING) + sent[at:]
        case 3:
            return sent[:at] + sent[end:]
        case 4:
            return sent[:end] + sent[at:end] + sent[end:]
        case 5:
            return sent[:at] + random.choice(BASES)[-len(sent) :]
        case 6:
            return sent[:at] + sent[at:end].swapcase() + sent[end:]
        case 7:
            lines = sent.split(b"\r\n")
            lines.insert(random.randint(1, len(lines)), random.choice(lines))
            return b"\r\n".join(lines)
        case _:
            # Where what frames a message is spelled, one byte more.
            at = max(0, sent.find(random.choice(FRAMING)) + random.randint(-3, 12))
            return sent[:at] + random.choice(INTERESTING) + sent[at:]


def framed_twice() -> Iterator[bytes]:
    """Yield requests of which a proxy and a server may see another end; one is in each."""
    coding, length = b"Transfer-Encoding: chunked", b"Content-Length: %d"
    body = b"0\r\n\r\n" + SMUGGLED
    for broken, whole in ((coding, length % len(body)), (length % 5, coding)):
        for at in range(len(broken) + 1):
            for number in range(256):
                for end in {at, min(at + 1, len(broken))}:
                    field = broken[:at] + bytes([number]) + broken[end:]
                    for fields in ((field, whole), (whole, field)):
                        lines = (b"POST /swap HTTP/1.1", b"Host: a", *fields, b"", b"")
                        yield b"\r\n".join(lines) + body


def problems_of(url: str, sent: bytes, most: int, seen: Counter[str]) -> Iterator[str]:
    """Send it, and say what is wrong with what comes back."""
    try:
        with raw_connection(url, CLIENT_SECONDS + 3) as connection:
            connection.send(sent)
            connection.say_no_more()
            answers = 0
            while (answer := connection.read()) is not None:
                seen[str(answer.status)] += 1
                answers += answer.status != 100
                yield from answer.problems(sent)
            seen["none"] += not answers
            if answers > most:
                yield f"had {answers} answers"
    except (TimeoutError, ValueError) as problem:
        yield f"left with {problem!r}"


def descriptors(service: Running) -> int:
    """Return how many are open, as its metrics count them (Linux); /proc hides them from others."""
    return int(scraped(service)["process_open_fds",])


def memory_mb(service: Running) -> float:
    """Return the resident size (Linux)."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def send_all(
    service: Running, every: Iterator[tuple[bytes, int]], seen: Counter[str]
) -> tuple[int, list[str]]:
    """Send all of them; count them, and return what was wrong."""
    number, problems = 0, []

    def tried(sent_and_most: tuple[bytes, int]) -> list[str]:
        sent, most = sent_and_most
        return [f"{problem}: {sent!r}" for problem in problems_of(service.url, sent, most, seen)]

    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(every, AT_A_TIME)):
            number += len(some)
            for found in pool.map(tried, some):
                problems += found
    return number, problems


def mutants(random: Random, count: int) -> Iterator[tuple[bytes, int]]:
    """Yield *count* broken requests, each with the most answers that may come."""
    for _ in range(count):
        sent = mutated(random)
        # Each request but the last, which may be hopeless from its first byte, has a version.
        yield sent, sent.count(b"HTTP/1.") + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    settings = {
        "CLIENT_TIMEOUT": str(CLIENT_SECONDS), "LEGACY_TOKENS": "none", "UNKNOWN_KEY": "reject",
        "LOG_LEVEL": "info", "METRICS_PORT": "0",
    }  # fmt: skip
    with (
        FakeSpotify(**REGISTRATION) as spotify,
        running_service(spotify.accounts_url, **settings) as service,
    ):
        seen: Counter[str] = Counter()
        framed, problems = send_all(service, ((sent, 1) for sent in framed_twice()), seen)
        before = (descriptors(service), memory_mb(service))
        broken, more = send_all(service, mutants(Random(options.seed), options.count), seen)
        problems += more
        time.sleep(CLIENT_SECONDS + 1)
        after = (descriptors(service), memory_mb(service))
        log = service.log()
        longest = max(map(len, log.splitlines()))
        if service.process.poll() is not None:
            problems.append("the process has ended")
        if after[0] > before[0] + SPARE_DESCRIPTORS:
            problems.append(f"descriptors: {before[0]}, then {after[0]}")
        problems += [f"logged: {line}" for line in log.splitlines() if is_trouble(line)]
    for problem in problems[:20]:
        print(problem)
    print(f"{framed} framed twice, {broken} broken, seed {options.seed}: {len(problems)} problems")
    print("answers:", ", ".join(f"{what}: {number}" for what, number in seen.most_common()))
    print(f"descriptors {before[0]} → {after[0]}, memory {before[1]:.1f} → {after[1]:.1f} MB,")
    print(f"longest line of the log {longest} characters")
    sys.exit(bool(problems))


def is_trouble(line: str) -> bool:
    """Say whether a line of the log tells of a mistake of ours."""
    return "Traceback" in line or "Unhandled" in line or '"level": "error"' in line


if __name__ == "__main__":
    main()
