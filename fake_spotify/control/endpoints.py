"""The control API below /_fake/: who may use it, and which operation a request is."""

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from importlib.resources import files

from aiohttp import web

from fake_spotify import choices
from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.control import actions, events, openapi, values
from fake_spotify.control.actions import Call, NotFoundError
from fake_spotify.control.guard import Guard
from fake_spotify.faults import kinds

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Outage = Callable[..., Awaitable[None]]

_UNCACHED = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_PAGES = frozenset({"", "/"})


class ControlEndpoints:
    """Serves the control API.

    `client_id`, in the query string or the JSON object, names the app; without it, the first one
    is meant. *fail* begins an outage, by kind, seconds and, as `kept`, the connection that stays.
    """

    def __init__(self, directory: Directory, fail: Outage, guard: Guard) -> None:
        self._directory = directory
        self._fail = fail
        self._guard = guard
        self._known: list[tuple[str, str]] = []

    def routes(self) -> list[web.RouteDef]:
        """List the routes; the last two answer whatever else begins with /_fake."""
        handlers: list[tuple[str, str, _Handler]] = [
            ("GET", "", self._page),
            ("GET", "/", self._page),
            ("GET", "/health", self._health),
            ("GET", "/openapi.json", self._openapi),
            ("GET", "/events", self._events),
            ("GET", "/apps", self._apps),
            ("POST", "/apps", self._register),
            ("DELETE", "/apps/{client_id}", self._unregister),
            ("POST", "/faults", self._plan),
        ]
        handlers += [
            (method, path, partial(self._perform, status, perform))
            for method, path, status, perform in actions.OF_AN_APP
        ]
        self._known = [(method, path) for method, path, _ in handlers]
        return [
            web.route(
                method, f"/_fake{path}", partial(self._answer, handler, is_page=path in _PAGES)
            )
            for method, path, handler in (
                *handlers,
                ("*", "", self._unknown),
                ("*", "/{path:.*}", self._unknown),
            )
        ]

    async def _answer(
        self, handler: _Handler, http: web.Request, *, is_page: bool
    ) -> web.StreamResponse:
        sent = [(name, value) for name, value in http.headers.items()]
        refusal = self._guard.refusal(http.scheme, http.method, sent, is_page=is_page)
        if refusal is not None:
            return _json({"error": refusal}, 403)
        try:
            return await handler(http)
        except NotFoundError as error:
            return _json({"error": str(error)}, 404)
        except ValueError as error:
            return _json({"error": str(error)}, 400)

    async def _page(self, http: web.Request) -> web.Response:
        if not http.path.endswith("/"):
            raise web.HTTPPermanentRedirect("/_fake/")
        text, headers = _control_page()
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _health(self, _: web.Request) -> web.Response:
        return _json({"status": "ok"})

    async def _openapi(self, _: web.Request) -> web.Response:
        return _json(openapi.document())

    async def _events(self, http: web.Request) -> web.StreamResponse:
        return await events.stream(http, self._app(http.query), self._directory)

    async def _apps(self, _: web.Request) -> web.Response:
        return _json({"apps": [values.of_app(app) for app in self._directory]})

    async def _register(self, http: web.Request) -> web.Response:
        app = self._directory.register(values.read_members(await http.read()))
        return _json(values.of_app(app), 201)

    async def _unregister(self, http: web.Request) -> web.Response:
        if not self._directory.remove(http.match_info["client_id"]):
            raise NotFoundError("no such app, or the first one, which cannot be removed")
        return _json(None, 204)

    async def _plan(self, http: web.Request) -> web.Response:
        call = await self._read(http)
        kind = call.members.get("kind")
        if kind not in kinds.OUTAGES:
            return _json(actions.plan_fault(call), 201)
        seconds = kinds.outage_seconds(call.members)
        await self._fail(str(kind), seconds, kept=http.protocol)
        answer = _json({"kind": kind, "seconds": seconds}, 202)
        answer.force_close()
        return answer

    async def _perform(
        self, status: int, perform: actions.Perform, http: web.Request
    ) -> web.Response:
        return _json(perform(await self._read(http)), status)

    async def _unknown(self, http: web.Request) -> web.Response:
        path = http.path.removeprefix("/_fake")
        methods = [
            method
            for method, known in self._known
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path)
        ]
        if not methods:
            known = sorted({known for _, known in self._known} - _PAGES)
            return _json({"error": f"path: {path} is not known; {choices.hint(path, known)}"}, 404)
        allow = ", ".join(methods)
        answer = _json({"error": f"method: {path} takes {allow}"}, 405)
        answer.headers["allow"] = allow
        return answer

    async def _read(self, http: web.Request) -> Call:
        has_object = http.method in {"POST", "PUT"}
        members = values.read_members(await http.read()) if has_object else {}
        app = self._app({**http.query, **members})
        members.pop("client_id", None)
        return Call(app, members, http.match_info, http.query)

    def _app(self, given: Mapping[str, object]) -> App:
        client_id = given.get("client_id", self._directory.first.client_id)
        return self._directory.get(choices.text("client_id", client_id))


def _json(members: Mapping[str, object] | None, status: int = 200) -> web.Response:
    if members is None:
        return web.Response(status=status)
    return web.Response(
        status=status,
        text=json.dumps(members, indent=1) + "\n",
        content_type="application/json",
        headers=_UNCACHED,
    )


@cache
def _control_page() -> tuple[str, Mapping[str, str]]:
    """Return the page, and headers by which only its own script runs and nobody frames it."""
    script, style = _read("page.js"), _read("page.css")
    markup = _read("page.html").replace("/*style*/", style).replace("/*script*/", script)
    policy = (
        "default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; "
        f"script-src {_hash(script)}; style-src {_hash(style)}"
    )
    headers = {
        "content-security-policy": policy,
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return markup, headers


def _read(name: str) -> str:
    return files("fake_spotify.control").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
