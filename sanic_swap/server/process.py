"""Run the service in this process: start, serve, drain.

Sanic's runners are not used: the worker manager does not restart a killed worker, and both lose
requests when a second signal arrives during the drain.
"""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Collection
from contextlib import suppress
from functools import partial

import uvloop

from sanic_swap.app import make_app
from sanic_swap.logs import iso_utc, log
from sanic_swap.parts import Parts
from sanic_swap.server import kernel
from sanic_swap.server.connection import Connection, Places
from sanic_swap.settings.table import Settings

_BACKLOG = 4096
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_POLL_SECONDS = 0.02
_ACCEPT_SECONDS = 1.0  # for the kernel's queue; it takes milliseconds
_REFUSE_SECONDS = 0.5  # to send 503 to unfinished requests


def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT, then drain; raise CannotListen if that fails."""
    kernel.forbid_core_dumps()
    if (finding := kernel.allow_open_files(settings)) is not None:
        log.warning("%s", finding)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_soon(*_: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    # Not by `loop.add_signal_handler`: its removal gives way to the default for a moment, and a
    # signal in it would end the process.
    for number in _SIGNALS:
        signal.signal(number, stop_soon)
    parts = Parts(settings)
    revoked = {"revoke_before": iso_utc(settings.revoke_before)} if settings.revoke_before else {}
    log.info("keys", extra={"fields": settings.key_ids_in_use | revoked})
    async with parts.opened():
        await _serve(parts, stop)
    log.info("stopped")
    # Python prints a traceback if a signal comes just as its handler is replaced.
    sys.unraisablehook = lambda _: None
    for number in _SIGNALS:  # a signal while Python shuts down must not change the exit code
        signal.signal(number, signal.SIG_IGN)


async def _serve(parts: Parts, stop: asyncio.Event) -> None:
    settings, readiness, app = parts.settings, parts.readiness, make_app(parts)
    loop, places = asyncio.get_running_loop(), Places(kernel.most_connections(settings))
    if parts.metrics is not None:
        # Imported here: the library takes time to load, and most services do without.
        from sanic_swap.monitoring.state import of_connections

        state = partial(of_connections, places.limit, places.by_state, places.reclaimed)
        parts.metrics.read_from(state)
    listener = kernel.bound(
        settings.host, settings.port, settings.client_timeout, reuse_port=settings.reuse_port
    )
    await app._startup()  # noqa: SLF001 - Sanic's own servers call it
    protocol = partial(Connection, readiness, settings.client_timeout, places, loop=loop, app=app)
    server = await loop.create_server(protocol, sock=listener, backlog=_BACKLOG)
    # What exists now stays, and requests leave almost no cycles: collect garbage less often.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
    readiness.phase = "ready"

    def announce() -> None:
        host, port, *_ = listener.getsockname()
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        log.info("listening", extra={"fields": {"url": url}})

    # Requests are answered meanwhile, but whoever waits for this line waits for /readyz too.
    async with parts.credentials.watched(announce):
        await stop.wait()
    readiness.phase = "draining"
    log.info("draining", extra={"fields": {"seconds": settings.drain_seconds}})
    await asyncio.sleep(settings.drain_delay)
    await _empty_queue(listener)
    server.close()
    await _close_quiet(places.occupants, settings.drain_seconds)
    for connection in tuple(places.occupants):
        connection.give_up()
    await _close_quiet(places.occupants, _REFUSE_SECONDS)


async def _empty_queue(listener: socket.socket) -> None:
    """Accept the connections in the kernel's queue: closing the listener would reset them."""
    kernel.drop_new_connections(listener)
    with suppress(TimeoutError):
        async with asyncio.timeout(_ACCEPT_SECONDS):
            while kernel.is_readable(listener):  # noqa: ASYNC110 - the event loop accepts them
                await asyncio.sleep(0)


async def _close_quiet(connections: Collection[Connection], seconds: float) -> None:
    """Close each connection as soon as it is quiet, for at most so many *seconds*."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while connections:  # a closed one stays among them until its last bytes are sent
                for connection in tuple(connections):
                    connection.close_if_quiet()
                await asyncio.sleep(_POLL_SECONDS)
