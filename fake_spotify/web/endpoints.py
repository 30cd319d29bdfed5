"""The endpoints of accounts.spotify.com, and of api.spotify.com the one that proves a token."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from urllib.parse import parse_qsl

from aiohttp import web

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.faults.answers import BadRequest
from fake_spotify.matching import Request
from fake_spotify.replies import Reply, page, redirect
from fake_spotify.rules import authorization, explanations, profile, token_endpoint, token_requests
from fake_spotify.rules.authorization import AuthorizationRequest, Problem
from fake_spotify.web import exchange, headers, pages
from fake_spotify.web.exchange import Normal, Outcome

_BROWSER_COOKIE = "fake_spotify_browser"
_COOKIE_SECONDS = 365 * 86400


class Endpoints:
    """Serves the rules for the apps in *directory*; the pages link to *control_page*, if any."""

    def __init__(self, directory: Directory, control_page: str | None) -> None:
        self._directory = directory
        self._control_page = control_page

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/images/{user}.png", self._picture)] + [
            web.route(method, path + slash, handler)
            for slash in ("", "/")
            for method, path, handler in (
                ("GET", "/authorize", self._show),
                ("POST", "/authorize", self._submit),
                # With a language in front: spotify/web-api#820.
                ("GET", "/{language:[a-z]{2}(?:-[A-Za-z]{2,4})?}/authorize", self._show),
                ("*", "/api/token", self._token),
                ("GET", "/v1/me", self._me),
                ("OPTIONS", "/v1/me", self._preflight),
            )
        ]

    async def _token(self, http: web.Request) -> web.Response:
        if http.method == "OPTIONS":
            return await self._preflight(http)
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

        def normal() -> Outcome:
            answer = token_endpoint.answer(self._directory, token_request)
            said = [str(answer.members.get(name, "")) for name in ("error", "error_description")]
            words = ": ".join(filter(None, said))
            reply = headers.of_accounts(answer, app.shapes, http)
            why = explanations.explain("token", words, app, token_request.parameters)
            return Outcome(reply, said[0], why)

        return await exchange.perform(http, app, request, body, normal)

    async def _show(self, http: web.Request) -> web.Response:
        """Show the consent page, or redirect at once if the user's answer is known."""
        query = dict(http.query)
        browser = http.cookies.get(_BROWSER_COOKIE, "")

        def normal() -> Outcome:
            if http.body_exists:
                refusal = "Your client has issued a malformed request"
                why = explanations.explain("authorize", refusal, self._directory.first, query)
                return Outcome(BadRequest().reply(0), refusal, why)
            return self._decided(query, partial(self._shown, query, browser))

        return await self._perform(http, query, b"", normal)

    def _shown(
        self, query: Mapping[str, str], browser: str, request: AuthorizationRequest
    ) -> Reply:
        if request.app.policy.consent == "cancel":
            return redirect(authorization.deny(request))
        if request.app.policy.consent == "agree":
            user_id: str | None = request.app.users[0].id
        else:
            user_id = authorization.approved_before(request, browser)
        if user_id is not None:
            return redirect(authorization.approve(request, user_id))
        return page(200, pages.consent(request, request.app.users, query, self._control_page))

    async def _submit(self, http: web.Request) -> web.Response:
        body = await http.read()
        form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        browser = http.cookies.get(_BROWSER_COOKIE) or self._directory.first.shapes.short_id()

        def submitted(request: AuthorizationRequest) -> Reply:
            if form.get("decision") == "cancel":
                return redirect(authorization.deny(request))
            users = request.app.users
            user_id = next((user.id for user in users if user.id == form.get("user")), users[0].id)
            request.app.ledger.approve(browser, user_id, request.scopes)
            return redirect(authorization.approve(request, user_id))

        answer = await self._perform(http, form, body, lambda: self._decided(form, submitted))
        answer.set_cookie(
            _BROWSER_COOKIE, browser, httponly=True, samesite="Lax", max_age=_COOKIE_SECONDS
        )
        return answer

    def _decided(
        self, sent: Mapping[str, str], decide: Callable[[AuthorizationRequest], Reply]
    ) -> Outcome:
        """Answer a valid request as *decide* says, any other by what is wrong with it."""
        try:
            request = authorization.read(self._directory, sent)
        except Problem as problem:
            words, app = str(problem), self._app(sent.get("client_id"))
            why = explanations.explain("authorize", words, app, sent)
            markup = pages.problem(words, why, sent, app, self._control_page)
            return Outcome(page(400, markup), words, why)
        return Outcome(redirect(request) if isinstance(request, str) else decide(request))

    async def _perform(
        self, http: web.Request, parameters: Mapping[str, str], body: bytes, normal: Normal
    ) -> web.Response:
        client_id = parameters.get("client_id")
        request = Request(http.method, "/authorize", client_id, parameters)
        return await exchange.perform(http, self._app(client_id), request, body, normal)

    def _app(self, client_id: str | None) -> App:
        app = None if client_id is None else self._directory.find(client_id)
        return app or self._directory.first

    async def _me(self, http: web.Request) -> web.Response:
        token = profile.token_in(http.headers.get("authorization"), http.query.get("access_token"))
        owner = None if token is None else self._directory.owner_of_access_token(token)
        app = owner or self._directory.first
        client_id = None if owner is None else owner.client_id
        request = Request("GET", "/v1/me", client_id, dict(http.query), token)

        def normal() -> Outcome:
            answer = profile.answer(self._directory, owner, token, str(http.url.origin()))
            error = profile.message_of(answer)
            reply = headers.of_api(answer, app.shapes, http)
            return Outcome(reply, error, explanations.explain("api", error, app, {}))

        return await exchange.perform(http, app, request, b"", normal)

    async def _preflight(self, _: web.Request) -> web.Response:
        """Let pages from other origins read the answer."""
        return exchange.response(Reply(204, headers.PREFLIGHT_HEADERS))

    async def _picture(self, _: web.Request) -> web.Response:
        image = files("fake_spotify.web").joinpath("picture.png").read_bytes()
        return web.Response(body=image, content_type="image/png")
