"""Reads what a control request wants: its JSON object, its app, its match, its clock."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from fake_spotify.choices import ChoiceError, flag, only, text
from fake_spotify.clock import Clock
from fake_spotify.matching import Match

_MATCH_NAMES = frozenset(found.name for found in fields(Match))
_CLOCK_NAMES = frozenset({"now", "advance_seconds", "advance_days", "frozen"})
_ENDLESS = "forever"


def members(body: bytes) -> dict[str, object]:
    """
    Read a JSON object; nothing at all counts as an empty one.

    Raises:
        ChoiceError: If it is something else.
    """
    try:
        read = json.loads(body) if body.strip() else {}
    except ValueError:
        raise ChoiceError("body", "must be JSON") from None
    if not isinstance(read, dict):
        raise ChoiceError("body", "must be a JSON object")
    return read


def match(wanted: object) -> Match:
    """Read a match, be it of a fault or in a query string."""
    if not isinstance(wanted, Mapping):
        raise ChoiceError("match", "must be an object")
    only(wanted, _MATCH_NAMES, "match")
    read = {name: value for name, value in wanted.items() if name != "status"}
    for name, value in read.items():
        if not isinstance(value, str):
            raise ChoiceError(name, "must be a string")
    status = wanted.get("status")
    if status is None:
        return Match(**read)
    if isinstance(status, bool) or not str(status).isdecimal():
        raise ChoiceError("status", "must be a number")
    return Match(**read, status=int(str(status)))


def count(name: str, value: str) -> int:
    """Read a number from 1 in a query string."""
    if not value.isdecimal() or not int(value):
        raise ChoiceError(name, "must be a number from 1")
    return int(value)


def times(wanted: object) -> int | None:
    """Read how often: a number, or "forever", which is None."""
    if wanted == _ENDLESS:
        return None
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
        raise ChoiceError("times", f'must be a number from 1, or "{_ENDLESS}"')
    return wanted


def change_clock(clock: Clock, wanted: Mapping[str, object]) -> None:
    """Freeze or let go, set, advance, as far as each is *wanted*."""
    only(wanted, _CLOCK_NAMES, "the clock")
    advance = sum(
        _number(name, wanted.get(name, 0)) * factor
        for name, factor in (("advance_seconds", 1), ("advance_days", 86400))
    )
    moment = _moment(wanted["now"]) if "now" in wanted else clock.now()
    frozen = flag("frozen", wanted["frozen"]) if "frozen" in wanted else clock.is_frozen
    # Frozen first: what was asked for is then exact, not a microsecond later.
    if frozen:
        clock.freeze()
    clock.set(moment + advance)
    if not frozen:
        clock.run()


def _moment(value: object) -> float:
    if not isinstance(value, str):
        return _number("now", value)
    try:
        read = datetime.fromisoformat(text("now", value))
    except ValueError:
        raise ChoiceError("now", "must be Unix seconds or an ISO 8601 moment") from None
    if read.tzinfo is None:
        raise ChoiceError("now", "must say its time zone, such as Z")
    return read.timestamp()


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e11:
        raise ChoiceError(name, "must be a number")
    return value
