"""Each log line is one line, whatever is in it, for people and for machines."""

import asyncio
import json
import logging
import os
import select
from pathlib import Path
from typing import NamedTuple

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

pytestmark = pytest.mark.usefixtures("restored_logging")

MOMENT = 1_795_448_940.9
LEVELS = ["debug", "info", "warning", "error"]
nasty = st.text(max_size=40) | st.text(
    "\r\n\v\f\x1b\x00\x7f\x85\u2028\u2029\u202e\ud800a\\", max_size=20
)


def told(message, level="INFO", **fields):
    return text_line(MOMENT, level, message, fields)


class Written(NamedTuple):
    """A log file."""

    descriptor: int
    path: Path

    def text(self):
        return self.path.read_text()


@pytest.fixture
def written(tmp_path):
    with (tmp_path / "log").open("wb") as file:
        yield Written(file.fileno(), tmp_path / "log")


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
def test_a_line_is_one_printable_line_which_reads_back_if_it_is_for_machines(message, value):
    line = json_line(MOMENT, "INFO", message, {"agent": value})

    assert told(message, agent=value).isprintable()
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
        pytest.param("\x1b[2J", "\\x1b[2J", id="an escape sequence"),
        pytest.param("a\u2028b", "a\\u2028b", id="a line separator"),
        pytest.param("\u202eabc", "\\u202eabc", id="a change of direction"),
        pytest.param("\ud800", "\\ud800", id="a lone surrogate"),
    ],
)
def test_what_could_forge_a_line_is_escaped(text, shown):
    assert told(text).endswith(f"INFO {shown}")


@pytest.mark.parametrize("place", range(4), ids=LEVELS.__getitem__)
def test_the_level_decides_what_is_told(written, place):
    configure_logging(LEVELS[place], "json", written.descriptor)

    for level in LEVELS:
        log.log(getattr(logging, level.upper()), "a message")

    lines = written.text().splitlines()
    assert [json.loads(line)["level"] for line in lines] == LEVELS[place:]


def test_libraries_are_heard_when_something_is_wrong_and_only_then(written):
    configure_logging("debug", "text", written.descriptor)

    logging.getLogger("aiohttp").debug("Authorization: Basic hidden")
    logging.getLogger("aiohttp").warning("it is broken")

    assert "hidden" not in written.text()
    assert "it is broken" in written.text()


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_traceback_stays_inside_its_line(written, style):
    configure_logging("info", style, written.descriptor)

    try:
        int("first\nsecond")
    except ValueError:
        log.exception("failed")

    [line] = written.text().splitlines()
    assert "ValueError: invalid literal" in line


@pytest.mark.parametrize("fields", [None, "text", 7], ids=["none", "text", "number"])
def test_fields_that_are_none_do_not_matter(written, fields):
    configure_logging("info", "text", written.descriptor)

    log.info("message", extra={"fields": fields})

    assert written.text().endswith("INFO message\n")


async def test_lines_are_written_together_in_order_and_soon(written):
    lines = Lines(written.descriptor)
    lines.put("first")
    lines.put("second")
    before = written.text()
    async with asyncio.timeout(10):
        while not written.text():
            await asyncio.sleep(0.001)

    assert (before, written.text()) == ("", "first\nsecond\n")


async def test_our_own_words_are_written_at_once_with_all_that_came_before(written):
    lines, _ = configure_logging("info", "text", written.descriptor)

    lines.put("first")
    log.info("second")

    first, second = written.text().splitlines()
    assert first == "first"
    assert second.endswith("INFO second")


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as read, os.fdopen(writer, "wb") as write:
        yield read, write


def read_now(reader):
    """Return what can be read without waiting."""
    received = b""
    while select.select([reader], [], [], 0)[0]:
        received += reader.read(65_536)
    return received


def test_a_pipe_that_nobody_reads_blocks_nobody_and_loses_the_last_lines(pipe):
    reader, writer = pipe
    lines, _ = configure_logging("info", "text", writer.fileno())
    sent = [f"{number:<999}." for number in range(3_000)]
    for line in sent:
        lines.put(line)
    dropped = lines.dropped
    received = b""
    while more := read_now(reader):
        received += more
        lines.flush()

    received = received.decode().splitlines()
    kept = len(sent) - dropped
    assert dropped > 0
    assert received[:kept] == sent[:kept]
    [report] = received[kept:]
    assert f"WARNING {dropped} log lines were dropped" in report


async def test_a_pipe_that_is_read_again_gets_the_rest_by_itself(pipe):
    reader, writer = pipe
    lines = Lines(writer.fileno())
    sent = [f"{number:<999}." for number in range(200)]
    for line in sent:
        lines.put(line)
    lines.flush()
    received = b""
    async with asyncio.timeout(10):
        while received.count(b"\n") < len(sent):
            received += read_now(reader)
            await asyncio.sleep(0.001)

    assert received.decode().splitlines() == sent


def test_a_reader_that_is_gone_fails_nobody(pipe):
    reader, writer = pipe
    reader.close()
    lines = Lines(writer.fileno())

    lines.put("x")
    lines.put("y")

    assert lines.dropped == 2


def test_a_topic_may_be_logged_once_a_minute_and_so_may_the_rest_beyond_ten():
    now = [0.0]
    places = OncePerMinute(lambda: now[0])
    topics = [f"key {n}" for n in range(12)]

    assert [places.take(topic) for topic in topics] == [*topics[:10], OTHERS, None]
    assert places.take(topics[0]) is None
    now[0] = 60.0
    assert [places.take(topic) for topic in (topics[11], topics[0])] == [topics[11], topics[0]]
