"""The one endpoint of api.spotify.com that tells whether an access token is alive."""

from aiohttp import web

from fake_spotify import profile, replies
from fake_spotify.apps import Directory
from fake_spotify.replies import Reply
from fake_spotify.web_accounts import response


class ApiEndpoints:
    """Serves /v1/me for the tokens of the apps in *directory*."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """Give the routes, each with and without a trailing slash."""
        return [
            web.route(method, path, handler)
            for path in ("/v1/me", "/v1/me/")
            for method, handler in (("GET", self.me), ("OPTIONS", self.preflight))
        ]

    async def me(self, request: web.Request) -> web.Response:
        """Answer GET /v1/me."""
        answer = profile.answer(
            self._directory,
            authorization=request.headers.get("authorization"),
            parameter=request.query.get("access_token"),
        )
        return response(
            replies.of_api(answer, self._directory.first.dice, replies.wishes(request.headers))
        )

    async def preflight(self, _: web.Request) -> web.Response:
        """Let browser apps ask."""
        return response(Reply(204, replies.PREFLIGHT_HEADERS))
