"""Log lines for people and for machines, each one line whatever is in it."""

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

_ODD = re.compile(r'^$|[\s="]')

Fields = Mapping[str, object]
# Moment in Unix seconds, level, message, fields.
LineFormat = Callable[[float, str, str, Fields], str]


@lru_cache(maxsize=1024)
def text_word(text: str) -> str:
    """Return a value as it stands in a line for people: quoted if it could be misread."""
    text = _one_line(text)
    return json.dumps(text, ensure_ascii=False) if _ODD.search(text) else text


def text_line(moment: float, level: str, message: str, fields: Fields) -> str:
    """Return `2026-11-23T15:49:00Z INFO message field=value`; odd values are quoted."""
    line = f"{_second(int(moment))} {level} {_one_line(message)}"
    for name, value in fields.items():
        text = value if type(value) is str else str(value)
        line += f" {name}={text if text.isalnum() else text_word(text)}"
    return line


def json_line(moment: float, level: str, message: str, fields: Fields) -> str:
    """Return one JSON object: time, level, message, fields."""
    told = {"time": _second(int(moment)), "level": level.lower(), "message": message}
    return json.dumps({**told, **fields})


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


def configure_logging(
    level: str, style: str, stream: TextIO | None = None
) -> tuple[Lines, LineFormat]:
    """
    Send every log line of this process to *stream*, by default standard error.

    Args:
        level: A level's name in lower case: debug, info, warning, error.
        style: `text` for people, `json` for machines (one object a line).

    Returns:
        Where lines go and how they look, for whoever cannot afford `logging`.
    """
    lines = Lines(stream or sys.stderr)
    line_format = json_line if style == "json" else text_line
    root = logging.getLogger()
    root.handlers[:] = [_Handler(lines, line_format)]
    # The libraries below us are heard when something is wrong; their debug output would
    # show what they send.
    root.setLevel(logging.WARNING)
    log.setLevel(level.upper())
    # What cannot happen in logging itself must not print a traceback either.
    logging.raiseExceptions = False
    return lines, line_format


class _Handler(logging.Handler):
    """What comes by way of `logging`: our own words, and those of the libraries."""

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
    """Escape what could forge a line or move a terminal's cursor."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
