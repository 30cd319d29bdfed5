"""Run one process, from its first signal handler to its last answer.

Sanic's own runners are not used: the worker manager does not restart a killed worker, and both
lose requests when a second signal arrives during the drain.
"""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Collection
from functools import partial

from sanic_swap.app import make_app
from sanic_swap.logs import log
from sanic_swap.parts import Parts, make_parts
from sanic_swap.server.connection import Connection
from sanic_swap.server.listener import bound, drop_new_connections, is_readable
from sanic_swap.settings.table import Settings
from sanic_swap.web.ops import Phase, Readiness

_BACKLOG = 4096
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_POLL_SECONDS = 0.02
_ACCEPT_SECONDS = 1.0  # for the kernel's queue; it takes milliseconds
_LAST_WORD_SECONDS = 0.5  # to send 503 to unfinished requests


def serve(settings: Settings) -> None:
    """
    Run the service until SIGTERM or SIGINT, then drain and return.

    Raises:
        OSError: If the address cannot be listened on.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    readiness = Readiness()
    parts = make_parts(settings, readiness)
    log.info("keys", extra={"fields": settings.key_ids_in_use})
    async with parts.opened():
        await _serve(parts, readiness, stop)
    log.info("stopped")
    for number in _SIGNALS:  # a signal while Python shuts down must not change the exit code
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


async def _serve(parts: Parts, readiness: Readiness, stop: asyncio.Event) -> None:
    settings, app = parts.settings, make_app(parts, readiness)
    protocol = partial(Connection, readiness, settings.client_timeout, settings.connection_limit)
    listener = bound(
        settings.host, settings.port, settings.client_timeout, reuse_port=settings.reuse_port
    )
    server = await app.create_server(
        sock=listener,
        protocol=protocol,  # type: ignore[arg-type]  # only called
        backlog=_BACKLOG,
        asyncio_server_kwargs={"start_serving": False},
    )
    if server is None:
        raise RuntimeError("Sanic made no server")
    await server.startup()
    await server.before_start()
    await server.start_serving()
    await server.after_start()
    _settle_memory()
    readiness.phase = Phase.READY

    def announce() -> None:
        log.info("listening", extra={"fields": {"url": _url(listener)}})

    # Requests are answered meanwhile, but whoever waits for this line waits for /readyz too.
    async with parts.credentials.watched(announce):
        await stop.wait()
    readiness.phase = Phase.DRAINING
    log.info("draining", extra={"fields": {"seconds": settings.drain_seconds}})
    await server.before_stop()
    await asyncio.sleep(settings.drain_delay)
    await _accept_the_rest(listener)
    if server.server is not None:
        server.server.close()
    deadline = asyncio.get_running_loop().time() + settings.drain_seconds
    await _drain(server.connections, deadline)
    await server.after_stop()


async def _accept_the_rest(listener: socket.socket) -> None:
    """Accept what is in the kernel's queue; closing the listener resets those connections."""
    drop_new_connections(listener)
    deadline = asyncio.get_running_loop().time() + _ACCEPT_SECONDS
    while is_readable(listener):
        await asyncio.sleep(0)  # the event loop accepts them
        if asyncio.get_running_loop().time() > deadline:
            break


async def _drain(connections: Collection[Connection], deadline: float) -> None:
    """Finish the requests under way until *deadline*, then answer 503; close idle connections."""
    await _close_idle(connections, deadline)
    for connection in tuple(connections):
        connection.give_up()
    await _close_idle(connections, asyncio.get_running_loop().time() + _LAST_WORD_SECONDS)


async def _close_idle(connections: Collection[Connection], deadline: float) -> None:
    loop = asyncio.get_running_loop()
    while connections and loop.time() < deadline:
        # A closed connection stays in the set until its last bytes are sent.
        for connection in tuple(connections):
            connection.close_if_idle()
        await asyncio.sleep(_POLL_SECONDS)


def _settle_memory() -> None:
    """Exempt what exists now from garbage collection, and collect less often."""
    # Requests leave almost no reference cycles: reference counting frees them at once.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def _url(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
