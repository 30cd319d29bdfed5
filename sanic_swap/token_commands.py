"""`swap`, `refresh` and `inspect`: the endpoints' work from the command line."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from getpass import getpass

from sanic_swap.body import Field
from sanic_swap.error_table import answer_to
from sanic_swap.errors import SwapError, TokenHeld, TokenRefused
from sanic_swap.grant_id import GrantIds
from sanic_swap.key_ring import PREFIX, OpenedToken, key_id_of
from sanic_swap.legacy import shape_of
from sanic_swap.parameters import REFRESH, SWAP
from sanic_swap.parts import make_key_ring, make_legacy_tokens, make_rules, make_spotify, make_swap
from sanic_swap.secret import Secret
from sanic_swap.settings import Settings
from sanic_swap.swap_requests import SwapRequest
from sanic_swap.token_swap import TokenSwap
from sanic_swap.trace import RequestTrace

_DAY = 86_400


def read_secret(command: str) -> Secret:
    """Return what standard input holds, or what a person types unseen."""
    if sys.stdin.isatty():
        asked = "authorization code" if command == "swap" else "refresh token"
        return Secret(getpass(f"{asked}: "))
    return Secret(sys.stdin.buffer.read().decode(errors="replace"))


def swap(settings: Settings, code: Secret, redirect_uri: str | None) -> int:
    """Print what `POST /swap` would answer; 0 if that is tokens, else 1."""
    fields = [Field("code", code.reveal()), Field("redirect_uri", redirect_uri)]
    return _answer(settings, fields, SWAP)


def refresh(settings: Settings, sealed: Secret) -> int:
    """Print what `POST /refresh` would answer; 0 if that is tokens, else 1."""
    return _answer(settings, [Field("refresh_token", sealed.reveal())], REFRESH)


def inspect(settings: Settings, sealed: Secret, *, as_json: bool) -> int:
    """Print what a sealed or legacy token says of itself; 0 if it opens here, else 1."""
    token = sealed.reveal().strip(" \t\r\n")
    ours = token.startswith(PREFIX)
    told: dict[str, object] = {"format": "s1" if ours else shape_of(sealed.reveal())}
    if ours:
        told["key_id"] = key_id_of(token)
    try:
        if ours:
            opened = make_key_ring(settings).open(token)
        else:
            opened = make_legacy_tokens(settings).open(sealed.reveal())
            told["format"] = opened.imported
    except (TokenRefused, TokenHeld) as error:
        told |= {"opens": False, "reason": getattr(error, "reason", "it does not open here")}
    else:
        told |= {"opens": True, "grant": GrantIds(settings.client_secret).of(opened.refresh_token)}
        if ours:
            told |= _life(settings, opened)
    if as_json:
        print(json.dumps(told))
    else:
        for name, value in told.items():
            print(f"{name + ':':15}{_in_words(value)}")
    return 0 if told["opens"] else 1


def _life(settings: Settings, opened: OpenedToken) -> dict[str, object]:
    told: dict[str, object] = {
        "sealed_by": "the current key" if opened.is_current else "an older key",
        "sealed_at": _moment(opened.sealed_at),
        "authorized_at": _moment(opened.authorized_at) if opened.authorized_at else None,
    }
    if opened.authorized_at:
        age = int(time.time()) - opened.authorized_at
        told["age_days"] = round(age / _DAY, 1)
        if settings.refresh_token_lifetime is not None:
            left = max(0, settings.refresh_token_lifetime - age)
            told["days_left"] = round(left / _DAY, 1)
    return told


def _answer(settings: Settings, fields: list[Field], grant_type: str) -> int:
    async def ask(service: TokenSwap) -> bytes:
        asked = make_rules(settings).read(fields, grant_type)
        if isinstance(asked, SwapRequest):
            return await service.swap(asked, RequestTrace())
        return await service.refresh(asked, RequestTrace())

    try:
        body = asyncio.run(_with_service(settings, ask))
    except SwapError as error:
        answer = answer_to(error)
        print(answer.body().decode())
        print(f"sanic-swap: this is an answer with status {answer.status}", file=sys.stderr)
        return 1
    print(body.decode())
    return 0


async def _with_service(settings: Settings, ask: Callable[[TokenSwap], Awaitable[bytes]]) -> bytes:
    async with make_spotify(settings) as spotify:
        return await ask(make_swap(settings, spotify, settings.keys()))


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"


def _in_words(value: object) -> str:
    words = {True: "yes", False: "no", None: "unknown"}
    return words[value] if isinstance(value, bool | None) else str(value)
