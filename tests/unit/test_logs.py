"""Each log line is one line, whatever is in it, for people and for machines."""

import asyncio
import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.logs import (
    OTHERS,
    Lines,
    OncePerMinute,
    configure_logging,
    json_line,
    log,
    text_line,
)

MOMENT = 1_795_448_940.9
nasty = st.text(max_size=40) | st.text(
    "\r\n\v\f\x1b\x00\x7f\x85\u2028\u2029\u202e\ud800a\\", max_size=20
)


def told(message, level="INFO", **fields):
    return text_line(MOMENT, level, message, fields)


@pytest.fixture
def written():
    root, before = logging.getLogger(), logging.raiseExceptions
    state = root.handlers[:], root.level, log.level
    stream = io.StringIO()
    yield stream
    root.handlers[:], logging.raiseExceptions = state[0], before
    root.setLevel(state[1])
    log.setLevel(state[2])


def test_a_line_for_people_has_time_level_message_and_fields():
    line = told("listening at here", url="http://x", n=2)

    assert line == "2026-11-23T15:49:00Z INFO listening at here url=http://x n=2"


def test_a_line_for_machines_has_the_same_as_json():
    line = json_line(MOMENT, "INFO", "listening at here", {"url": "http://x", "n": 2})

    assert json.loads(line) == {
        "time": "2026-11-23T15:49:00Z",
        "level": "info",
        "message": "listening at here",
        "url": "http://x",
        "n": 2,
    }


@given(nasty, nasty)
def test_a_line_for_people_is_one_printable_line(message, value):
    line = told(message, agent=value)

    assert line.isprintable()
    assert len(line.splitlines()) == 1


@given(nasty, nasty)
def test_a_line_for_machines_is_one_ascii_line_that_reads_back(message, value):
    line = json_line(MOMENT, "INFO", message, {"agent": value})

    assert line.isascii()
    assert line.isprintable()
    assert (json.loads(line)["message"], json.loads(line)["agent"]) == (message, value)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=40))
def test_what_is_printable_stays_readable(text):
    assert told(text).endswith(f" {text}")


@given(nasty | st.text('ab ="', max_size=20), nasty | st.text('ab ="', max_size=20))
def test_no_value_can_forge_another_field(first, second):
    line = told("x", agent=first, error=second)
    rest = line.partition(" agent=")[2]
    for value, name in ((first, " error="), (second, None)):
        if rest.startswith('"'):
            shown, end = json.JSONDecoder().raw_decode(rest)
            rest = rest[end:]
        else:
            shown = rest.partition(" ")[0]
            rest = rest[len(shown) :]
            assert not set(shown) & set('"= ')

        assert shown == value or not value.isprintable()
        if name:
            assert rest.startswith(name)
            rest = rest.removeprefix(name)
    assert not rest


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
    assert told(text).endswith(f"INFO {shown}")


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_decides_what_is_told(written, level, shown, style):
    configure_logging(level, style, written)

    for name in ("debug", "info", "warning", "error"):
        log.log(getattr(logging, name.upper()), "it is of level %s.", name)

    lines = written.getvalue().splitlines()
    assert [line.partition("it is of level ")[2].partition(".")[0] for line in lines] == shown


def test_libraries_are_heard_when_something_is_wrong_and_only_then(written):
    configure_logging("debug", "text", written)

    logging.getLogger("aiohttp").debug("Authorization: Basic hidden")
    logging.getLogger("aiohttp").warning("it is broken")

    assert "hidden" not in written.getvalue()
    assert "it is broken" in written.getvalue()


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_traceback_stays_inside_its_line(written, style):
    configure_logging("info", style, written)

    try:
        int("first\nsecond")
    except ValueError:
        log.exception("failed")

    [line] = written.getvalue().splitlines()
    assert "ValueError: invalid literal" in line


@pytest.mark.parametrize("fields", [None, "text", 7], ids=["none", "text", "number"])
def test_fields_that_are_none_do_not_matter(written, fields):
    configure_logging("info", "text", written)

    log.info("message", extra={"fields": fields})

    assert written.getvalue().endswith("INFO message\n")


async def test_lines_are_written_together_in_order_and_soon():
    stream = io.StringIO()
    lines = Lines(stream)
    lines.put("first")
    lines.put("second")
    before = stream.getvalue()
    deadline = asyncio.get_running_loop().time() + 10
    while not stream.getvalue() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.001)

    assert (before, stream.getvalue()) == ("", "first\nsecond\n")


async def test_our_own_words_are_written_at_once_with_all_that_came_before(written):
    lines, _ = configure_logging("info", "text", written)

    lines.put("first")
    log.info("second")

    assert [line.split()[-1] for line in written.getvalue().splitlines()] == ["first", "second"]


def test_a_closed_stream_fails_nobody():
    stream = io.StringIO()
    stream.close()

    Lines(stream).put("x")


def test_a_topic_may_be_logged_once_a_minute_and_so_may_the_rest_beyond_ten():
    now = [0.0]
    places = OncePerMinute(lambda: now[0])
    topics = [f"key {n}" for n in range(12)]

    assert [places.take(topic) for topic in topics] == [*topics[:10], OTHERS, None]
    assert places.take(topics[0]) is None
    now[0] = 60.0
    assert [places.take(topic) for topic in (topics[11], topics[0])] == [topics[11], topics[0]]
