"""The rules of /v1/me: the owner of an access token, or why it is not valid."""

import hashlib

from fake_spotify.apps.app import App
from fake_spotify.facts.registrations import User
from fake_spotify.rules.token_endpoint import Answer


def token_in(authorization: str | None, parameter: str | None) -> str | None:
    """
    Return the access token of a request, from its `Authorization` header, or `?access_token=`.

    An empty one means that none was sent, None that the header holds something else.
    """
    if authorization is None:
        return parameter or ""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def answer(owner: App | None, token: str | None) -> Answer:
    """
    Answer GET /v1/me for *token*, which was issued to the app *owner*, if any.

    The words are those in jwilsson/spotify-web-api-php#85, JohnnyCrazy/SpotifyAPI-NET#200 and
    vdesabou/alfred-spotify-mini-player#376.
    """
    if token is None:
        return _refused(400, "Only valid bearer authentication supported")
    if not token:
        return _refused(401, "No token provided")
    access = None if owner is None else owner.ledger.access_token(token)
    if owner is None or access is None:
        return _refused(401, "Invalid access token")
    if owner.clock.now() >= access.expires_at:
        return _refused(401, "The access token expired")
    user = None if access.user_id is None else owner.users_by_id.get(access.user_id)
    if user is None:
        return _refused(401, "Valid user authentication required")
    return Answer(200, of(user, access.scope.split()))


def of(user: User, scopes: list[str]) -> dict[str, object]:
    """
    Return what an app with *scopes* may read about *user*.

    Source: https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile
    and, for `account_id`, the Web API's change log of May 2026. Its shape there is not stated.
    """
    page = f"https://open.spotify.com/user/{user.id}"
    members: dict[str, object] = {
        "account_id": hashlib.sha256(user.id.encode()).hexdigest()[:32],
        "display_name": user.display_name,
        "external_urls": {"spotify": page},
        "followers": {"href": None, "total": 0},
        "href": f"https://api.spotify.com/v1/users/{user.id}",
        "id": user.id,
        "images": [],
        "type": "user",
        "uri": f"spotify:user:{user.id}",
    }
    if "user-read-private" in scopes:
        members["country"] = user.country
        members["explicit_content"] = {"filter_enabled": False, "filter_locked": False}
        members["product"] = user.product
    if "user-read-email" in scopes:
        members["email"] = user.email
    return members


def _refused(status: int, message: str) -> Answer:
    return Answer(status, {"error": {"status": status, "message": message}})


def message_of(refusal: Answer) -> str:
    """Return the words of a refusal; empty if it is none."""
    error = refusal.members.get("error")
    return str(error["message"]) if isinstance(error, dict) else ""
