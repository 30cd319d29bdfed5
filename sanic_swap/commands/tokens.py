"""`swap`, `refresh` and `inspect`: the endpoints from the command line."""

import asyncio
import json
import sys
import time
from dataclasses import replace
from getpass import getpass

from sanic_swap.errors import SwapError, TokenHeld, TokenRefused
from sanic_swap.logs import iso_utc, log
from sanic_swap.parts import Parts, make_sealing
from sanic_swap.sealing.key_ring import PREFIX, OpenedToken, key_id_of
from sanic_swap.sealing.legacy import shape_of
from sanic_swap.secret import Secret
from sanic_swap.settings.table import Settings
from sanic_swap.swap.revocations import AUTHORIZATION_SECONDS
from sanic_swap.swap.token_swap import SwapRequest
from sanic_swap.trace import Answered, RequestTrace
from sanic_swap.web.error_table import refusal_of
from sanic_swap.web.token_requests import SWAP, Field

_DAY = 86_400  # seconds


def read_secret(name: str) -> Secret:
    """Return standard input, or prompt for *name* without echo on a terminal."""
    if sys.stdin.isatty():
        return Secret(getpass(f"{name}: "))
    return Secret(sys.stdin.buffer.read().decode(errors="replace"))


def trade(settings: Settings, grant_type: str, **parameters: str | None) -> int:
    """Print what the endpoint would answer; return 0 if that is tokens, else 1."""
    fields = [Field(name, value) for name, value in parameters.items()]
    body, status = asyncio.run(_answer(settings, fields, grant_type))
    print(body.decode())
    if status != 200:
        print(f"sanic-swap: the service would answer with status {status}", file=sys.stderr)
    return 0 if status == 200 else 1


def inspect(settings: Settings, sealed: Secret, *, as_json: bool) -> int:
    """Print everything about a token but its content; return 0 if it opens, else 1."""
    description = _describe(settings, sealed.reveal())
    if as_json:
        print(json.dumps(description))
    else:
        words = {True: "yes", False: "no", None: "unknown"}
        for name, value in description.items():
            shown = words[value] if isinstance(value, bool | None) else value
            print(f"{name + ':':15}{shown}")
    return 0 if description["opens"] else 1


def _describe(settings: Settings, sealed: str) -> dict[str, object]:
    token = sealed.strip(" \t\r\n")
    is_ours = token.startswith(PREFIX)
    description: dict[str, object] = {"format": "s1" if is_ours else shape_of(sealed)}
    if is_ours:
        description["key_id"] = key_id_of(token)
    sealing = make_sealing(settings)
    try:
        if is_ours:
            opened = sealing.ring.open(token)
        else:
            opened = sealing.legacy.open(sealed)
            description["format"] = opened.imported
    except (TokenRefused, TokenHeld) as error:
        description |= {"opens": False, "reason": error.reason}
        return description | ({"remedy": str(error)} if isinstance(error, TokenHeld) else {})
    grant = sealing.grant_ids.of(opened.refresh_token)
    age = _describe_age(settings, opened) if is_ours else {}
    return {**description, "opens": True, "grant": grant, **age}


def _describe_age(settings: Settings, opened: OpenedToken) -> dict[str, object]:
    description: dict[str, object] = {
        "sealed_by": "the current key" if opened.is_current else "an older key",
        "sealed_at": iso_utc(opened.sealed_at),
        "authorized_at": iso_utc(opened.authorized_at) if opened.authorized_at else None,
    }
    if opened.authorized_at:
        age = int(time.time()) - opened.authorized_at
        description["age_days"] = round(age / _DAY, 1)
        lifetime = settings.refresh_token_lifetime or AUTHORIZATION_SECONDS
        description["ends_at"] = iso_utc(opened.authorized_at + lifetime)
        description["days_left"] = round(max(0, lifetime - age) / _DAY, 1)
    return description


async def _answer(settings: Settings, fields: list[Field], grant_type: str) -> tuple[bytes, int]:
    """Return body and status of the answer, and log what the service would log."""
    # A command has no metrics and shares nothing with other machines.
    alone = replace(
        settings, metrics_port=None, new_relic_license_key=None, rate_limit=(), store_url=None
    )
    path = "/swap" if grant_type == SWAP else "/refresh"
    parts, trace = Parts(alone), RequestTrace("-", "-", path)
    began, outcome, error, reason = time.perf_counter(), "ok", None, None
    try:
        request = parts.rules.read(fields, grant_type)
        async with parts.opened():
            if isinstance(request, SwapRequest):
                body, status = await parts.swap.swap(request, trace), 200
            else:
                body, status = await parts.swap.refresh(request, trace), 200
    except SwapError as raised:
        refusal = refusal_of(raised)
        body, status = refusal.body(), refusal.status
        outcome, error, reason = refusal.outcome, raised.logged or refusal.error, raised.reason
        trace.refused_key_id = raised.key_id
        log.log(refusal.level, refusal.log, raised)
    if parts.access_log is not None:
        seconds = time.perf_counter() - began
        answered = Answered(trace, "POST", status, outcome, error, reason, seconds, "-")
        parts.access_log.write(answered)
    return body, status
