"""The control API below /_fake/: what tests in any language may do to an app."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib.resources import files

from aiohttp import web

from fake_spotify import choices
from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.faults import kinds
from fake_spotify.web import control_values, openapi
from fake_spotify.web.listener import Listener

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Members = dict[str, object]

_UNCACHED = {"cache-control": "no-store"}
_CODE_NAMES = frozenset({"user", "scope", "redirect_uri", "code_challenge"})
_GRANT_NAMES = frozenset({"user", "scope", "is_public"})
_OUTAGES = {"connection_refused": Listener.refuse, "connection_ignored": Listener.ignore}


class NotFoundError(LookupError):
    """What was to be changed does not exist."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A control request: its app, its JSON object, and the HTTP request itself."""

    app: App
    members: _Members
    http: web.Request


class ControlEndpoints:
    """
    Serves the control API.

    `client_id`, in the query string or the JSON object, names the app; without it, the first one
    is meant.
    """

    def __init__(self, directory: Directory, listener: Listener) -> None:
        self._directory = directory
        self._listener = listener

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        handlers: list[tuple[str, str, _Handler]] = [
            ("GET", "", self._page),
            ("GET", "/", self._page),
            ("GET", "/health", self._health),
            ("GET", "/openapi.json", self._openapi),
            ("GET", "/apps", self._apps),
            ("POST", "/apps", self._register),
            ("DELETE", "/apps/{client_id}", self._unregister),
            ("POST", "/faults", self._plan),
        ]
        handlers += [
            (method, path, partial(self._perform, status, perform))
            for method, path, status, perform in _OF_AN_APP
        ]
        return [
            web.route(method, f"/_fake{path}", partial(_answer, handler))
            for method, path, handler in handlers
        ]

    async def _page(self, http: web.Request) -> web.Response:
        if not http.path.endswith("/"):
            raise web.HTTPPermanentRedirect("/_fake/")
        markup = files("fake_spotify.web").joinpath("control.html").read_text("utf-8")
        return web.Response(text=markup, content_type="text/html", headers=_UNCACHED)

    async def _health(self, _: web.Request) -> web.Response:
        return _json({"status": "ok"})

    async def _openapi(self, _: web.Request) -> web.Response:
        return _json(openapi.document())

    async def _apps(self, _: web.Request) -> web.Response:
        return _json({"apps": [control_values.of_app(app) for app in self._directory]})

    async def _register(self, http: web.Request) -> web.Response:
        app = self._directory.register(control_values.read_members(await http.read()))
        return _json(control_values.of_app(app), 201)

    async def _unregister(self, http: web.Request) -> web.Response:
        if not self._directory.remove(http.match_info["client_id"]):
            raise NotFoundError("no such app, or the first one, which cannot be removed")
        return _json(None, 204)

    async def _plan(self, http: web.Request) -> web.Response:
        call = await self._read(http)
        kind = call.members.get("kind")
        if not isinstance(kind, str) or kind not in _OUTAGES:
            return _json(_plan_fault(call), 201)
        choices.only(
            call.members, frozenset({"kind", "seconds"}), "this fault, which hits the port"
        )
        seconds = choices.seconds("seconds", call.members.get("seconds"))
        await _OUTAGES[kind](self._listener, seconds, kept=http.protocol)
        answer = _json({"kind": kind, "seconds": seconds}, 202)
        answer.force_close()
        return answer

    async def _perform(self, status: int, perform: "_Perform", http: web.Request) -> web.Response:
        return _json(perform(await self._read(http)), status)

    async def _read(self, http: web.Request) -> _Call:
        has_object = http.method in {"POST", "PUT"}
        members = control_values.read_members(await http.read()) if has_object else {}
        named = {"client_id": self._directory.first.client_id, **http.query, **members}
        members.pop("client_id", None)
        app = self._directory.get(choices.text("client_id", named["client_id"]))
        return _Call(app, members, http)


def _users(call: _Call) -> _Members:
    return {"users": [asdict(user) for user in call.app.users]}


def _add_user(call: _Call) -> _Members:
    choices.only(call.members, choices.USER_NAMES, "a user")
    user = choices.user(call.members)
    call.app.add_user(user)
    return asdict(user)


