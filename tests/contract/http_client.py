"""Sends one HTTP request, exactly as told, and returns what came back."""

import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage, HTTPSConnection
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from . import patience
from .taint import Canaries

FORM = "application/x-www-form-urlencoded"
_TIMEOUT_SECONDS = 20
_LONGEST = 10_000_000  # bytes of an answer that are looked at
_SECRETS = ("code", "code_verifier", "refresh_token", "access_token")
# Every code and token that was sent or answered: no service may have logged one.
SENT = Canaries()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; nothing is followed or decoded by itself."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON values; raise ValueError if it is none."""
        return json.loads(self.body)

    @property
    def error(self) -> str | None:
        """Return the `error` of a JSON error body, None if there is none."""
        try:
            value = self.json()
        except ValueError:
            return None
        return value.get("error") if isinstance(value, dict) else None


def send(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    cafile: Path | None = None,
    seconds: float | None = None,
) -> Answer:
    """
    Send a request with these headers, and those without which HTTP/1.1 is none.

    Args:
        cafile: Whom to trust, for HTTPS.
        seconds: In which the whole answer must be there; by default long enough for any.

    Raises:
        OSError: If the connection fails, or the answer is not whole in time.
        http.client.HTTPException: If what comes is not HTTP.
    """
    SENT.add(_secrets(body or b""))
    parts, limit = urlsplit(url), seconds or patience.seconds(_TIMEOUT_SECONDS)
    host = parts.hostname or ""
    connection: HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=cafile)
        connection = HTTPSConnection(host, parts.port, timeout=limit, context=context)
    else:
        connection = HTTPConnection(host, parts.port, timeout=limit)
    # A socket's own timeout begins anew with every byte.
    timer = Timer(limit, _hang_up, (connection,))
    timer.start()
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read(_LONGEST))
    finally:
        timer.cancel()
        connection.close()
    SENT.add(_secrets(answer.body))
    return answer


def post_form(
    url: str,
    form: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
    *,
    cafile: Path | None = None,
) -> Answer:
    """Post *form* as the SDKs do."""
    headers = {"Content-Type": FORM, **(headers or {})}
    return send("POST", url, urlencode(form).encode(), headers, cafile=cafile)


def _hang_up(connection: HTTPConnection) -> None:
    # It may have ended already.
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _secrets(body: bytes) -> list[object]:
    """Return what is secret in a form or a JSON object."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = dict(parse_qsl(body.decode(errors="replace")))
    return [fields.get(name) for name in _SECRETS] if isinstance(fields, dict) else []
