"""The one endpoint of api.spotify.com that tells whether an access token is alive."""

from aiohttp import web

from fake_spotify import dressing, profile, wire
from fake_spotify.apps import Directory
from fake_spotify.exchange import Exchange, Outcome
from fake_spotify.matching import Asked
from fake_spotify.replies import Reply


class ApiEndpoints:
    """Serves /v1/me for the tokens of the apps in *directory*."""

    def __init__(self, directory: Directory, exchange: Exchange) -> None:
        self._directory = directory
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """Give the routes, each with and without a trailing slash."""
        return [
            web.route(method, path, handler)
            for path in ("/v1/me", "/v1/me/")
            for method, handler in (("GET", self.me), ("OPTIONS", self.preflight))
        ]

    async def me(self, request: web.Request) -> web.Response:
        """Answer GET /v1/me."""
        authorization = request.headers.get("authorization")
        parameter = request.query.get("access_token")
        token = profile.token_in(authorization, parameter)
        owner = None if token is None else self._directory.owner_of_access_token(token)
        app = owner or self._directory.first
        client_id = None if owner is None else owner.registration.client_id
        asked = Asked("GET", "/v1/me", client_id, dict(request.query), token)
        wishes = dressing.wishes(request.headers, is_https=request.secure)

        def honest() -> Outcome:
            answer = profile.answer(owner, token)
            error = "" if answer.status == 200 else str(profile.message_of(answer))
            return Outcome(dressing.of_api(answer, app.dice, wishes), error)

        return await self._exchange.perform(request, app, asked, b"", honest)

    async def preflight(self, _: web.Request) -> web.Response:
        """Let browser apps ask."""
        return wire.response(Reply(204, dressing.PREFLIGHT_HEADERS))
