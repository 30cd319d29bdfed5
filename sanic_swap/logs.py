"""Log lines for people and for machines, each one line whatever is in it."""

import asyncio
import json
import logging
import sys
import time
from functools import lru_cache
from typing import TextIO

log = logging.getLogger("sanic_swap")
access = logging.getLogger("sanic_swap.access")


def configure_logging(level: str, style: str) -> None:
    """
    Send every log line of this process to standard error.

    Args:
        level: A level's name in lower case: debug, info, warning, error.
        style: `text` for people, `json` for machines (one object a line).
    """
    handler = _OnceATurn(sys.stderr)
    handler.setFormatter(_JsonLines() if style == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # The libraries below us are heard when something is wrong; their debug output would
    # show what they send.
    root.setLevel(logging.WARNING)
    log.setLevel(level.upper())
    # Looked up for each record, and shown in no line of ours.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # What cannot happen in logging itself must not print a traceback either.
    logging.raiseExceptions = False


class _OnceATurn(logging.StreamHandler[TextIO]):
    """
    Writes what one turn of the event loop has logged at its end, all at once.

    A write is a system call, and under load there are many lines a turn. Errors are
    written at once, with all that was said before them.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._waiting.append(self.format(record) + self.terminator)
        if len(self._waiting) > 1 and record.levelno < logging.ERROR:
            return  # whoever was first has seen to it
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None or record.levelno >= logging.ERROR:
            self.flush()
        else:
            loop.call_soon(self.flush)

    def flush(self) -> None:
        with self.lock:  # type: ignore[union-attr]  # made by the base class
            lines, self._waiting = "".join(self._waiting), []
            try:
                self.stream.write(lines)
                self.stream.flush()
            except (OSError, ValueError):
                pass  # a full disk or a closed pipe is no reason to fail a request


class _TextLines(logging.Formatter):
    """`2026-11-23T15:49:00Z INFO message field=value`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        words = [_moment(record), record.levelname, _one_line(record.getMessage())]
        words += [f"{name}={_one_line(str(value))}" for name, value in fields.items()]
        line = " ".join(words)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _JsonLines(logging.Formatter):
    """One JSON object a line: time, level, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, dict) else {}


def _moment(record: logging.LogRecord) -> str:
    return _second(int(record.created))


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
