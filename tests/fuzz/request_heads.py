"""Feeds mutated heads to our reader and to Sanic's: what ours takes, Sanic's reads the same.

    python -m tests.fuzz.request_heads --count 500000 --seed 1

Sanic's parser takes more than RFC 9112 allows, so only what ours takes is compared: method,
target, version, fields, body and keep-alive. Exits with 1 if anything differs.
"""

import argparse
import asyncio
import re
import sys
from collections import Counter
from random import Random
from typing import Any

from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.http import Http
from sanic.server.protocols.http_protocol import HttpProtocol

from sanic_swap.server.grammar import Head, Malformed, read_head
from tests.fuzz.raw_requests import mutated

_CODING = re.compile(rb"\Atransfer-encoding:.*", re.IGNORECASE)


def head_of(sent: bytes) -> bytes:
    """Return what stands before the first empty line."""
    return sent.partition(b"\r\n\r\n")[0]


class SanicReader:
    """Sanic's own parser of heads, as an application has it that has started."""

    def __init__(self) -> None:
        self._app: Sanic[Any, Any] = Sanic("heads", configure_logging=False)
        Http.set_header_max_size(1 << 20)

    async def start(self) -> None:
        """Make the parser ready; before that it refuses everything."""
        self._app.get("/")(lambda _: None)
        await self._app._startup()

    async def read(self, head: Head, sent: bytes) -> dict[str, object] | None:
        """
        Return what Sanic understands of *sent*, None if it refuses it.

        What it does not understand is spelled for it: an absolute target, a later version, blanks
        behind values, the coding in capitals.
        """
        line, *fields = sent.split(b"\r\n")
        method, _, _ = line.split(b" ")
        lines = (b"%b %b HTTP/%b" % (method, head.target, head.version.encode()), *fields)
        spelled = b"\r\n".join(_CODING.sub(_lowered, field.rstrip(b" \t")) for field in lines)
        protocol = HttpProtocol(loop=asyncio.get_running_loop(), app=self._app)
        protocol.recv_buffer = bytearray(spelled + b"\r\n\r\n")
        http = Http(protocol)
        http.init_for_request()
        try:
            await http.http1_request_header()
        except SanicException:
            return None
        request = http.request
        return {
            "method": request.method,
            "target": request.raw_url,
            "version": request.version,
            "fields": [(name.lower(), value.strip()) for name, value in request.headers.items()],
            "body": (bool(http.request_body), http.request_bytes_left),
            "keep_alive": http.keep_alive,
        }


def as_sanic_says(head: Head) -> dict[str, object]:
    """Return what ours understood in the same form."""
    names = {name for name, _ in head.fields}
    is_framed = not names.isdisjoint({"content-length", "transfer-encoding"})
    return {
        "method": head.method,
        "target": head.target,
        "version": head.version,
        # Sanic takes blanks of all scripts off the front; HTTP has two.
        "fields": [
            (name, value.lower() if name == "transfer-encoding" else value.strip())
            for name, value in head.fields
        ],
        "body": (is_framed, head.length or 0),
        "keep_alive": head.keep_alive,
    }


def _lowered(coding: re.Match[bytes]) -> bytes:
    return coding[0].lower()


async def differences(random: Random, count: int, seen: Counter[str]) -> list[str]:
    """Compare *count* mutated heads."""
    sanic = SanicReader()
    await sanic.start()
    found = []
    for _ in range(count):
        sent = head_of(mutated(random))
        try:
            head = read_head(sent)
        except Malformed:
            seen["refused"] += 1
            continue
        if head.expectation not in (None, "100-continue"):
            seen["with an unknown expectation"] += 1
            continue
        seen["taken"] += 1
        ours, theirs = as_sanic_says(head), await sanic.read(head, sent)
        if ours != theirs:
            found.append(f"{sent!r}\n  ours:    {ours}\n  Sanic's: {theirs}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seen: Counter[str] = Counter()
    found = asyncio.run(differences(Random(options.seed), options.count, seen))
    for difference in found[:20]:
        print(difference)
    print(f"seed {options.seed}: {dict(seen)}, {len(found)} differences")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
