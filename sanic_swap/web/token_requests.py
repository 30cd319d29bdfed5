"""Reads a token request strictly: a body that is a form or a JSON object, and its six parameters.

Sanic's own `request.form` and `request.json` are lenient: they answer broken bodies
with an empty form, keep repeated members silently, and take NaN for a number.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from sanic_swap.errors import (
    InvalidRequest,
    OtherClient,
    UnsupportedGrantType,
    UnsupportedMediaType,
)
from sanic_swap.secret import Secret
from sanic_swap.strict_json import NotStrictJson, Number, read_pairs
from sanic_swap.swap.token_swap import RefreshRequest, SwapRequest

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_BOM = b"\xef\xbb\xbf"
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Field(NamedTuple):
    """One name and value as they came."""

    name: str
    value: Any  # str in a form; in JSON whatever JSON can say

    def __repr__(self) -> str:
        return f"Field({self.name!r})"  # the value may be a code or token


def media_type(content_types: list[str], content_encodings: list[str]) -> str | None:
    """Return the media type to read a body by, None if it has to be guessed.

    Raises UnsupportedMediaType if it is neither a form nor JSON, or compressed.
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

    Raises InvalidRequest if it is not UTF-8, or breaks the syntax of its type.
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


SWAP = "authorization_code"
REFRESH = "refresh_token"
LONGEST_SEALED_TOKEN = 4096  # characters
_LONGEST_CODE = 2048

_CODE_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")  # RFC 7636 section 4.1
_BLANKS = " \t\r\n"
# What SDKs send that have nothing to send: a null that was turned into a string.
_NOTHING = frozenset({"(null)", "null", "undefined"})
_LOOPBACK = ("http://127.0.0.1", "http://[::1]")
_GRANT_TYPES = (SWAP, REFRESH)


class ParameterRules:
    """Turns the fields of a body into a request, or says what is wrong with them.

    If a refresh would be held, another client id is no error: it is CLIENT_ID that may be wrong.
    """

    def __init__(
        self,
        client_id: str,  # ours; a request may name it, and no other
        callback_urls: Sequence[str],  # what `redirect_uri` may be; the first is the default
        holds: Callable[[RefreshRequest], bool] = lambda _: False,
    ) -> None:
        self._client_id, self._callback_urls, self._holds = client_id, callback_urls, holds
        # As at Spotify, an entry `http://127.0.0.1/…` or `http://[::1]/…` without a port fits any
        # port (RFC 8252 section 7.3); all else is compared character for character.
        self._any_port = [
            re.compile(rf"{re.escape(host)}:[0-9]{{1,5}}{re.escape(uri.removeprefix(host))}\Z")
            for uri in callback_urls
            for host in _LOOPBACK
            if uri == host or uri.startswith(f"{host}/")
        ]

    def read(self, fields: Sequence[Field], grant_type: str | None) -> SwapRequest | RefreshRequest:
        """Return the request that *fields* make at an endpoint for *grant_type*.

        None lets the request choose, by default a swap. Raises OtherClient, UnsupportedGrantType
        or InvalidRequest, in this order.
        """
        client_id = _optional(fields, "client_id")
        if client_id not in (None, self._client_id) and not self._is_held(fields, grant_type):
            raise OtherClient("client_id is not the one of this service")
        sent = _optional(fields, "grant_type")
        allowed = _GRANT_TYPES if grant_type is None else (grant_type,)
        if sent is not None and sent not in allowed:
            raise UnsupportedGrantType(f"grant_type must be {' or '.join(allowed)} here")
        if (grant_type or sent) == REFRESH:
            return _refresh_request(fields)
        return self._swap_request(fields)

    def _is_held(self, fields: Sequence[Field], grant_type: str | None) -> bool:
        try:
            is_refresh = REFRESH in (grant_type, _optional(fields, "grant_type"))
            return is_refresh and self._holds(_refresh_request(fields))
        except InvalidRequest:
            return False

    def _swap_request(self, fields: Sequence[Field]) -> SwapRequest:
        code = _required(fields, "code")
        if len(code) > _LONGEST_CODE or not (code.isascii() and code.isprintable()):
            raise InvalidRequest("code must be 1 to 2048 printable ASCII characters")
        redirect_uri = _optional(fields, "redirect_uri")
        if redirect_uri is None:
            redirect_uri = self._callback_urls[0]
        elif not self._is_registered(redirect_uri):
            raise InvalidRequest("redirect_uri is not one of CALLBACK_URL of this service")
        verifier = _optional(fields, "code_verifier")
        if verifier is not None and not _CODE_VERIFIER.match(verifier):
            raise InvalidRequest("code_verifier must be 43 to 128 characters of RFC 7636")
        return SwapRequest(Secret(code), redirect_uri, Secret(verifier) if verifier else None)

    def _is_registered(self, uri: str) -> bool:
        return uri in self._callback_urls or any(port.match(uri) for port in self._any_port)


def _refresh_request(fields: Sequence[Field]) -> RefreshRequest:
    sealed = _required(fields, "refresh_token")
    if len(sealed) > LONGEST_SEALED_TOKEN:
        raise InvalidRequest(f"refresh_token must not exceed {LONGEST_SEALED_TOKEN} characters")
    as_sent = next(str(field.value) for field in fields if field.name == "refresh_token")
    return RefreshRequest(Secret(sealed), Secret(as_sent))


def _required(fields: Sequence[Field], name: str) -> str:
    if (value := _optional(fields, name)) is None:
        raise InvalidRequest(f"{name} is missing")
    return value


def _optional(fields: Sequence[Field], name: str) -> str | None:
    """Return the stripped value of the one field *name*; None if not sent, empty or null."""
    values = [field.value for field in fields if field.name == name]
    if len(values) > 1:
        raise InvalidRequest(f"{name} must not be repeated")
    value = values[0] if values else None
    if value is None:
        return None
    if not isinstance(value, str) or isinstance(value, Number):
        raise InvalidRequest(f"{name} must be a string")
    value = value.strip(_BLANKS)
    if value in _NOTHING:
        raise InvalidRequest(f"{name} must not be {value}")
    return value or None
