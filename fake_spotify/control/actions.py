"""What the control API does to one app: an object comes in, an object goes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fake_spotify import choices
from fake_spotify.apps.app import App
from fake_spotify.apps.journal import MOST_ENTRIES
from fake_spotify.choices import ChoiceError
from fake_spotify.control import values
from fake_spotify.faults import kinds
from fake_spotify.faults.queue import read_times
from fake_spotify.matching import read

Members = dict[str, object]

_CODE_NAMES = frozenset({"user", "scope", "redirect_uri", "code_challenge"})
_GRANT_NAMES = frozenset({"user", "scope", "is_public", "refresh_token"})


class NotFoundError(LookupError):
    """What was to be changed does not exist."""


@dataclass(frozen=True, slots=True)
class Call:
    """A control request: its app, its JSON object, and the parts of its address."""

    app: App
    members: Members
    path: Mapping[str, str]
    query: Mapping[str, str]


Perform = Callable[[Call], Mapping[str, object] | None]


def plan_fault(call: Call) -> Members:
    """Plan a fault that is not of the port."""
    processed = call.members.get("is_processed")
    own = {name: it for name, it in call.members.items() if name not in kinds.PLAN_NAMES}
    planned = call.app.plan(
        kinds.from_members(own),
        times=read_times(call.members.get("times", 1)),
        match=read(call.members.get("match", {})),
        is_processed=None if processed is None else choices.flag("is_processed", processed),
    )
    return values.of_fault(planned)


def _users(call: Call) -> Members:
    return {"users": [values.of_user(call.app, user) for user in call.app.users]}


def _add_user(call: Call) -> Members:
    choices.only(call.members, choices.USER_NAMES, "a user")
    user = choices.user(call.members)
    call.app.add_user(user)
    return values.of_user(call.app, user)


def _revoke_user(call: Call) -> Members:
    user_id = call.path["id"]
    if user_id not in {user.id for user in call.app.users}:
        raise NotFoundError("no such user")
    return {"revoked": [grant.id for grant in call.app.revoke_user(user_id)]}


def _texts(call: Call, names: frozenset[str], where: str) -> dict[str, str]:
    """Read the strings of an object; empty ones count as not sent."""
    choices.only(call.members, names, where)
    given = {name: it for name, it in call.members.items() if it not in ("", None)}
    return {name: choices.text(name, it) for name, it in given.items() if name != "is_public"}


def _make_code(call: Call) -> Members:
    given = _texts(call, _CODE_NAMES, "a code")
    uri = given.setdefault("redirect_uri", call.app.redirect_uris[0])
    return {"code": call.app.code(**given), "redirect_uri": uri}


def _grants(call: Call) -> Members:
    return {"grants": [values.of_grant(call.app, grant) for grant in call.app.grants()]}


def _make_grant(call: Call) -> Members:
    given = _texts(call, _GRANT_NAMES, "a grant")
    is_public = choices.flag("is_public", call.members.get("is_public", False))
    return values.of_grant(call.app, call.app.grant(**given, is_public=is_public))


def _revoke(call: Call) -> None:
    if call.app.revoke(call.path["id"]) is None:
        raise NotFoundError("no living grant has this id")


def _faults(call: Call) -> Members:
    return {"faults": [values.of_fault(planned) for planned in call.app.faults()]}


def _drop_fault(call: Call) -> None:
    fault_id = call.path["id"]
    if not fault_id.isdecimal() or not call.app.drop_fault(int(fault_id)):
        raise NotFoundError("no planned fault has this id")


def _requests(call: Call) -> Members:
    query = {name: value for name, value in call.query.items() if name != "client_id"}
    limit = query.pop("limit", str(MOST_ENTRIES))
    if not limit.isdecimal() or not int(limit):
        raise ChoiceError("limit", "must be a number from 1")
    entries = call.app.requests(read(query))
    return {
        "count": len(entries),
        "requests": [entry.members() for entry in entries[-int(limit) :]],
        "complaints": call.app.mistakes(),
    }


def _reset(call: Call) -> None:
    choices.only(call.members, frozenset(), "a reset")
    call.app.reset()


OF_AN_APP: tuple[tuple[str, str, int, Perform], ...] = (
    ("GET", "/users", 200, _users),
    ("POST", "/users", 201, _add_user),
    ("DELETE", "/users/{id}", 200, _revoke_user),
    ("POST", "/codes", 201, _make_code),
    ("GET", "/grants", 200, _grants),
    ("POST", "/grants", 201, _make_grant),
    ("DELETE", "/grants/{id}", 204, _revoke),
    ("GET", "/faults", 200, _faults),
    ("DELETE", "/faults", 204, lambda call: call.app.clear_faults()),
    ("DELETE", "/faults/{id}", 204, _drop_fault),
    ("GET", "/requests", 200, _requests),
    ("DELETE", "/requests", 204, lambda call: call.app.clear_requests()),
    ("GET", "/clock", 200, lambda call: values.of_clock(call.app.clock)),
    ("PUT", "/clock", 200, lambda call: values.change_clock(call.app.clock, call.members)),
    ("POST", "/reset", 204, _reset),
)