def _revoke_user(call: _Call) -> _Members:
    user_id = call.http.match_info["id"]
    if user_id not in {user.id for user in call.app.users}:
        raise NotFoundError("no such user")
    return {"revoked": [grant.id for grant in call.app.revoke_user(user_id)]}


def _make_code(call: _Call) -> _Members:
    choices.only(call.members, _CODE_NAMES, "a code")
    given = {name: choices.text(name, value) for name, value in call.members.items() if value != ""}
    uri = given.get("redirect_uri", call.app.redirect_uris[0])
    code = call.app.code(
        user=given.get("user"),
        scope=given.get("scope", ""),
        redirect_uri=uri,
        code_challenge=given.get("code_challenge"),
    )
    return {"code": code, "redirect_uri": uri}


def _grants(call: _Call) -> _Members:
    return {"grants": [control_values.of_grant(call.app, grant) for grant in call.app.grants()]}


def _make_grant(call: _Call) -> _Members:
    choices.only(call.members, _GRANT_NAMES, "a grant")
    user = call.members.get("user")
    scope = call.members.get("scope", "")
    grant = call.app.grant(
        user=None if user is None else choices.text("user", user),
        scope=choices.text("scope", scope) if scope else "",
        is_public=choices.flag("is_public", call.members.get("is_public", False)),
    )
    return control_values.of_grant(call.app, grant)


def _revoke(call: _Call) -> None:
    if call.app.revoke(call.http.match_info["id"]) is None:
        raise NotFoundError("no living grant has this id")


def _faults(call: _Call) -> _Members:
    return {"faults": [control_values.of_fault(planned) for planned in call.app.faults()]}


def _plan_fault(call: _Call) -> _Members:
    members = dict(call.members)
    match = control_values.read_match(members.pop("match", {}))
    times = control_values.read_times(members.pop("times", 1))
    processed = members.pop("is_processed", None)
    planned = call.app.fault(
        kinds.from_members(members),
        match=match,
        times=times,
        is_processed=None if processed is None else choices.flag("is_processed", processed),
    )
    return control_values.of_fault(planned)


def _requests(call: _Call) -> _Members:
    query = {name: value for name, value in call.http.query.items() if name != "client_id"}
    limit = control_values.read_limit(query.pop("limit", "10000"))
    entries = call.app.requests(control_values.read_match(query))
    return {"count": len(entries), "requests": [entry.members() for entry in entries[-limit:]]}


def _change_clock(call: _Call) -> _Members:
    control_values.change_clock(call.app.clock, call.members)
    return control_values.of_clock(call.app.clock)


def _reset(call: _Call) -> None:
    choices.only(call.members, frozenset(), "a reset")
    call.app.reset()


_Perform = Callable[[_Call], Mapping[str, object] | None]
_OF_AN_APP: tuple[tuple[str, str, int, _Perform], ...] = (
    ("GET", "/users", 200, _users),
    ("POST", "/users", 201, _add_user),
    ("DELETE", "/users/{id}", 200, _revoke_user),
    ("POST", "/codes", 201, _make_code),
    ("GET", "/grants", 200, _grants),
    ("POST", "/grants", 201, _make_grant),
    ("DELETE", "/grants/{id}", 204, _revoke),
    ("GET", "/faults", 200, _faults),
    ("DELETE", "/faults", 204, lambda call: call.app.clear_faults()),
    ("GET", "/requests", 200, _requests),
    ("DELETE", "/requests", 204, lambda call: call.app.clear_requests()),
    ("GET", "/clock", 200, lambda call: control_values.of_clock(call.app.clock)),
    ("PUT", "/clock", 200, _change_clock),
    ("POST", "/reset", 204, _reset),
)


def _json(members: Mapping[str, object] | None, status: int = 200) -> web.Response:
    if members is None:
        return web.Response(status=status)
    return web.Response(
        status=status,
        text=json.dumps(members, indent=1) + "\n",
        content_type="application/json",
        headers=_UNCACHED,
    )


async def _answer(handler: _Handler, http: web.Request) -> web.StreamResponse:
    try:
        return await handler(http)
    except NotFoundError as error:
        return _json({"error": str(error)}, 404)
    except ValueError as error:
        return _json({"error": str(error)}, 400)
