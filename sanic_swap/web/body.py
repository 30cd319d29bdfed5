"""Reads the body of a token request: a form first of all, a JSON object too.

Sanic's own `request.form` and `request.json` are lenient: they answer broken bodies
with an empty form, keep repeated members silently, and take NaN for a number.
"""

import re
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from sanic_swap.errors import InvalidRequest, UnsupportedMediaType
from sanic_swap.strict_json import NotStrictJson, read_pairs

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_BOM = b"\xef\xbb\xbf"
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Field(NamedTuple):
    """One name and value as they came; in JSON the value may be anything."""

    name: str
    value: Any  # str in a form; in JSON whatever JSON can say

    def __repr__(self) -> str:
        return f"Field({self.name!r})"  # the value may be a code or token


def media_type(content_types: list[str], content_encodings: list[str]) -> str | None:
    """Return the media type to read a body by, None if it has to be guessed.

    Raises:
        UnsupportedMediaType: If it is neither a form nor JSON, or compressed.
    """
    encoding = ",".join(content_encodings).strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType("Content-Encoding must be identity")
    types = [value.partition(";")[0].strip().lower() for value in content_types]
    declared = ",".join(filter(None, types))
    if declared in (FORM, JSON):
        return declared
    # What fetch() in a browser says by itself tells nothing about the body.
    if declared in ("", "text/plain"):
        return None
    raise UnsupportedMediaType(f"Content-Type must be {FORM} or {JSON}")


def read_fields(body: bytes, declared: str | None) -> list[Field]:
    """Return every field of *body*, whose `media_type` is *declared*; in order, repeated ones too.

    Raises:
        InvalidRequest: If it is not UTF-8, or breaks the syntax of its type.
    """
    if body.startswith(_BOM):
        raise InvalidRequest("the body must be UTF-8 without a byte order mark")
    begins_as_object = body.lstrip(b" \t\r\n").startswith(b"{")
    if declared != JSON and not begins_as_object:
        return _read_form(body)
    try:
        fields = [Field(name, value) for name, value in read_pairs(body)]
    except NotStrictJson:
        if declared == FORM:
            return _read_form(body)
        if begins_as_object or b"=" not in body:
            raise InvalidRequest("the body is not a JSON object in UTF-8") from None
        text = f"the body is a form, but labelled as JSON; send it as {FORM}"
        raise InvalidRequest(text) from None
    if declared == FORM:
        raise InvalidRequest(f"the body is JSON, but labelled as a form; send it as {JSON}")
    return fields


def _read_form(body: bytes) -> list[Field]:
    try:
        pairs = [pair.partition("=") for pair in body.decode().split("&") if pair]
        return [Field(_decoded(name), _decoded(value)) for name, _, value in pairs]
    except ValueError:
        raise InvalidRequest("the body is not a form in UTF-8") from None


def _decoded(text: str) -> str:
    """Undo form encoding (WHATWG URL, urlencoded parsing), but refuse broken escapes."""
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    if _BROKEN_ESCAPE.search(text):
        raise ValueError("a broken percent-escape")
    return unquote_to_bytes(text).decode()
