"""Speaks to the control API of a running fake."""

import json
import os
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

DEFAULT_URL = "http://127.0.0.1:8090/_fake"
_TIMEOUT_SECONDS = 10.0


class ControlFailed(Exception):
    """The fake did not do it; the text says why. `is_usage` if what was asked for is wrong."""

    def __init__(self, text: str, *, is_usage: bool = False) -> None:
        super().__init__(text)
        self.is_usage = is_usage


class Control:
    """The control API at the address in FAKE_SPOTIFY_CONTROL_URL, by default on the default port.

    It speaks of the app *client_id*, or of the first one.
    """

    def __init__(
        self, client_id: str | None = None, *, timeout_seconds: float = _TIMEOUT_SECONDS
    ) -> None:
        # An empty variable is what a workflow file makes of one that is not set.
        self.url = (os.environ.get("FAKE_SPOTIFY_CONTROL_URL") or DEFAULT_URL).rstrip("/")
        self._query = {} if client_id is None else {"client_id": client_id}
        self._timeout_seconds = timeout_seconds
        context = ssl.create_default_context(cafile=os.environ.get("FAKE_SPOTIFY_CA_FILE") or None)
        # A proxy for the outside world does not reach this machine's loopback.
        self._opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))

    def send(
        self,
        method: str,
        path: str,
        members: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the JSON object that answers; a ControlFailed if the fake refuses or is silent."""
        chosen = {**self._query, **(query or {})}
        url = self.url + path + (f"?{urlencode(chosen)}" if chosen else "")
        if not url.startswith(("http://", "https://")):
            raise ControlFailed("FAKE_SPOTIFY_CONTROL_URL: must be an http URL", is_usage=True)
        body = None if members is None else json.dumps(members).encode()
        request = Request(url, body, {"content-type": "application/json"}, method=method)  # noqa: S310 (checked above)
        try:
            with self._opener.open(request, timeout=self._timeout_seconds) as answer:
                return dict(json.loads(answer.read() or b"{}"))
        except HTTPError as error:
            with error:
                raise _refused(self.url, error) from None
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise ControlFailed(f"no fake answers at {self.url}: {reason}") from None
        except ValueError:
            raise ControlFailed(f"what answers at {self.url} is not fake-spotify") from None


def _refused(url: str, error: HTTPError) -> ControlFailed:
    try:
        return ControlFailed(str(json.loads(error.read())["error"]), is_usage=error.code == 400)
    except (ValueError, KeyError, TypeError):
        return ControlFailed(f"{url} answers {error.code}: is it fake-spotify's control_url?")
