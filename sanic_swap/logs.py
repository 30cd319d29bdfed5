"""Writes log lines for people and for machines; an entry is always one line."""

import asyncio
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TextIO

log = logging.getLogger("sanic_swap")
_SOON_SECONDS = 0.05
_PLACE_SECONDS, _PLACES = 60.0, 10
OTHERS = "others"

_ODD = re.compile(r'^$|[\s="]')

Fields = Mapping[str, object]
# Moment in Unix seconds, level, message, fields.
LineFormat = Callable[[float, str, str, Fields], str]


@lru_cache(maxsize=1024)
def text_word(text: str) -> str:
    """Return a value for a line of text, quoted if it could be misread."""
    if text.isalnum():
        return text
    text = _one_line(text)
    return json.dumps(text, ensure_ascii=False) if _ODD.search(text) else text


def text_line(moment: float, level: str, message: str, fields: Fields) -> str:
    """Return `2026-11-23T15:49:00Z INFO message field=value`; odd values are quoted."""
    words = [_second(int(moment)), level, _one_line(message)]
    words += [f"{name}={text_word(str(value))}" for name, value in fields.items()]
    return " ".join(words)


def json_line(moment: float, level: str, message: str, fields: Fields) -> str:
    """Return one JSON object: time, level, message, fields."""
    entry = {"time": _second(int(moment)), "level": level.lower(), "message": message}
    return json.dumps({**entry, **fields})


class Lines:
    """
    Writes what many requests have to say at once, some milliseconds later.

    A write is a system call: one for each line would be a noticeable part of a request.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: list[str] = []

    def put(self, line: str) -> None:
        """Write *line* soon, in order; now if there is no event loop."""
        self._waiting.append(line)
        if len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_later(_SOON_SECONDS, self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Write now."""
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        try:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
        except (OSError, ValueError):
            pass  # a full disk or a closed pipe is no reason to fail a request


class OncePerMinute:
    """Limits lines that callers can cause: one a minute for each topic, of ten topics at most."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def take(self, topic: str) -> str | None:
        """
        Return *topic* if a line about it may be logged now, else None.

        `OTHERS` comes once a minute in place of all topics beyond the tenth.
        """
        now = self._clock()
        self._until = {one: until for one, until in self._until.items() if until > now}
        if topic not in self._until and len(self._until.keys() - {OTHERS}) == _PLACES:
            topic = OTHERS
        if topic in self._until:
            return None
        self._until[topic] = now + _PLACE_SECONDS
        return topic


def configure_logging(
    level: str, style: str, stream: TextIO | None = None
) -> tuple[Lines, LineFormat]:
    """
    Send every log line of this process to *stream*, by default standard error.

    Args:
        level: A level's name in lower case: debug, info, warning, error.
        style: `text` for people, `json` for machines (one object a line).

    Returns:
        The writer and the format, for the access log, which is faster without `logging`.
    """
    lines = Lines(stream or sys.stderr)
    line_format = json_line if style == "json" else text_line
    root = logging.getLogger()
    root.handlers[:] = [_Handler(lines, line_format)]
    # Debug output of libraries would show what they send.
    root.setLevel(logging.WARNING)
    log.setLevel(level.upper())
    # An error inside logging must not print a traceback.
    logging.raiseExceptions = False
    return lines, line_format


class _Handler(logging.Handler):
    """Takes the records of `logging`, which are ours and those of libraries."""

    def __init__(self, lines: Lines, line_format: LineFormat) -> None:
        super().__init__()
        self._lines = lines
        self._format = line_format

    def emit(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "fields", None)
        fields = dict(fields) if isinstance(fields, dict) else {}
        if record.exc_info:
            fields["exception"] = logging.Formatter().formatException(record.exc_info)
        self._lines.put(self._format(record.created, record.levelname, record.getMessage(), fields))
        self._lines.flush()

    def flush(self) -> None:
        self._lines.flush()


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _one_line(text: str) -> str:
    """Escape characters that could forge a line or control a terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
