"""An accounts service that takes its time, and counts how many requests wait for it at once."""

import argparse
import asyncio
import json
from pathlib import Path

_CONTENT_LENGTH = b"content-length:"


class Waiting:
    """How many requests are being waited for now, and at the most so far."""

    def __init__(self) -> None:
        self.now = 0
        self.peak = 0

    def enter(self) -> None:
        self.now += 1
        self.peak = max(self.peak, self.now)

    def leave(self) -> None:
        self.now -= 1


class SlowAnswers(asyncio.Protocol):
    """One connection: each complete request is answered after the delay."""

    def __init__(self, waiting: Waiting, delay_seconds: float, answer: bytes) -> None:
        self._waiting = waiting
        self._delay_seconds = delay_seconds
        self._answer = answer
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _body_bytes(head):
            return
        self._received = b""
        loop = asyncio.get_running_loop()
        if head.startswith(b"GET "):
            self._send(json.dumps(vars(self._waiting)).encode())
            # Whoever reads the counters begins a new count.
            self._waiting.peak = self._waiting.now
            return
        self._waiting.enter()
        loop.call_later(self._delay_seconds, self._answer_now)

    def _answer_now(self) -> None:
        self._waiting.leave()
        self._send(self._answer)

    def _send(self, body: bytes) -> None:
        if not self._transport.is_closing():
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            self._transport.write(f"{head}{len(body)}\r\n\r\n".encode() + body)


def _body_bytes(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_CONTENT_LENGTH):
            return int(line[len(_CONTENT_LENGTH) :])
    return 0


async def _serve(port: int, delay_seconds: float, answer: bytes) -> None:
    waiting = Waiting()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SlowAnswers(waiting, delay_seconds, answer), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("delay_seconds", type=float)
    parser.add_argument("answer", type=Path, help="file with the body of every answer")
    arguments = parser.parse_args()

    import uvloop

    answer = arguments.answer.read_bytes()
    uvloop.run(_serve(arguments.port, arguments.delay_seconds, answer))


if __name__ == "__main__":
    main()
