"""One line for each answer, with nothing in it that a log must not hold."""

import logging
import time
from types import SimpleNamespace

import pytest

from sanic_swap.access_log import log_access
from sanic_swap.logs import access
from sanic_swap.swap import Story


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
def logged(caplog):
    caplog.set_level(logging.INFO, access.name)
    return caplog


def test_a_line_tells_method_route_status_and_time(logged):
    log_access(Request(), 413, "an-id")

    [line] = logged.records
    method, path, status, taken = line.getMessage().split(" ")
    assert (method, path, status) == ("POST", "/swap", "413")
    assert 250 <= float(taken.removesuffix("ms")) < 5_000
    assert line.levelno == logging.INFO


def test_a_line_tells_who_asked_under_which_id(logged):
    log_access(Request(), 200, "an-id")

    assert logged.records[0].fields == {
        "client": "203.0.113.7",
        "agent": "an app",
        "request_id": "an-id",
    }


def test_an_error_is_told_by_its_name(logged):
    log_access(Request(error="invalid_grant"), 400, "an-id")

    assert logged.records[0].fields["error"] == "invalid_grant"


def test_the_story_of_a_grant_is_told_as_far_as_it_went(logged):
    whole = Story(grant="aaaaaaaa", rotated_to="bbbbbbbb", key_id="E0VmQeUw", spotify_ms=12.345)

    log_access(Request(story=whole), 200, "an-id")
    log_access(Request(story=Story()), 200, "an-id")

    told, untold = (line.fields for line in logged.records)
    assert (told["grant"], told["rotated_to"]) == ("aaaaaaaa", "bbbbbbbb")
    assert (told["key"], told["spotify_ms"]) == ("E0VmQeUw", 12.3)
    assert untold.keys() == {"client", "agent", "request_id"}


def test_an_unknown_path_is_not_told(logged):
    log_access(Request(route=None), 404, "an-id")

    assert logged.records[0].getMessage().startswith("POST - 404 ")


def test_an_endless_user_agent_is_cut_off(logged):
    log_access(Request(agent="x" * 10_000), 200, "an-id")

    assert logged.records[0].fields["agent"] == "x" * 200


def test_a_client_without_a_user_agent_is_logged_all_the_same(logged):
    log_access(Request(agent=None), 200, "an-id")

    assert logged.records[0].fields["agent"] == "-"


def test_a_request_whose_start_nobody_saw_took_no_time(logged):
    request = Request()
    del request.stream.perft0

    log_access(request, 200, "an-id")

    assert logged.records[0].getMessage().endswith(" 0.0ms")
