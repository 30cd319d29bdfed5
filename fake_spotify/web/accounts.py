"""The endpoints of accounts.spotify.com: /authorize and /api/token."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.facts.policy import Consent
from fake_spotify.faults.answers import BadRequest
from fake_spotify.matching import Request
from fake_spotify.replies import Reply, page, redirect
from fake_spotify.rules import authorization, token_endpoint, token_requests
from fake_spotify.rules.authorization import AuthorizationRequest, Problem, Redirect
from fake_spotify.web import exchange, headers, pages
from fake_spotify.web.exchange import Normal, Outcome

_BROWSER_COOKIE = "fake_spotify_browser"
_COOKIE_SECONDS = 365 * 86400


class AccountsEndpoints:
    """Serves the rules for the apps in *directory*."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """List the routes, each with and without a trailing slash."""
        return [
            web.route(method, path + slash, handler)
            for slash in ("", "/")
            for method, path, handler in (
                ("GET", "/authorize", self.show),
                ("POST", "/authorize", self.submit),
                ("*", "/api/token", self.token),
            )
        ]

    async def token(self, http: web.Request) -> web.Response:
        """Answer /api/token."""
        if http.method == "OPTIONS":
            return exchange.response(Reply(204, headers.PREFLIGHT_HEADERS))
        body = await http.read()
        token_request = token_requests.read(
            http.method,
            content_type=http.headers.get("content-type"),
            authorization=http.headers.get("authorization"),
            query=http.query_string,
            body=body,
        )
        client_id = token_request.shown_client_id()
        app = self._app(client_id)
        request = Request(http.method, "/api/token", client_id, token_request.parameters)
        traits = headers.traits(http.headers, is_https=http.secure)

        def normal() -> Outcome:
            answer = token_endpoint.answer(self._directory, token_request)
            error = str(answer.members.get("error", ""))
            return Outcome(headers.of_accounts(answer, app.shapes, traits), error)

        return await exchange.perform(http, app, request, body, normal)

    async def show(self, http: web.Request) -> web.Response:
        """Show the consent page, or redirect at once if the user's answer is known."""
        query = dict(http.query)
        browser = http.cookies.get(_BROWSER_COOKIE, "")

        def normal() -> Outcome:
            if http.body_exists:
                return Outcome(BadRequest.answer, "Your client has issued a malformed request")
            return self._shown(query, browser)

        return await self._perform(http, query, b"", normal)

    def _shown(self, query: Mapping[str, str], browser: str) -> Outcome:
        request = authorization.read(self._directory, query)
        if not isinstance(request, AuthorizationRequest):
            return _decided(request)
        app = request.app
        if app.policy.consent is Consent.CANCEL:
            return _decided(authorization.deny(request))
        if app.policy.consent is Consent.AGREE:
            return _decided(authorization.approve(request, app.users[0].id))
        user_id = authorization.approved_before(request, browser)
        if user_id is not None:
            return _decided(authorization.approve(request, user_id))
        return Outcome(page(200, pages.consent(request, app.users, query)))

    async def submit(self, http: web.Request) -> web.Response:
        """Take the form of the consent page."""
        body = await http.read()
        form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        browser = http.cookies.get(_BROWSER_COOKIE) or self._directory.first.shapes.short_id()
        answer = await self._perform(http, form, body, lambda: self._submitted(form, browser))
        answer.set_cookie(
            _BROWSER_COOKIE, browser, httponly=True, samesite="Lax", max_age=_COOKIE_SECONDS
        )
        return answer

    def _submitted(self, form: Mapping[str, str], browser: str) -> Outcome:
        request = authorization.read(self._directory, form)
        if not isinstance(request, AuthorizationRequest):
            return _decided(request)
        if form.get("decision") == "cancel":
            return _decided(authorization.deny(request))
        users = request.app.users
        user_id = next((user.id for user in users if user.id == form.get("user")), users[0].id)
        request.app.ledger.approve(browser, user_id, request.scopes)
        return _decided(authorization.approve(request, user_id))

    async def _perform(
        self, http: web.Request, parameters: Mapping[str, str], body: bytes, normal: Normal
    ) -> web.Response:
        client_id = parameters.get("client_id")
        request = Request(http.method, "/authorize", client_id, parameters)
        return await exchange.perform(http, self._app(client_id), request, body, normal)

    def _app(self, client_id: str | None) -> App:
        app = None if client_id is None else self._directory.find(client_id)
        return app or self._directory.first


def _decided(outcome: Redirect | Problem) -> Outcome:
    if isinstance(outcome, Redirect):
        return Outcome(redirect(outcome.location))
    return Outcome(page(400, pages.problem(outcome.words)), outcome.words)
