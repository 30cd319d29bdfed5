"""What one line of the access log holds."""

import json
import tempfile

import pytest

from sanic_swap.logs import Lines, json_line, text_line
from sanic_swap.monitoring.access_log import AccessLog
from sanic_swap.trace import Answered, RequestTrace

ALWAYS = {"time", "level", "message", "method", "path", "status", "ms"}
WHO = {"client", "agent", "request_id"}
WHOLE = RequestTrace(
    client="203.0.113.7",
    grant="aaaaaaaa",
    rotated_to="bbbbbbbb",
    key_id="E0VmQeUw",
    imported="node",
    spotify_ms=12.345,
    retries=2,
)


def answered(**changes):
    values = {
        "method": "POST",
        "path": "/swap",
        "status": 200,
        "outcome": "ok",
        "error": None,
        "reason": None,
        "seconds": 0.25,
        "request_id": "an-id",
        "agent": "an app",
        "trace": RequestTrace("203.0.113.7"),
    }
    return Answered(**values | changes)


def line_of(answer, look=json_line, quiet=frozenset()):
    with tempfile.TemporaryFile() as file:
        AccessLog(Lines(file.fileno()), look, quiet).write(answer)
        file.seek(0)
        return file.read().decode()


def fields_of(answer):
    return json.loads(line_of(answer))


def test_a_line_tells_method_path_status_and_time():
    line = fields_of(answered(status=413))

    assert line["message"] == "POST /swap 413 250.0ms"
    assert line["level"] == "info"
    assert (line["method"], line["path"], line["status"]) == ("POST", "/swap", 413)
    assert line["ms"] == 250.0


def test_a_line_for_people_tells_nothing_twice():
    line = line_of(answered(), text_line)

    assert line.count("/swap") == 1
    assert "status=" not in line


def test_a_line_tells_who_asked_under_which_id():
    line = fields_of(answered())

    assert (line["client"], line["agent"], line["request_id"]) == ("203.0.113.7", "an app", "an-id")
    assert line.keys() - ALWAYS == WHO


def test_an_error_is_told_by_its_name_and_its_cause():
    line = fields_of(
        answered(status=400, error="invalid_grant", outcome="token_refused", reason="altered")
    )

    assert (line["error"], line["outcome"]) == ("invalid_grant", "token_refused")
    assert line["reason"] == "altered"


def test_a_grant_is_traced_as_far_as_it_went():
    whole = fields_of(answered(trace=WHOLE))

    assert (whole["grant"], whole["rotated_to"]) == ("aaaaaaaa", "bbbbbbbb")
    assert (whole["key"], whole["imported"]) == ("E0VmQeUw", "node")
    assert (whole["spotify_ms"], whole["retries"]) == (12.3, 2)


def test_a_refused_token_names_its_key():
    trace = RequestTrace(refused_key_id="E0VmQeUw")

    assert fields_of(answered(status=400, error="invalid_grant", trace=trace))["key"] == "E0VmQeUw"


def test_successes_of_quiet_endpoints_are_not_logged():
    quiet = frozenset({"/healthz"})

    assert line_of(answered(path="/healthz"), quiet=quiet) == ""
    assert line_of(answered(path="/healthz", status=503), quiet=quiet)
    assert line_of(answered(), quiet=quiet)


def test_an_unknown_path_is_shown_if_there_is_one():
    trace = RequestTrace(unknown_path="/token/swap")

    assert fields_of(answered(path=None))["path"] == "-"
    assert fields_of(answered(path=None, trace=trace))["message"].startswith("POST /token/swap ")


@pytest.mark.parametrize(
    ("changes", "name", "longest"),
    [
        pytest.param({"agent": "x" * 10_000}, "agent", 200, id="user agent"),
        pytest.param({"method": "X" * 10_000}, "method", 16, id="method"),
    ],
)
def test_what_a_client_may_choose_is_cut_off(changes, name, longest):
    assert len(fields_of(answered(**changes))[name]) == longest


def test_bytes_that_are_no_text_are_escaped():
    assert fields_of(answered(agent="x\udcff"))["agent"] == "x\\udcff"
