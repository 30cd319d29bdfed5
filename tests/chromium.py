"""Drives a headless Chromium over its DevTools protocol, for pages that need a script."""

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.programs import need

START_SECONDS = 30
PATIENCE_SECONDS = 30
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0")


class PageFailed(Exception):
    """The browser could not do it, or a script threw."""


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol, and return its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=PATIENCE_SECONDS)
            if message.get("id") == self._number:
                if "error" in message:
                    raise PageFailed(message["error"])
                return dict(message["result"])

    async def run(self, script: str) -> Any:
        """Return the value of a JavaScript expression, awaited if it is a promise."""
        result = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise PageFailed(result["exceptionDetails"])
        return result["result"].get("value")

    async def until(self, condition: str) -> None:
        """Return as soon as a JavaScript expression is true, on whatever page is loaded by then."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await self._holds(condition):
            assert time.monotonic() < deadline, f"{condition} did not come to hold"
            await asyncio.sleep(0.05)

    async def _holds(self, condition: str) -> bool:
        try:
            return bool(await self.run(f"Boolean({condition})"))
        except PageFailed:  # it is being left for another one
            return False


@asynccontextmanager
async def opened(url: str, *options: str) -> AsyncIterator[Page]:
    """Open *url* in a browser of its own, started with further *options*."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            need("chromium"),
            *_OPTIONS,
            *options,
            f"--user-data-dir={profile}",
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            port = await asyncio.wait_for(_port(process), START_SECONDS)
            base = f"http://127.0.0.1:{port}/json"
            async with aiohttp.ClientSession() as client:
                async with client.put(f"{base}/new?{url}") as answer:
                    target = await answer.json()
                async with client.ws_connect(
                    target["webSocketDebuggerUrl"], max_msg_size=0
                ) as socket:
                    yield Page(socket)
        finally:
            process.terminate()
            await process.wait()


async def _port(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(rb"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line):
            return found[1].decode()
    raise AssertionError("Chromium did not start")
