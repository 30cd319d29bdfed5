"""The one endpoint of api.spotify.com that proves an access token: /v1/me, and users' pictures."""

from importlib.resources import files

from aiohttp import web

from fake_spotify.apps.directory import Directory
from fake_spotify.matching import Request
from fake_spotify.replies import Reply
from fake_spotify.rules import explanations, profile
from fake_spotify.web import exchange, headers
from fake_spotify.web.exchange import Outcome


class ApiEndpoints:
    """Serves /v1/me for the tokens of the apps in *directory*."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route(method, path, handler)
            for path in ("/v1/me", "/v1/me/")
            for method, handler in (("GET", self.me), ("OPTIONS", self.preflight))
        ] + [web.get("/images/{user}.png", self.picture)]

    async def me(self, http: web.Request) -> web.Response:
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

    async def preflight(self, _: web.Request) -> web.Response:
        """Let pages from other origins read the answer."""
        return exchange.response(Reply(204, headers.PREFLIGHT_HEADERS))

    async def picture(self, _: web.Request) -> web.Response:
        image = files("fake_spotify.web").joinpath("picture.png").read_bytes()
        return web.Response(body=image, content_type="image/png")
