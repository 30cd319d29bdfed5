"""How the control API reads and writes values: apps, grants, faults, matches and clocks as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime

from fake_spotify.apps.app import App
from fake_spotify.apps.ledger import Grant
from fake_spotify.choices import ChoiceError, flag, only, text
from fake_spotify.clock import Clock
from fake_spotify.faults.kinds import members_of
from fake_spotify.faults.queue import Planned
from fake_spotify.matching import Match

_MATCH_NAMES = frozenset(found.name for found in fields(Match))
_CLOCK_NAMES = frozenset({"now", "advance_seconds", "advance_days", "frozen"})
_FOREVER = "forever"


def read_members(body: bytes) -> dict[str, object]:
    """
    Read a JSON object; nothing at all counts as an empty one.

    Raises:
        ChoiceError: If it is something else.
    """
    try:
        members = json.loads(body) if body.strip() else {}
    except ValueError:
        raise ChoiceError("body", "must be JSON") from None
    if not isinstance(members, dict):
        raise ChoiceError("body", "must be a JSON object")
    return members


def read_match(value: object) -> Match:
    """Read a match, of a fault or of a query string."""
    if not isinstance(value, Mapping):
        raise ChoiceError("match", "must be an object")
    only(value, _MATCH_NAMES, "match")
    texts = {name: item for name, item in value.items() if name != "status"}
    for name, item in texts.items():
        if not isinstance(item, str):
            raise ChoiceError(name, "must be a string")
    status = value.get("status")
    if status is None:
        return Match(**texts)
    if isinstance(status, bool) or not str(status).isdecimal():
        raise ChoiceError("status", "must be a number")
    return Match(**texts, status=int(str(status)))


def read_limit(value: str) -> int:
    """Read the number of entries to list."""
    if not value.isdecimal() or not int(value):
        raise ChoiceError("limit", "must be a number from 1")
    return int(value)


def read_times(value: object) -> int | None:
    """Read how often a fault is played: a number, or "forever", which is None."""
    if value == _FOREVER:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ChoiceError("times", f'must be a number from 1, or "{_FOREVER}"')
    return value


def change_clock(clock: Clock, members: Mapping[str, object]) -> None:
    """Freeze, unfreeze, set and advance *clock* as *members* say."""
    only(members, _CLOCK_NAMES, "the clock")
    days = _number("advance_days", members.get("advance_days", 0))
    advance = _number("advance_seconds", members.get("advance_seconds", 0)) + days * 86400
    moment = _moment(members["now"]) if "now" in members else clock.now()
    frozen = flag("frozen", members["frozen"]) if "frozen" in members else clock.is_frozen
    # Freeze first: then the time is exactly what was chosen, not a microsecond later.
    if frozen:
        clock.freeze()
    clock.set(moment + advance)
    if not frozen:
        clock.run()


def _moment(value: object) -> float:
    if not isinstance(value, str):
        return _number("now", value)
    try:
        moment = datetime.fromisoformat(text("now", value))
    except ValueError:
        raise ChoiceError("now", "must be Unix seconds or an ISO 8601 time") from None
    if moment.tzinfo is None:
        raise ChoiceError("now", "must have a time zone, such as Z")
    return moment.timestamp()


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e11:
        raise ChoiceError(name, "must be a number")
    return value


def of_app(app: App) -> dict[str, object]:
    """Describe an app; its secret protects nothing."""
    return {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uris": list(app.redirect_uris),
        "name": app.name,
        **asdict(app.policy),
    }


def of_grant(app: App, grant: Grant) -> dict[str, object]:
    """Describe a grant; `ends_at` is null if its refresh token never expires."""
    return {
        "id": grant.id,
        "user": grant.user_id,
        "scope": grant.scope,
        "authorized_at": grant.authorized_at,
        "ends_at": app.ends_at(grant),
        "is_public": grant.is_public,
        "refresh_token": grant.refresh_token,
    }


def of_fault(planned: Planned) -> dict[str, object]:
    """Describe a planned fault; members of its match that are None are left out."""
    match = {name: value for name, value in asdict(planned.match).items() if value is not None}
    return {
        "id": planned.id,
        **members_of(planned.fault),
        "match": match,
        "times": _FOREVER if planned.times is None else planned.times,
        "played": planned.played,
        "is_processed": planned.is_processed,
    }


def of_clock(clock: Clock) -> dict[str, object]:
    """Describe a clock, in Unix seconds."""
    return {"now": clock.now(), "frozen": clock.is_frozen}
