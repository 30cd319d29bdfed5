"""What the server uses of Sanic's inside, which no document promises.

`pyproject.toml` pins the range of Sanic for this; a new version has to pass here first.
"""

import asyncio

import pytest
from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import BadRequest, ServiceUnavailable
from sanic.http import Http, Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from sanic_swap.web.answers import Answer

USED = {
    Http: (
        "_receive_more", "_send", "create_empty_request", "exception", "expecting_continue",
        "head_only", "http1", "http1_request_header", "http1_response_header", "init_for_request",
        "keep_alive", "perft0", "protocol", "read", "recv_buffer", "request", "request_body",
        "request_bytes_left", "response", "response_func", "stage",
    ),
    HttpProtocol: (
        "HTTP_CLASS", "_task", "app", "close", "close_if_idle", "conn_info", "connection_lost",
        "connection_made", "connections", "data_received", "http", "loop", "receive_more",
        "recv_buffer", "state", "transport",
    ),
    Request: ("conn_info", "stream"),
    Sanic: ("_startup",),
}  # fmt: skip


class Transport(asyncio.Transport):
    """Keeps what is written, and is never full."""

    def __init__(self):
        super().__init__()
        self.written = b""

    def write(self, data):
        self.written += data

    def set_write_buffer_limits(self, high=None, low=None):
        pass

    def get_write_buffer_size(self):
        return 0

    def is_closing(self):
        return False

    def resume_reading(self):
        pass

    def close(self):
        pass

    def abort(self):
        pass


class Refusing(Http):
    """Refuses every head."""

    async def http1_request_header(self):
        raise BadRequest("no")


class Waiting(Http):
    """Takes every head, and has no body."""

    async def http1_request_header(self):
        self.request = Request(b"/", [], "1.1", "GET", self.protocol.transport, self.protocol.app)
        self.request.stream = self


async def connection(http=Http, **handlers):
    """Return a protocol of Sanic's with a client, and whatever its loop needs."""
    app = Sanic("inside", configure_logging=False)
    app.get("/")(handlers.get("handler", lambda _: None))
    app.config.DEPRECATION_FILTER = "error"
    await app._startup()
    kind = type("Protocol", (HttpProtocol,), {"HTTP_CLASS": http})
    protocol = kind(loop=asyncio.get_running_loop(), app=app)
    protocol.connection_made(Transport())
    await asyncio.sleep(0)
    return protocol


@pytest.fixture(autouse=True)
def app_of_a_test(monkeypatch):
    monkeypatch.setattr(Sanic, "test_mode", True)  # else its methods are rewritten only once
    Sanic._app_registry.clear()


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in USED.items() for name in names]
)
def test_a_name_is_still_there(kind, name):
    assert name in dir(kind)


def test_fields_may_be_a_list_and_repeated():
    request = Request(b"/a?b", [("x", "1"), ("x", "2")], "1.1", "GET", None, None)

    assert request.headers.getall("X") == ["1", "2"]
    assert request.path == "/a"


async def test_a_new_connection_is_idle_and_has_had_no_request():
    protocol = await connection()

    assert protocol.http.stage is Stage.IDLE
    assert protocol.state["requests_count"] == 0
    assert protocol in protocol.connections
    assert not protocol.conn_info.lost


async def test_what_the_reading_of_a_head_raises_is_answered_for_an_empty_request():
    protocol = await connection(Refusing)
    http = protocol.http
    task = protocol._task
    protocol.data_received(b"x")
    await asyncio.wait([task], timeout=5)

    assert protocol.transport.written.startswith(b"HTTP/1.1 400 ")
    assert http.request.method == "NONE"
    assert not http.keep_alive


async def test_a_handler_that_is_cancelled_with_an_exception_set_answers_that():
    async def forever(_):
        await asyncio.Event().wait()

    protocol = await connection(Waiting, handler=forever)
    task = protocol._task
    protocol.data_received(b"x")
    while protocol.http.stage is not Stage.HANDLER:
        await asyncio.sleep(0)
    protocol.http.exception = ServiceUnavailable("stopping")
    task.cancel()
    await asyncio.wait([task], timeout=5)

    assert protocol.transport.written.startswith(b"HTTP/1.1 503 ")


async def test_a_lost_connection_cancels_its_task():
    protocol = await connection()
    task = protocol._task
    protocol.connection_lost(None)
    await asyncio.wait([task], timeout=5)

    assert task.done()
    assert protocol.conn_info.lost
    assert protocol not in protocol.connections


def test_an_answer_has_all_that_sanic_gives_to_a_response():
    sanics = HTTPResponse(b"{}", content_type="application/json")
    ours = Answer(b"{}", content_type="application/json")
    names = [name for kind in HTTPResponse.__mro__ for name in getattr(kind, "__slots__", ())]

    assert names
    assert {name: getattr(ours, name) for name in names if name != "headers"} == {
        name: getattr(sanics, name) for name in names if name != "headers"
    }
