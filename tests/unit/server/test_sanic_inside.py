"""What the server uses of Sanic's inside, which no document promises.

`pyproject.toml` pins the range of Sanic for this; a new version has to pass here first.
"""

import pytest
from sanic import HTTPResponse, Request, Sanic
from sanic.http import Http
from sanic.server.protocols.http_protocol import HttpProtocol

from sanic_swap.web.answers import Answer

USED = {
    Http: (
        "_receive_more", "_send", "create_empty_request", "exception", "expecting_continue",
        "head_only", "http1", "http1_request_header", "http1_response_header", "init_for_request",
        "keep_alive", "perft0", "protocol", "read", "recv_buffer", "request", "request_body",
        "request_bytes_left", "respond", "response", "response_func", "stage",
    ),
    HttpProtocol: (
        "HTTP_CLASS", "_task", "app", "close", "conn_info", "connection_lost",
        "connection_made", "connections", "data_received", "http", "loop", "receive_more",
        "recv_buffer", "state", "transport",
    ),
    Request: ("conn_info", "stream"),
    Sanic: ("_startup", "dispatch", "handle_exception", "handle_request", "router"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "names"), USED.items())
def test_names_are_still_there(kind, names):
    assert set(names) <= set(dir(kind))


def test_fields_may_be_a_list_and_repeated():
    request = Request(b"/a?b", [("x", "1"), ("x", "2")], "1.1", "GET", None, None)

    assert request.headers.getall("X") == ["1", "2"]
    assert request.path == "/a"


def test_an_answer_has_all_that_sanic_gives_to_a_response():
    sanics = HTTPResponse(b"{}", content_type="application/json")
    ours = Answer(b"{}", content_type="application/json")
    names = [name for kind in HTTPResponse.__mro__ for name in getattr(kind, "__slots__", ())]

    assert names
    assert {name: getattr(ours, name) for name in names if name != "headers"} == {
        name: getattr(sanics, name) for name in names if name != "headers"
    }
