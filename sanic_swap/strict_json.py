"""Reads JSON objects strictly, and remembers how each member was spelled.

What Spotify sends must reach the app as it came: a number of 400 digits, `1.0` or
`1e400` would not survive a round trip through Python's numbers. So the members' own
text is kept, and only those that are ours to change are written anew.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

# Python 3.13 reads 10,000 levels, which takes more than a megabyte of stack: with less it crashes.
MOST_BRACKETS = 5_000  # more than a code, of 2,048 characters at most, can hold
_BLANKS = " \t\r\n"


class NotStrictJson(ValueError):
    """The text is no JSON object of RFC 8259, or it has a member twice."""


class Number(str):
    """A JSON number, as it was spelled."""

    __slots__ = ()


class Member(NamedTuple):
    """One member of an object: its name, its value, and the text of both."""

    name: str
    value: Any  # Number, str, bool, None, list or dict: whatever JSON can say
    text: str

    def __repr__(self) -> str:
        return f"Member({self.name!r})"  # the value may be a token


def read_members(body: bytes) -> list[Member]:
    """
    Return the members of the JSON object in *body*, in order; a name may repeat.

    Inside nested objects a repeated name is refused: which one counts is undefined.

    Raises:
        NotStrictJson: If it is anything else: not UTF-8, a byte-order mark, NaN,
            nested too deeply, more than 5,000 brackets, something behind the object.
    """
    text = _text(body)
    try:
        return list(_members(text))
    except (ValueError, IndexError, RecursionError):  # Python 3.11 reads fewer than 1,000 levels
        # From None: the decoder's own error keeps the whole text, tokens and all.
        raise NotStrictJson("not a strict JSON object") from None


def read_object(body: bytes) -> tuple[str, dict[str, Any]]:
    """
    Return the JSON object in *body* as its text, without blanks around it, and its values.

    Raises:
        NotStrictJson: As `read_members`, and if a name repeats anywhere.
    """
    text = _text(body).strip(_BLANKS)
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        raise NotStrictJson("not a strict JSON object") from None
    if type(value) is not dict or end != len(text):
        raise NotStrictJson("not a JSON object")
    return text, value


def strings_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever JSON can say
    """Yield every string in *value*, names of members and numbers' digits included."""
    pending = [value]
    while pending:
        match pending.pop():
            case str(text):
                yield text
            case list(items):
                pending.extend(items)
            case dict(members):
                yield from members
                pending.extend(members.values())


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except ValueError:
        raise NotStrictJson("not UTF-8") from None
    # A text that is shorter than that need not be counted.
    if len(text) > MOST_BRACKETS < text.count("[") + text.count("{"):
        raise NotStrictJson("nested too deeply, or too many arrays and objects")
    return text


def _members(text: str) -> Iterator[Member]:
    at = _skip(text, 0)
    if text[at] != "{":
        raise NotStrictJson
    at = _skip(text, at + 1)
    while text[at] != "}":
        start = at
        if text[at] != '"':
            raise NotStrictJson
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] != ":":
            raise NotStrictJson
        value, at = _DECODER.raw_decode(text, _skip(text, at + 1))
        yield Member(name, value, text[start:at])
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
            if text[at] == "}":
                raise NotStrictJson
        elif text[at] != "}":
            raise NotStrictJson
    if text[at + 1 :].strip(_BLANKS):
        raise NotStrictJson


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANKS:
        at += 1
    return at


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrictJson
    return members


def _no_constant(_: str) -> None:
    raise NotStrictJson  # NaN, Infinity: Python's reader takes them, JSON has none


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_repeats,
    parse_int=Number,
    parse_float=Number,
    parse_constant=_no_constant,
)
