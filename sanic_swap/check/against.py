"""Whose tokens would no longer open after a change from old settings to new ones.

Tokens are sealed by the old settings' key ring and opened by the new one. Other services'
tokens are compared as sets of format, secret and last day. The old settings may be another
swap service's: see `Settings.is_of_another_service`.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.logs import iso_utc
from sanic_swap.parts import make_key_ring
from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import is_fernet_key, new_secret, root_key
from sanic_swap.secret import Secret
from sanic_swap.settings.table import Settings, variables

_TOKEN = Secret("a refresh token")
_UNKNOWN_AGE, _ALWAYS_YOUNG = 0, 2**63  # when its user authorized, in Unix seconds
_DAY = 86_400  # seconds
# Spotify's refresh tokens live six months from the user's authorization, and no new ones are
# made: what opens for so long opens for ever.
_LONGEST_LIFE = 184 * _DAY


class Fate(Enum):
    """What an app gets for a token that no longer opens."""

    HELD = "held"  # 503 until the settings are fixed; nobody is logged out
    LOGGED_OUT = "logged out"  # invalid_grant


class Loss(NamedTuple):
    """One reason why tokens no longer open; no secret is in it."""

    what: str  # the setting, and what is wrong with it
    who: str  # whose tokens
    fate: Fate
    remedy: str


def losses(old: Settings, new: Settings, now: float) -> list[Loss]:
    """Return every difference that refuses or holds tokens of *old*, from *now* (Unix seconds)."""
    return [*_by_key(old, new), *_by_one_setting(old, new), *_imported(old, new, now)]


def _by_key(old: Settings, new: Settings) -> Iterator[Loss]:
    if old.is_of_another_service:
        return  # it never sealed in our format
    own, unknown = old.keys(), root_key(new_secret())
    temporary = own[0] if own[0].is_temporary and not old.legacy_tokens else None
    keys = [key for key in (temporary, old.current_key, *old.previous_keys, unknown) if key]
    ids = [old.key_id(key) for key in keys]
    sealed = [make_key_ring(old, [key]).seal(_TOKEN, _ALWAYS_YOUNG) for key in keys]
    tokens = dict(zip(ids, sealed, strict=True))
    for key_id in new.retired_key_ids:  # of which there may be no key any more
        tokens.setdefault(key_id, sealed[-1].replace(ids[-1], key_id, 1))
    before = make_key_ring(old, own)
    after = make_key_ring(replace(new, client_id=old.client_id, accounts_url=old.accounts_url))
    lost = {name: fate for name, token in tokens.items() if (fate := _worse(token, before, after))}
    for key_id, fate in lost.items():
        who = f"everyone whose token key {key_id} sealed"
        if temporary and key_id == ids[0]:
            who = "everyone"
            what = "ENCRYPTION_SECRET: was not set, so the old temporary key ends with its process"
            remedy = "none: they have to log in again"
        elif key_id == ids[-1]:
            who = "everyone whose token is of a key that is not configured (held until now)"
            what = "UNKNOWN_KEY: reject, it was hold"
            remedy = "UNKNOWN_KEY=hold, until every old key is configured or retired"
        elif key_id in new.retired_key_ids:
            what = f"RETIRED_KEY_IDS: names key {key_id}"
            remedy = "take it out, and keep its secret in PREVIOUS_ENCRYPTION_SECRETS"
        elif new.current_key is None:
            what = "ENCRYPTION_SECRET: is not set, and a temporary key opens no older token"
            remedy = "set it to the old one, or move that one to PREVIOUS_ENCRYPTION_SECRETS"
        else:
            what = f"PREVIOUS_ENCRYPTION_SECRETS: lacks key {key_id}"
            remedy = "add the old secret that made it"
        yield Loss(what, who, fate, remedy)


def _by_one_setting(old: Settings, new: Settings) -> Iterator[Loss]:
    origins = f"{new.accounts_url.origin}, it was {old.accounts_url.origin}"
    moments = f"{_moment(new.revoke_before)}, it was {_moment(old.revoke_before)}"
    older = "everyone who authorized before that moment"
    older += "" if old.revoke_before else ", or whose token has no known age (imported)"
    before = make_key_ring(old, keys := old.keys())
    ages = (_UNKNOWN_AGE, max(_UNKNOWN_AGE, new.revoke_before - 1), _ALWAYS_YOUNG)
    held = replace(old, unknown_key=new.unknown_key)
    for name, change, who, remedy in (
        ("client_id", "another app", "everyone", "set it back: Spotify binds tokens to one app"),
        ("accounts_url", origins, "everyone", "set it back: tokens open for the old Spotify alone"),
        ("revoke_before", moments, older, "set it back, unless you want this"),
    ):
        after = make_key_ring(replace(held, **{name: getattr(new, name)}), keys)
        fates = [_worse(before.seal(_TOKEN, age), before, after) for age in ages]
        if fate := Fate.LOGGED_OUT if Fate.LOGGED_OUT in fates else next(filter(None, fates), None):
            yield Loss(f"{variables()[name].name}: {change}", who, fate, remedy)


def _imported(old: Settings, new: Settings, now: float) -> Iterator[Loss]:
    who = "everyone who has a token of another swap service"
    refused = old.legacy_tokens or old.revoke_before or old.is_of_another_service
    if old.holds_unknown and not refused and new.legacy_tokens == ("none",):
        what, remedy = "LEGACY_TOKENS: none, it was not set", "name that service, if there was one"
        yield Loss(what, f"{who} (held until now)", Fate.LOGGED_OUT, remedy)
    named = [name for name in dict.fromkeys(old.legacy_tokens) if name != "none"]
    if not named and old.is_of_another_service:
        # Its own tokens were one of these; the new settings may say which.
        named = [name for name in ("node", "ruby") if name in new.legacy_tokens] or ["node or ruby"]
    opened, opens = _openers(old, named), set().union(*_openers(new, named).values())
    formats = sorted({name for pairs in opened.values() for name, _ in pairs})
    closes_at = [old.legacy_closes_at, new.legacy_closes_at]
    closed, closes = (math.inf if at is None else at for at in closes_at)
    if not formats or old.revoke_before or closed <= now:
        return  # none opened before
    undecided = not new.legacy_tokens and new.holds_unknown and not new.revoke_before
    fate = Fate.HELD if undecided else Fate.LOGGED_OUT
    if missing := [name for name in formats if name not in new.legacy_tokens]:
        names, remedy = ", ".join(missing), "name it there, until such tokens are gone"
        yield Loss(f"LEGACY_TOKENS: lacks {names}", f"{who} ({names})", fate, remedy)
    for place, pairs in opened.items():
        if lacking := ", ".join(sorted(name for name, _ in pairs - opens)):
            whose = f"{who} ({lacking}) that this secret sealed"
            remedy = "add it, as it is; a short or published one too"
            yield Loss(f"LEGACY_SECRETS: lacks {place}", whose, fate, remedy)
    kept = ", ".join(name for name in formats if name not in missing)
    if kept and closes < min(closed, now + _LONGEST_LIFE):
        last, was = (_moment(end - _DAY)[:10] for end in (closes, closed))
        what = f"LEGACY_TOKENS_UNTIL: {last}, it was {was}"
        remedy = "a later day (six months from now is enough), or no imports in the log by then"
        yield Loss(what, f"{who} ({kept}) after that day", Fate.LOGGED_OUT, remedy)


def _openers(settings: Settings, formats: list[str]) -> dict[str, set[tuple[str, str]]]:
    """Return, by the place of each secret, the formats it opens, each with what identifies it."""
    found = {"": {("plain", "")}} if "plain" in formats else {}
    listed = "LEGACY_SECRETS" if settings.legacy_secrets else "PREVIOUS_ENCRYPTION_SECRETS"
    first = 1 if settings.legacy_secrets or not settings.encryption_secret else 0
    for line, secret in enumerate(settings.legacy_opening_secrets, first):
        text = secret.reveal()
        pairs = {(name, text) for name in formats if name not in ("plain", "fernet")}
        if "fernet" in formats and is_fernet_key(text):
            pairs.add(("fernet", text[:43]))
        found[f"line {line} of the old {listed}" if line else "the old ENCRYPTION_SECRET"] = pairs
    return found


def _worse(token: str, before: KeyRing, after: KeyRing) -> Fate | None:
    """Return the fate of *token* after, if it was better before."""
    was, becomes = _fate(before, token), _fate(after, token)
    return becomes if was not in (becomes, Fate.LOGGED_OUT) else None


def _fate(ring: KeyRing, token: str) -> Fate | None:
    try:
        ring.open(token)
    except (TokenHeld, TokenRefused) as error:
        return Fate.HELD if isinstance(error, TokenHeld) else Fate.LOGGED_OUT
    return None


def _moment(seconds: float) -> str:
    return "not set" if seconds in (0, math.inf) else iso_utc(int(seconds))
