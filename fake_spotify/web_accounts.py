"""The endpoints of accounts.spotify.com: /authorize and /api/token."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from fake_spotify import (
    accounts,
    authorization,
    dressing,
    edge,
    pages,
    replies,
    token_requests,
    wire,
)
from fake_spotify.apps import App, Directory
from fake_spotify.authorization import AuthorizationRequest, Problem, Redirect
from fake_spotify.exchange import Exchange, Outcome
from fake_spotify.matching import Asked
from fake_spotify.policy import Consent
from fake_spotify.replies import Reply

_BROWSER_COOKIE = "fake_spotify_browser"
_COOKIE_SECONDS = 365 * 86400


class AccountsEndpoints:
    """Serves the rules for the apps in *directory*."""

    def __init__(self, directory: Directory, exchange: Exchange) -> None:
        self._directory = directory
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """Give the routes, each with and without a trailing slash."""
        return [
            web.route(method, path + slash, handler)
            for slash in ("", "/")
            for method, path, handler in (
                ("GET", "/authorize", self.ask),
                ("POST", "/authorize", self.hear),
                ("*", "/api/token", self.token),
            )
        ]

    async def token(self, request: web.Request) -> web.Response:
        """Answer /api/token."""
        if request.method == "OPTIONS":
            return wire.response(Reply(204, dressing.PREFLIGHT_HEADERS))
        body = await request.read()
        heard = token_requests.read(
            request.method,
            content_type=request.headers.get("content-type"),
            authorization=request.headers.get("authorization"),
            query=request.query_string,
            body=body,
        )
        client_id = heard.shown_client_id()
        app = self._app(client_id)
        asked = Asked(request.method, "/api/token", client_id, heard.parameters)
        wishes = dressing.wishes(request.headers, is_https=request.secure)

        def honest() -> Outcome:
            answer = accounts.answer(self._directory, heard)
            error = str(answer.members.get("error", ""))
            return Outcome(dressing.of_accounts(answer, app.dice, wishes), error)

        return await self._exchange.perform(request, app, asked, body, honest)

    async def ask(self, request: web.Request) -> web.Response:
        """Ask the user, or send the answer at once where it is known."""
        query = dict(request.query)
        browser = request.cookies.get(_BROWSER_COOKIE)

        def honest() -> Outcome:
            if request.body_exists:
                return Outcome(edge.BAD_REQUEST, "Your client has issued a malformed request")
            return self._asked(query, browser)

        return await self._perform(request, query, b"", honest)

    def _asked(self, query: Mapping[str, str], browser: str | None) -> Outcome:
        request = authorization.read(self._directory, query)
        if not isinstance(request, AuthorizationRequest):
            return _decided(request)
        app = request.app
        if app.policy.consent is Consent.CANCEL:
            return _decided(authorization.deny(request))
        if app.policy.consent is Consent.AGREE:
            return _decided(authorization.approve(request, app.first_user.id))
        user_id = None if browser is None else authorization.approved_before(request, browser)
        if user_id is not None:
            return _decided(authorization.approve(request, user_id))
        return Outcome(replies.page(200, pages.consent(request, app.users.values(), query)))

    async def hear(self, request: web.Request) -> web.Response:
        """Take what the user said on the page."""
        body = await request.read()
        form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        browser = request.cookies.get(_BROWSER_COOKIE) or self._app(None).dice.short_id()
        answer = await self._perform(request, form, body, lambda: self._heard(form, browser))
        answer.set_cookie(
            _BROWSER_COOKIE, browser, httponly=True, samesite="Lax", max_age=_COOKIE_SECONDS
        )
        return answer

    def _heard(self, form: Mapping[str, str], browser: str) -> Outcome:
        request = authorization.read(self._directory, form)
        if not isinstance(request, AuthorizationRequest):
            return _decided(request)
        if form.get("decision") == "cancel":
            return _decided(authorization.deny(request))
        users = request.app.users
        user_id = form.get("user", "")
        user = users.get(user_id, request.app.first_user)
        authorization.remember(request, browser, user.id)
        return _decided(authorization.approve(request, user.id))

    async def _perform(
        self,
        request: web.Request,
        parameters: Mapping[str, str],
        body: bytes,
        honest: Callable[[], Outcome],
    ) -> web.Response:
        client_id = parameters.get("client_id")
        asked = Asked(request.method, "/authorize", client_id, parameters)
        return await self._exchange.perform(request, self._app(client_id), asked, body, honest)

    def _app(self, client_id: str | None) -> App:
        found = None if client_id is None else self._directory.find(client_id)
        return self._directory.first if found is None else found


def _decided(outcome: Redirect | Problem) -> Outcome:
    if isinstance(outcome, Redirect):
        return Outcome(replies.redirect(outcome.location))
    return Outcome(replies.page(400, pages.problem(outcome.words)), outcome.words)
