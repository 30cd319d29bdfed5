"""The control API below /_fake/: what tests in any language may do to an app's state."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict

from aiohttp import web

from fake_spotify import choices, descriptions, fault_kinds, openapi, wanted
from fake_spotify.control_page import PAGE
from fake_spotify.controls import AppControls
from fake_spotify.outages import Listener
from fake_spotify.registry import Registry

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NotFoundError(LookupError):
    """What should be changed is not there."""


class ControlEndpoints:
    """
    Serves the control API.

    `client_id`, in the query string or the JSON object, tells which app is meant; without it, it
    is the first one.
    """

    def __init__(self, registry: Registry, listener: Listener) -> None:
        self._registry = registry
        self._listener = listener

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [
            web.route(method, f"/_fake{path}", _answered(handler))
            for method, path, handler in (
                ("GET", "", self.page),
                ("GET", "/", self.page),
                ("GET", "/health", self.health),
                ("GET", "/openapi.json", self.openapi),
                ("GET", "/apps", self.apps),
                ("POST", "/apps", self.register),
                ("DELETE", "/apps/{client_id}", self.unregister),
                ("GET", "/users", self.users),
                ("POST", "/users", self.add_user),
                ("DELETE", "/users/{id}", self.revoke_user),
                ("POST", "/codes", self.make_code),
                ("GET", "/grants", self.grants),
                ("POST", "/grants", self.make_grant),
                ("DELETE", "/grants/{id}", self.revoke),
                ("GET", "/faults", self.faults),
                ("POST", "/faults", self.plan),
                ("DELETE", "/faults", self.clear_faults),
                ("GET", "/requests", self.requests),
                ("DELETE", "/requests", self.clear_requests),
                ("GET", "/clock", self.clock),
                ("PUT", "/clock", self.change_clock),
                ("POST", "/reset", self.reset),
            )
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Show it all to a person."""
        if not request.path.endswith("/"):
            raise web.HTTPPermanentRedirect("/_fake/")
        return web.Response(text=PAGE, content_type="text/html", headers=_UNCACHED)

    async def health(self, _: web.Request) -> web.Response:
        """Say that it is alive."""
        return _json({"status": "ok"})

    async def openapi(self, _: web.Request) -> web.Response:
        """Describe this API."""
        return _json(openapi.document())

    async def apps(self, _: web.Request) -> web.Response:
        """List the registered apps."""
        return _json({"apps": [descriptions.of_app(app) for app in self._registry.apps()]})

    async def register(self, request: web.Request) -> web.Response:
        """Register an app."""
        app = self._registry.register(wanted.members(await request.read()))
        return _json(descriptions.of_app(app), 201)

    async def unregister(self, request: web.Request) -> web.Response:
        """Forget an app and all that it was given."""
        if not self._registry.unregister(request.match_info["client_id"]):
            raise NotFoundError("no such app, or the first one, which stays")
        return web.Response(status=204)

    async def users(self, request: web.Request) -> web.Response:
        """List the users who can log in."""
        app = self._app(request.query)
        return _json({"users": [asdict(user) for user in app.users]})

    async def add_user(self, request: web.Request) -> web.Response:
        """Let one more user log in."""
        app, members = await self._read(request)
        choices.only(members, choices.USER_NAMES, "a user")
        user = choices.user(members)
        app.add_user(user)
        return _json(asdict(user), 201)

    async def revoke_user(self, request: web.Request) -> web.Response:
        """Revoke all that a user gave the app."""
        app, user_id = self._app(request.query), request.match_info["id"]
        if user_id not in {user.id for user in app.users}:
            raise NotFoundError("no such user")
        revoked = app.revoke_user(user_id)
        return _json({"revoked": [grant.id for grant in revoked]})

    async def make_code(self, request: web.Request) -> web.Response:
        """Make an authorization code without a browser."""
        app, members = await self._read(request)
        choices.only(members, _CODE_NAMES, "a code")
        read = {name: choices.text(name, value) for name, value in members.items() if value != ""}
        uri = read.get("redirect_uri", app.redirect_uris[0])
        code = app.code(
            user=read.get("user"),
            scope=read.get("scope", ""),
            redirect_uri=uri,
            code_challenge=read.get("code_challenge"),
        )
        return _json({"code": code, "redirect_uri": uri}, 201)

    async def grants(self, request: web.Request) -> web.Response:
        """List the living grants."""
        app = self._app(request.query)
        return _json({"grants": [descriptions.of_grant(app, grant) for grant in app.grants()]})

    async def make_grant(self, request: web.Request) -> web.Response:
        """Make a grant without a browser and without a code."""
        app, members = await self._read(request)
        choices.only(members, _GRANT_NAMES, "a grant")
        user = members.get("user")
        scope = members.get("scope", "")
        grant = app.grant(
            user=None if user is None else choices.text("user", user),
            scope=choices.text("scope", scope) if scope else "",
            is_public=choices.flag("is_public", members.get("is_public", False)),
        )
        return _json(descriptions.of_grant(app, grant), 201)

    async def revoke(self, request: web.Request) -> web.Response:
        """Revoke a grant."""
        if self._app(request.query).revoke(request.match_info["id"]) is None:
            raise NotFoundError("no living grant has this id")
        return web.Response(status=204)

    async def faults(self, request: web.Request) -> web.Response:
        """List the faults that may still be played."""
        waiting = self._app(request.query).faults()
        return _json({"faults": [descriptions.of_fault(planned) for planned in waiting]})

    async def plan(self, request: web.Request) -> web.Response:
        """Plan a fault."""
        app, members = await self._read(request)
        kind = members.get("kind")
        if isinstance(kind, str) and kind in _OUTAGES:
            return await self._begin_outage(request, kind, members)
        match = wanted.match(members.pop("match", {}))
        times = wanted.times(members.pop("times", 1))
        processed = members.pop("is_processed", None)
        planned = app.fault(
            fault_kinds.from_members(members),
            match=match,
            times=times,
            is_processed=None if processed is None else choices.flag("is_processed", processed),
        )
        return _json(descriptions.of_fault(planned), 201)

    async def _begin_outage(
        self, request: web.Request, kind: str, members: Mapping[str, object]
    ) -> web.Response:
        choices.only(members, frozenset({"kind", "seconds"}), "this fault, which hits the port")
        seconds = choices.seconds("seconds", members.get("seconds"))
        await _OUTAGES[kind](self._listener, seconds, spared=request.protocol)
        answer = _json({"kind": kind, "seconds": seconds}, 202)
        answer.force_close()
        return answer

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Plan no fault any more."""
        self._app(request.query).clear_faults()
        return web.Response(status=204)

    async def requests(self, request: web.Request) -> web.Response:
        """List, or count, the requests so far."""
        app = self._app(request.query)
        query = dict(request.query)
        query.pop("client_id", None)
        latest = wanted.count("limit", query.pop("limit", "10000"))
        found = app.requests(wanted.match(query))
        listed = [entry.members() for entry in found[-latest:]]
        return _json({"count": len(found), "requests": listed})

    async def clear_requests(self, request: web.Request) -> web.Response:
        """Forget the requests so far."""
        self._app(request.query).clear_requests()
        return web.Response(status=204)

    async def clock(self, request: web.Request) -> web.Response:
        """Tell the time."""
        return _json(descriptions.of_clock(self._app(request.query).clock))

    async def change_clock(self, request: web.Request) -> web.Response:
        """Set, advance, freeze the time, or let it run."""
        app, members = await self._read(request)
        wanted.change_clock(app.clock, members)
        return _json(descriptions.of_clock(app.clock))

    async def reset(self, request: web.Request) -> web.Response:
        """Leave nothing behind."""
        app, members = await self._read(request)
        choices.only(members, frozenset(), "a reset")
        app.reset()
        return web.Response(status=204)

    async def _read(self, request: web.Request) -> tuple[AppControls, dict[str, object]]:
        members = wanted.members(await request.read())
        named = {"client_id": members.pop("client_id")} if "client_id" in members else {}
        return self._app({**request.query, **named}), members

    def _app(self, named: Mapping[str, object]) -> AppControls:
        if "client_id" not in named:
            return self._registry.first()
        return self._registry.find(choices.text("client_id", named["client_id"]))


_UNCACHED = {"cache-control": "no-store"}
_CODE_NAMES = frozenset({"user", "scope", "redirect_uri", "code_challenge"})
_GRANT_NAMES = frozenset({"user", "scope", "is_public"})
_OUTAGES = {"connection_refused": Listener.refuse, "connection_ignored": Listener.ignore}


def _json(members: Mapping[str, object], status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps(members, indent=1) + "\n",
        content_type="application/json",
        headers=_UNCACHED,
    )


def _answered(handler: _Handler) -> _Handler:
    """Turn what *handler* finds wrong into answers."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotFoundError as error:
            return _json({"error": str(error)}, 404)
        except ValueError as error:
            return _json({"error": str(error)}, 400)

    return answer
