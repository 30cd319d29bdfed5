"""How the control API reads and writes values: apps, grants, faults, matches and clocks as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from fake_spotify.apps.app import App
from fake_spotify.apps.ledger import Grant
from fake_spotify.choices import ChoiceError, flag, only
from fake_spotify.clock import Clock
from fake_spotify.facts.registrations import User
from fake_spotify.faults.kinds import members_of
from fake_spotify.faults.queue import FOREVER, Planned

_STEPS = frozenset({"advance_seconds", "advance_minutes", "advance_hours", "advance_days"})


def read_members(body: bytes) -> dict[str, object]:
    """Read a JSON object, or nothing as an empty one; a ChoiceError if it is another thing."""
    try:
        members = json.loads(body) if body.strip() else {}
    except ValueError:
        raise ChoiceError("body", "must be JSON") from None
    if not isinstance(members, dict):
        raise ChoiceError("body", "must be a JSON object")
    return members


def change_clock(clock: Clock, members: Mapping[str, object]) -> dict[str, object]:
    only(members, _STEPS | {"now", "frozen"}, "the clock")
    steps = {name: _number(name, members[name]) for name in _STEPS & members.keys()}
    is_real = members.get("now") == "real"
    moment = _moment(members["now"]) if "now" in members and not is_real else None
    usual = clock.is_frozen and not is_real
    frozen = flag("frozen", members["frozen"]) if "frozen" in members else usual
    if is_real:
        clock.reset()
    # Freeze first: then the time is exactly what was chosen, not a microsecond later.
    if frozen:
        clock.freeze()
    if moment is not None:
        clock.set(moment)
    if steps:
        clock.advance(**{name.removeprefix("advance_"): it for name, it in steps.items()})
    if not frozen:
        clock.run()
    return of_clock(clock)


def _moment(value: object) -> float:
    if not isinstance(value, str):
        return _number("now", value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ChoiceError("now", 'must be Unix seconds, an ISO 8601 time, or "real"') from None
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
        "developer": app.developer,
        **asdict(app.policy),
    }


def of_user(app: App, user: User) -> dict[str, object]:
    """Describe a user; `is_listed` counts in development mode."""
    return {**asdict(user), "is_listed": app.is_listed(user.id)}


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
    return {
        "id": planned.id,
        **members_of(planned.fault),
        "match": planned.match.given(),
        "times": FOREVER if planned.times is None else planned.times,
        "played": planned.played,
        "is_processed": planned.is_processed,
    }


def of_clock(clock: Clock) -> dict[str, object]:
    return {"now": clock.now(), "frozen": clock.is_frozen}
