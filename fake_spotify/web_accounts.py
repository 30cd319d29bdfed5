"""The endpoints of accounts.spotify.com: /authorize and /api/token."""

from urllib.parse import parse_qsl

from aiohttp import web

from fake_spotify import accounts, authorization, edge, pages, replies, token_requests
from fake_spotify.apps import Directory
from fake_spotify.authorization import AuthorizationRequest, Problem, Redirect
from fake_spotify.replies import Reply

_BROWSER_COOKIE = "fake_spotify_browser"


class AccountsEndpoints:
    """Serves the rules for the apps in *directory*."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

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
            return response(Reply(204, replies.PREFLIGHT_HEADERS))
        asked = token_requests.read(
            request.method,
            content_type=request.headers.get("content-type"),
            authorization=request.headers.get("authorization"),
            query=request.query_string,
            body=await request.read(),
        )
        answer = accounts.answer(self._directory, asked)
        return response(
            replies.of_accounts(answer, self._directory.first.dice, replies.wishes(request.headers))
        )

    async def ask(self, request: web.Request) -> web.Response:
        """Ask the user, or send the answer at once where it is known."""
        if request.body_exists:
            return response(edge.BAD_REQUEST)
        query = dict(request.query)
        asked = authorization.read(self._directory, query)
        if not isinstance(asked, AuthorizationRequest):
            return response(_unasked(asked))
        browser = request.cookies.get(_BROWSER_COOKIE)
        if asked.app.policy.auto_approve:
            user_id: str | None = asked.app.first_user.id
        else:
            user_id = None if browser is None else authorization.approved_before(asked, browser)
        if user_id is not None:
            return response(_unasked(authorization.approve(asked, user_id)))
        return response(replies.page(200, pages.consent(asked, asked.app.users.values(), query)))

    async def hear(self, request: web.Request) -> web.Response:
        """Take what the user said on the page."""
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        asked = authorization.read(self._directory, form)
        if not isinstance(asked, AuthorizationRequest):
            return response(_unasked(asked))
        if form.get("decision") == "cancel":
            return response(_unasked(authorization.deny(asked)))
        user_id = form.get("user", "")
        if user_id not in asked.app.users:
            user_id = asked.app.first_user.id
        browser = request.cookies.get(_BROWSER_COOKIE) or asked.app.dice.short_id()
        authorization.remember(asked, browser, user_id)
        answer = response(_unasked(authorization.approve(asked, user_id)))
        answer.set_cookie(
            _BROWSER_COOKIE, browser, path="/", httponly=True, samesite="Lax", max_age=31536000
        )
        return answer


def _unasked(outcome: Redirect | Problem) -> Reply:
    if isinstance(outcome, Redirect):
        return replies.redirect(outcome.location)
    return replies.page(400, pages.problem(outcome.words))


def response(reply: Reply) -> web.Response:
    """Make aiohttp's kind of answer from ours."""
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
