"""What one line of the access log holds."""

import json
import tempfile

import pytest

from sanic_swap.logs import Lines, json_line, text_line
from sanic_swap.monitoring.access_log import AccessLog
from sanic_swap.trace import Answered, RequestTrace

ALWAYS = {
    "method": "POST",
    "path": "/swap",
    "status": 413,
    "ms": 250.0,
    "message": "POST /swap 413 250.0ms",
    "level": "info",
    "client": "203.0.113.7",
    "agent": "an app",
    "request_id": "an-id",
}


def line_of(look=json_line, **changes):
    """Return the line of an answer, some of whose and of whose trace's attributes are *changes*."""
    trace = RequestTrace("203.0.113.7", "an-id", "/swap")
    answer = {"method": "POST", "status": 200, "outcome": "ok", "error": None, "reason": None}
    answer |= {"seconds": 0.25, "agent": "an app"}
    for name in changes.keys() - answer.keys():
        setattr(trace, name, changes.pop(name))
    with tempfile.TemporaryFile() as file:
        log = AccessLog(Lines(file.fileno()), look, frozenset({"/healthz"}))
        log.write(Answered(trace, **answer | changes))
        file.seek(0)
        return file.read().decode()


def fields_of(**changes):
    fields = json.loads(line_of(**changes))
    del fields["time"]
    return fields


def test_a_line_tells_what_was_answered_to_whom_under_which_id():
    assert fields_of(status=413) == ALWAYS


def test_a_line_for_people_tells_nothing_twice():
    line = line_of(text_line)

    assert line.count("/swap") == 1
    assert "status=" not in line


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        pytest.param(
            {"error": "invalid_grant", "outcome": "token_refused", "reason": "altered"},
            {"error": "invalid_grant", "outcome": "token_refused", "reason": "altered"},
            id="an error and its cause",
        ),
        pytest.param(
            {"grant": "aaaaaaaa", "rotated_to": "bbbbbbbb", "key_id": "E0VmQeUw"},
            {"grant": "aaaaaaaa", "rotated_to": "bbbbbbbb", "key": "E0VmQeUw"},
            id="a grant as far as it went",
        ),
        pytest.param(
            {"imported": "node", "spotify_ms": 12.345, "retries": 2},
            {"imported": "node", "spotify_ms": 12.3, "retries": 2},
            id="an import that took three tries",
        ),
        pytest.param(
            {"refused_key_id": "E0VmQeUw"}, {"key": "E0VmQeUw"}, id="the key of a refused token"
        ),
    ],
)
def test_a_line_tells_more_if_there_is_more(changes, more):
    assert fields_of(status=413, **changes) == ALWAYS | more


def test_successes_of_quiet_endpoints_are_not_logged():
    assert line_of(path="/healthz") == ""
    assert line_of(path="/healthz", status=503)


def test_an_unknown_path_is_shown_if_there_is_one():
    assert fields_of(path=None)["path"] == "-"
    assert fields_of(path=None, unknown_path="/token/swap")["path"] == "/token/swap"


def test_what_a_client_may_choose_is_cut_off_and_escaped():
    fields = fields_of(agent="x\udcff" + "x" * 10_000, method="X" * 10_000)

    assert fields["agent"] == "x\\udcff" + "x" * 198
    assert fields["method"] == "X" * 16


@pytest.mark.parametrize("token", ["AQ" + "x_-" * 13, "BQ" + "x" * 380, "s1.E0VmQeUw." + "x" * 200])
def test_a_code_or_token_that_an_app_calls_itself_is_not_shown(token):
    assert fields_of(agent=f"MyApp/2 ({token[:180]}) iOS")["agent"].startswith("MyApp/2 (…")
    assert fields_of(agent="MyApp/2 (AQUARIUS) BQ/1")["agent"] == "MyApp/2 (AQUARIUS) BQ/1"
