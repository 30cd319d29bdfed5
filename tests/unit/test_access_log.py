"""One line for each answer, with nothing in it that a log must not hold."""

import io
import json
import time
from types import SimpleNamespace

import pytest
from sanic.compat import Header

from sanic_swap.access_log import AccessLog
from sanic_swap.client_address import AddressHeader
from sanic_swap.logs import Lines, json_line, text_line
from sanic_swap.trace import RequestTrace


class Request:
    """As much of Sanic's request as an access log may look at; the rest is not there."""

    def __init__(self, *, route="swap", agent="an app", **context):
        self.method = "POST"
        self.ip = "203.0.113.7"
        self.route = None if route is None else SimpleNamespace(path=route)
        self.headers = {} if agent is None else {"user-agent": agent}
        self.ctx = SimpleNamespace(**context)
        self.stream = SimpleNamespace(perft0=time.perf_counter() - 0.25)


@pytest.fixture
def tell():
    """Tell of one answer, and return what the line says."""
    stream = io.StringIO()
    access_log = AccessLog(Lines(stream), json_line)

    def told(request, status=200):
        access_log.tell(request, status, "an-id")
        return json.loads(stream.getvalue().splitlines()[-1])

    return told


def told_fields(line):
    return line.keys() - {"time", "level", "message", "method", "path", "status", "ms"}


def test_a_line_tells_method_route_status_and_time(tell):
    line = tell(Request(), 413)

    method, path, status, taken = line["message"].split(" ")
    assert (method, path, status) == ("POST", "/swap", "413")
    assert 250 <= float(taken.removesuffix("ms")) < 5_000
    assert line["level"] == "info"
    assert (line["method"], line["path"], line["status"]) == ("POST", "/swap", 413)
    assert f"{line['ms']:.1f}ms" == taken


def test_a_line_for_people_tells_nothing_twice():
    stream = io.StringIO()
    AccessLog(Lines(stream), text_line).tell(Request(), 200, "an-id")

    assert stream.getvalue().count("/swap") == 1
    assert "status=" not in stream.getvalue()


def test_a_line_tells_who_asked_under_which_id(tell):
    line = tell(Request())

    assert (line["client"], line["agent"], line["request_id"]) == ("203.0.113.7", "an app", "an-id")
    assert told_fields(line) == {"client", "agent", "request_id"}


@pytest.mark.parametrize(
    ("header", "client"),
    [
        pytest.param(None, "203.0.113.7", id="nobody believed"),
        pytest.param(AddressHeader("X-Forwarded-For", 1), "2001:db8::1", id="the last proxy"),
    ],
)
def test_the_address_is_the_one_that_is_believed(header, client):
    stream = io.StringIO()
    request = Request()
    request.headers = Header([("X-Forwarded-For", "192.0.2.66, 2001:db8::1")])
    AccessLog(Lines(stream), json_line, header).tell(request, 200, "an-id")

    assert json.loads(stream.getvalue())["client"] == client


def test_an_error_is_told_by_its_name_and_its_cause(tell):
    line = tell(Request(error="invalid_grant", outcome="token_refused"), 400)

    assert (line["error"], line["outcome"]) == ("invalid_grant", "token_refused")


def test_the_trace_of_a_grant_is_told_as_far_as_it_went(tell):
    whole = RequestTrace(
        grant="aaaaaaaa",
        rotated_to="bbbbbbbb",
        key_id="E0VmQeUw",
        imported="node",
        spotify_ms=12.345,
    )

    told, untold = tell(Request(trace=whole)), tell(Request(trace=RequestTrace()))

    assert (told["grant"], told["rotated_to"]) == ("aaaaaaaa", "bbbbbbbb")
    assert (told["key"], told["imported"]) == ("E0VmQeUw", "node")
    assert told["spotify_ms"] == 12.3
    assert told_fields(untold) == {"client", "agent", "request_id"}


def test_an_unknown_path_is_not_told(tell):
    assert tell(Request(route=None), 404)["message"].startswith("POST - 404 ")


def test_an_endless_user_agent_is_cut_off(tell):
    assert tell(Request(agent="x" * 10_000))["agent"] == "x" * 200


def test_a_client_without_a_user_agent_is_logged_all_the_same(tell):
    assert tell(Request(agent=None))["agent"] == "-"


def test_a_request_whose_start_nobody_saw_took_no_time(tell):
    request = Request()
    del request.stream.perft0

    assert tell(request)["message"].endswith(" 0.0ms")
