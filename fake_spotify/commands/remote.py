"""The commands that drive a running fake: ready, code, fault, clock, journal and reset."""

import json
import os
import re
import ssl
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from fake_spotify.choices import hint
from fake_spotify.commands.arguments import parser_of
from fake_spotify.faults import kinds

_DEFAULT_URL = "http://127.0.0.1:8090/_fake"
_TIMEOUT_SECONDS = 10.0
_POLL_SECONDS = 0.05
_STEP = re.compile(r"([+-][0-9.]+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK_WORDS: dict[str, dict[str, object]] = {
    "freeze": {"frozen": True},
    "run": {"frozen": False},
    "now": {"now": "real", "frozen": False},
}


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
        self.url = (os.environ.get("FAKE_SPOTIFY_CONTROL_URL") or _DEFAULT_URL).rstrip("/")
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


def _ready(_: Control, options: Namespace) -> list[str]:
    deadline = time.monotonic() + options.timeout
    while True:
        left = max(deadline - time.monotonic(), _POLL_SECONDS)
        try:
            # A new one each time: a fake that starts replaces the file with its certificate.
            Control(timeout_seconds=left).send("GET", "/health")
        except ControlFailed as error:
            if not options.wait or error.is_usage or time.monotonic() >= deadline:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return []


def _code(control: Control, options: Namespace) -> list[str]:
    chosen = {name: it for name, it in vars(options).items() if name != "client_id" and it}
    return [control.send("POST", "/codes", chosen)["code"]]


def _fault(control: Control, options: Namespace) -> list[str]:
    if options.list:
        return [
            f"{kind}{''.join(f' {name}=…' for name in kinds.parameters(found))}\n"
            f"    {kinds.sentence(found)}"
            for kind, found in sorted(kinds.KINDS.items())
        ] + [f"{kind} seconds=…\n    No client can connect." for kind in kinds.OUTAGES]
    if options.clear:
        control.send("DELETE", "/faults")
        return []
    if options.name is None:
        raise ControlFailed(f"NAME is missing; {hint('', kinds.KINDS)}", is_usage=True)
    members = {"kind": options.name, **_pairs(options.parameters)}
    if options.name not in kinds.OUTAGES:
        members["times"] = _value(options.times)
        members["match"] = {name: str(it) for name, it in _pairs(options.match).items()}
        if options.is_processed:
            members["is_processed"] = True
    return [json.dumps(control.send("POST", "/faults", members))]


def _clock(control: Control, options: Namespace) -> list[str]:
    shown = control.send("GET", "/clock")
    for change in options.change:
        shown = control.send("PUT", "/clock", _change(change.strip()))
    moment = datetime.fromtimestamp(shown["now"], UTC).isoformat(timespec="seconds")
    return [moment.replace("+00:00", "Z") + (" (frozen)" if shown["frozen"] else "")]


def _change(text: str) -> dict[str, object]:
    step = _STEP.fullmatch(text)
    if step is not None:
        try:
            return {f"advance_{_UNITS[step[2]]}": float(step[1])}
        except ValueError:
            raise ControlFailed(f"{text} is no time", is_usage=True) from None
    return _CLOCK_WORDS.get(text, {"now": text})


def _journal(control: Control, options: Namespace) -> list[str]:
    if options.clear:
        control.send("DELETE", "/requests")
        return []
    match = {name: str(it) for name, it in _pairs(options.match).items()}
    found = control.send("GET", "/requests", query={"limit": str(options.limit), **match})
    return [json.dumps(found)] if options.json else [_line(entry) for entry in found["requests"]]


def _line(entry: dict[str, Any]) -> str:
    grant_type = entry["parameters"].get("grant_type")
    about = f" ({grant_type})" if grant_type else ""
    answer = " ".join(filter(None, (str(entry["status"] or "no answer"), entry["error"])))
    why = f"\n    {entry['why']}" if entry["why"] else ""
    return f"{entry['number']} {entry['method']} {entry['path']}{about} -> {answer}{why}"


def _reset(control: Control, _: Namespace) -> list[str]:
    control.send("POST", "/reset")
    return []


def _pairs(texts: Sequence[str]) -> dict[str, object]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ControlFailed(f"{text}: must be key=value", is_usage=True)
        pairs[name] = _value(value)
    return pairs


def _value(text: str) -> object:
    """Read a number, true, false, an object or a list; everything else is the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


COMMANDS: dict[str, tuple[str, Callable[[Control, Namespace], list[str]]]] = {
    "ready": ("End with exit code 0 if a fake answers, 1 if none does.", _ready),
    "code": ("Print an authorization code, made without a browser.", _code),
    "fault": ("Plan a fault: NAME, its parameters, and what it is for.", _fault),
    "clock": ("Show the time of the fake, or change it first.", _clock),
    "journal": ("List the requests so far, one a line, and why they were refused.", _journal),
    "reset": ("Drop all state, faults and requests; back to the real time.", _reset),
}


def perform(name: str, arguments: Sequence[str]) -> int:
    """Run command *name*; 1 if the fake does not answer or has no such thing, 2 for a mistake."""
    about, command = COMMANDS[name]
    found = "The fake is found by FAKE_SPOTIFY_CONTROL_URL, by default on port 8090."
    parser = parser_of(name, prog=f"fake-spotify {name}", description=about, epilog=found)
    parser.add_argument("--client-id", metavar="ID", help="the app that is meant (the first)")
    # A step back in time begins like an option.
    guarded = [f" {one}" if _STEP.fullmatch(one) else one for one in arguments]
    options = parser.parse_args(guarded)
    try:
        for line in command(Control(options.client_id), options):
            print(line)
    except ControlFailed as error:
        print(f"fake-spotify {name}: {error}", file=sys.stderr)
        return 2 if error.is_usage else 1
    return 0
