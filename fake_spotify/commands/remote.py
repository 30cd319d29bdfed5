"""The commands that drive a running fake: ready, code, fault, clock, journal and reset."""

import json
import re
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from fake_spotify.choices import hint
from fake_spotify.commands.arguments import parser_of
from fake_spotify.commands.control import Control, ControlFailed
from fake_spotify.faults import kinds

_POLL_SECONDS = 0.05
_STEP = re.compile(r"([+-][0-9.]+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK_WORDS: dict[str, dict[str, object]] = {
    "freeze": {"frozen": True},
    "run": {"frozen": False},
    "now": {"now": "real", "frozen": False},
}


def _ready(_: Control, options: Namespace) -> list[str]:
    deadline = time.monotonic() + options.timeout
    while True:
        left = max(deadline - time.monotonic(), _POLL_SECONDS)
        try:
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
