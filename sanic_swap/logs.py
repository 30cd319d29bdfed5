"""Writes log lines for people and for machines; an entry is always one line."""

import asyncio
import json
import logging
import os
import select
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from threading import Lock

log = logging.getLogger("sanic_swap")
_SOON_SECONDS = 0.05
_PLACE_SECONDS, _PLACES = 60.0, 10
OTHERS = "others"
_LAST_SECONDS = 1.0  # for a full pipe to take the last lines
_MOST_PENDING = 1024 * 1024  # bytes
_STDERR = 2
_NUMBERS = frozenset({int, float})

Fields = Mapping[str, object]
LineFormat = Callable[[float, str, str, Fields], str]  # Unix seconds, level, message, fields


@lru_cache(maxsize=1024)
def text_word(text: str) -> str:
    """Return a value for a line of text, quoted if it could be misread."""
    text = _one_line(text)  # so a space is the only blank in it
    is_odd = not text or " " in text or "=" in text or '"' in text
    return json.dumps(text, ensure_ascii=False) if is_odd else text


def text_line(moment: float, level: str, message: str, fields: Fields) -> str:
    """Return `2026-11-23T15:49:00Z INFO message field=value`; odd values are quoted."""
    line = f"{iso_utc(int(moment))} {level} {_one_line(message)}"
    for name, value in fields.items():
        if type(value) in _NUMBERS:
            line += f" {name}={value}"
        else:
            text = str(value)
            line += f" {name}={text if text.isalnum() else text_word(text)}"
    return line


def json_line(moment: float, level: str, message: str, fields: Fields) -> str:
    """Return one JSON object: time, level, message, fields."""
    entry = {"time": iso_utc(int(moment)), "level": level.lower(), "message": message}
    return json.dumps({**entry, **fields})


class Lines:
    """Writes lines to a file descriptor, and never waits for whoever reads them.

    Lines that a full pipe does not take are kept, up to a megabyte; further ones are dropped and
    counted. Lines go together: a system call for each would be a noticeable part of a request.
    """

    def __init__(self, descriptor: int) -> None:
        self.dropped = 0  # lines
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._pending = bytearray()
        self._lock = Lock()  # libraries log from threads of their own
        self._is_planned = False
        self._reported = 0

    def put(self, line: str) -> None:
        """Write *line* soon, in order; now if there is no event loop."""
        if len(self._pending) < _MOST_PENDING:
            self._pending += f"{line}\n".encode(errors="backslashreplace")
        else:
            self.dropped += 1
        if not self._plan_flush():
            self.flush()

    def flush(self, wait_seconds: float = 0) -> None:
        """Write what the reader takes now, or in so many seconds."""
        with self._lock:
            is_moving = self._write(time.monotonic() + wait_seconds)
        if is_moving and self.dropped > self._reported:
            count, self._reported = self.dropped - self._reported, self.dropped
            log.warning("%d log lines were dropped, because nobody read them in time", count)
        if self._pending:
            self._plan_flush()

    def _plan_flush(self) -> bool:
        """Flush soon; return False if there is no event loop for it."""
        if not self._is_planned:
            try:
                asyncio.get_running_loop().call_later(_SOON_SECONDS, self._flush_as_planned)
            except RuntimeError:
                return False
            self._is_planned = True
        return True

    def _flush_as_planned(self) -> None:
        self._is_planned = False
        self.flush()

    def _write(self, deadline: float) -> bool:
        """Write until *deadline*; return whether there was something, and all of it went."""
        had_lines = bool(self._pending)
        try:
            while self._pending:
                if not self._poll.poll(1000 * max(0, deadline - time.monotonic())):
                    return False
                # So many bytes never block where a poll has found room for some.
                written = os.write(self._descriptor, self._pending[: select.PIPE_BUF])
                del self._pending[:written]
        except BlockingIOError:
            return False
        except OSError:  # the disk is full, or the reader has gone: no reason to fail a request
            self.dropped += self._pending.count(b"\n")
            self._pending.clear()
            return False
        return had_lines


class OncePerMinute:
    """Limits lines that callers can cause: one a minute for each topic, of ten topics at most."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def take(self, topic: str) -> str | None:
        """Return *topic* if a line may be logged now, `OTHERS` for all beyond ten, else None."""
        now = self._clock()
        self._until = {one: until for one, until in self._until.items() if until > now}
        if topic not in self._until and len(self._until.keys() - {OTHERS}) == _PLACES:
            topic = OTHERS
        if topic in self._until:
            return None
        self._until[topic] = now + _PLACE_SECONDS
        return topic


def configure_logging(
    level: str, style: str, descriptor: int = _STDERR
) -> tuple[Lines, LineFormat]:
    """Send every log line of this process to a file, in *style* `text` or `json`.

    Return the writer and the format, for the access log, which is faster without `logging`.
    """
    lines = Lines(descriptor)
    line_format = json_line if style == "json" else text_line
    root = logging.getLogger()
    root.handlers[:] = [_Handler(lines, line_format)]
    root.setLevel(logging.WARNING)  # debug output of libraries would show what they send
    log.setLevel(level.upper())
    logging.raiseExceptions = False  # an error inside logging must not print a traceback
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

    def close(self) -> None:
        """Write the last lines; `logging` calls this when Python ends."""
        self._lines.flush(_LAST_SECONDS)
        super().close()


@lru_cache(maxsize=4)
def iso_utc(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _one_line(text: str) -> str:
    """Escape characters that could forge a line or control a terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
