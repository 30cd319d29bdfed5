"""Reads JSON objects strictly, and finds how each member was spelled.

What Spotify sends must reach the app as it came: a number of 400 digits, `1.0` or
`1e400` would not survive a round trip through Python's numbers. So the members' own
text is kept, and only those that are ours to change are written anew.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

# Python 3.13 reads 10,000 levels, which takes more than a megabyte of stack: with less it crashes.
MOST_BRACKETS = 5_000  # more than a code, of 2,048 characters at most, can hold
_BLANKS = " \t\r\n"
_BETWEEN = _BLANKS + ",:"

Pairs = list[tuple[str, Any]]  # names and values, which may be whatever JSON can say


class NotStrictJson(ValueError):
    """The text is no JSON object of RFC 8259, or it has a member twice."""


class Number(str):
    """A JSON number, as it was spelled."""

    __slots__ = ()


def read_object(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the JSON object in *body* as its text, without blanks around it, and its values.

    All else is NotStrictJson: not UTF-8, a byte-order mark, NaN, nested too deeply, more than
    5,000 brackets, something behind the object, a name twice.
    """
    return _read(body, _DECODER)


def read_pairs(body: bytes) -> Pairs:
    """Return the members of the JSON object in *body*, in order.

    NotStrictJson is as in `read_object`, but a name may repeat. Inside nested objects it may
    not: which one counts is undefined.
    """
    latest: Pairs = []

    def keep(pairs: Pairs) -> dict[str, Any]:
        nonlocal latest
        _without_repeats(latest)  # it stands before this object, or inside it
        latest = pairs
        return dict(pairs)

    _read(body, _decoder(keep))
    return latest


def spelled_members(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each member of *text*, which `read_object` returned."""
    at = _next(text, 1)
    while text[at] != "}":
        name, end = _DECODER.raw_decode(text, at)
        _, end = _DECODER.raw_decode(text, _next(text, end))
        yield name, text[at:end]
        at = _next(text, end)


def _read(body: bytes, decoder: json.JSONDecoder) -> tuple[str, dict[str, Any]]:
    try:
        text = body.decode().strip(_BLANKS)
        # A text that is shorter than that need not be counted.
        if len(text) > MOST_BRACKETS < text.count("[") + text.count("{"):
            raise NotStrictJson
        value, end = decoder.raw_decode(text)
    except (ValueError, RecursionError):  # Python 3.11 reads fewer than 1,000 levels
        # From None: the decoder's own error keeps the whole text, tokens and all.
        raise NotStrictJson("not a strict JSON object") from None
    if type(value) is not dict or end != len(text):
        raise NotStrictJson("not a JSON object")
    return text, value


def _next(text: str, at: int) -> int:
    """Return where the next name or value begins, or the object ends."""
    while text[at] in _BETWEEN:
        at += 1
    return at


def _without_repeats(pairs: Pairs) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrictJson
    return members


def _no_constant(_: str) -> None:
    raise NotStrictJson  # NaN, Infinity: Python's reader takes them, JSON has none


def _decoder(hook: Callable[[Pairs], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=hook,
        parse_int=Number,
        parse_float=Number,
        parse_constant=_no_constant,
    )


_DECODER = _decoder(_without_repeats)
