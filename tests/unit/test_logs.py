"""Each log line is one line, whatever is in it, for people and for machines."""

import io
import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.logs import _JsonLines, _TextLines, access, configure_logging, log

nasty = st.text(max_size=40) | st.text(
    "\r\n\v\f\x1b\x00\x7f\x85\u2028\u2029\u202e\ud800a\\", max_size=20
)


def record(message, *args, fields=None, error=None, level=logging.INFO):
    made = logging.LogRecord("sanic_swap", level, __file__, 1, message, args, error)
    made.created = 1_795_448_940.9
    if fields is not None:
        made.fields = fields
    return made


@pytest.fixture
def untouched_logging():
    root, before = logging.getLogger(), logging.raiseExceptions
    state = root.handlers[:], root.level, log.level
    yield root
    root.handlers[:], logging.raiseExceptions = state[0], before
    root.setLevel(state[1])
    log.setLevel(state[2])


def test_a_line_for_people_has_time_level_message_and_fields():
    line = _TextLines().format(
        record("listening at %s", "here", fields={"url": "http://x", "n": 2})
    )

    assert line == "2026-11-23T15:49:00Z INFO listening at here url=http://x n=2"


def test_a_line_for_machines_has_the_same_as_json():
    line = _JsonLines().format(
        record("listening at %s", "here", fields={"url": "http://x", "n": 2})
    )

    assert json.loads(line) == {
        "time": "2026-11-23T15:49:00Z",
        "level": "info",
        "message": "listening at here",
        "url": "http://x",
        "n": 2,
    }


@given(nasty, nasty)
def test_a_line_for_people_is_one_printable_line(message, value):
    line = _TextLines().format(record("%s", message, fields={"agent": value}))

    assert line.isprintable()
    assert len(line.splitlines()) == 1


@given(nasty, nasty)
def test_a_line_for_machines_is_one_ascii_line_that_reads_back(message, value):
    line = _JsonLines().format(record("%s", message, fields={"agent": value}))

    assert line.isascii()
    assert line.isprintable()
    assert (json.loads(line)["message"], json.loads(line)["agent"]) == (message, value)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=40))
def test_what_is_printable_stays_readable(text):
    assert _TextLines().format(record("%s", text)).endswith(f" {text}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\nb", "a\\nb", id="a newline"),
        pytest.param("a\r\nb", "a\\r\\nb", id="a line end of Windows"),
        pytest.param("\x1b[2J", "\\x1b[2J", id="an escape sequence"),
        pytest.param("a\u2028b", "a\\u2028b", id="a line separator"),
        pytest.param("\u202eabc", "\\u202eabc", id="a change of direction"),
        pytest.param("\ud800", "\\ud800", id="a lone surrogate"),
        pytest.param("\0", "\\x00", id="NUL"),
        pytest.param("grüße", "grüße", id="letters outside ASCII"),
    ],
)
def test_what_could_forge_a_line_is_escaped(text, shown):
    assert _TextLines().format(record("%s", text)).endswith(f"INFO {shown}")


@pytest.mark.parametrize("fields", [None, {}, "text", 7], ids=["none", "empty", "text", "number"])
def test_fields_that_are_none_do_not_matter(fields):
    assert _TextLines().format(record("message", fields=fields)).endswith("INFO message")


def raised(text):
    with pytest.raises(ValueError, match=r".") as caught:
        raise ValueError(text)
    return caught.type, caught.value, caught.tb


def test_an_error_stays_inside_the_one_line_for_machines():
    line = _JsonLines().format(record("failed", error=raised("first\nsecond")))

    assert len(line.splitlines()) == 1
    assert "ValueError: first\nsecond" in json.loads(line)["exception"]


def test_an_error_is_told_to_people_below_the_line():
    text = _TextLines().format(record("failed", error=raised("broken"), level=logging.ERROR))

    assert text.splitlines()[0] == "2026-11-23T15:49:00Z ERROR failed"
    assert text.splitlines()[-1] == "ValueError: broken"


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_decides_what_is_told(untouched_logging, level, told, style):
    configure_logging(level, style)
    untouched_logging.handlers[0].setStream(io.StringIO())

    for name in ("debug", "info", "warning", "error"):
        log.log(getattr(logging, name.upper()), "it is of level %s.", name)

    lines = untouched_logging.handlers[0].stream.getvalue().splitlines()
    assert [line.partition("it is of level ")[2].partition(".")[0] for line in lines] == told


def test_libraries_are_heard_when_something_is_wrong_and_only_then(untouched_logging):
    configure_logging("debug", "text")
    untouched_logging.handlers[0].setStream(io.StringIO())

    logging.getLogger("aiohttp").debug("Authorization: Basic hidden")
    logging.getLogger("aiohttp").warning("it is broken")

    written = untouched_logging.handlers[0].stream.getvalue()
    assert "hidden" not in written
    assert "it is broken" in written


def test_logging_goes_to_standard_error(untouched_logging):
    configure_logging("info", "text")

    assert untouched_logging.handlers[0].stream is sys.stderr
    assert len(untouched_logging.handlers) == 1


def test_the_access_log_is_a_branch_of_ours():
    assert access.parent is log
