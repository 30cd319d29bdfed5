"""How the control API writes an app, a grant, a fault, a clock as JSON objects."""

from dataclasses import asdict

from fake_spotify.clock import Clock
from fake_spotify.controls import AppControls
from fake_spotify.fault_kinds import members_of
from fake_spotify.fault_queue import Planned
from fake_spotify.ledger import Grant
from fake_spotify.matching import Match


def of_app(app: AppControls) -> dict[str, object]:
    """Describe an app, secret and all: it protects nothing."""
    return {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uris": list(app.redirect_uris),
        "name": app.name,
        **asdict(app.policy),
    }


def of_grant(app: AppControls, grant: Grant) -> dict[str, object]:
    """Describe a grant; `ends_at` is null if its refresh token lives for ever."""
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
    """Describe a planned fault."""
    return {
        "id": planned.id,
        **members_of(planned.fault),
        "match": of_match(planned.match),
        "times": "forever" if planned.times is None else planned.times,
        "played": planned.played,
        "is_processed": planned.is_processed,
    }


def of_match(match: Match) -> dict[str, object]:
    """Describe what is picked; what picks anything is left out."""
    return {name: value for name, value in asdict(match).items() if value is not None}


def of_clock(clock: Clock) -> dict[str, object]:
    """Describe a clock, in Unix seconds."""
    return {"now": clock.now(), "frozen": clock.is_frozen}
