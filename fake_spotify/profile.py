"""What /v1/me says: who an access token belongs to, or why it is worth nothing."""

import hashlib

from fake_spotify.accounts import Answer
from fake_spotify.apps import Directory, User


def answer(directory: Directory, *, authorization: str | None, parameter: str | None) -> Answer:
    """
    Answer GET /v1/me for a token in the `Authorization` header or in `?access_token=`.

    The words are those in jwilsson/spotify-web-api-php#85, JohnnyCrazy/SpotifyAPI-NET#200 and
    vdesabou/alfred-spotify-mini-player#376.
    """
    if authorization is None:
        token = parameter
    else:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return _refused(400, "Only valid bearer authentication supported")
        token = token.strip()
    if not token:
        return _refused(401, "No token provided")
    app = directory.owner_of_access_token(token)
    access = None if app is None else app.ledger.access_token(token)
    if app is None or access is None:
        return _refused(401, "Invalid access token")
    if app.clock.now() >= access.expires_at:
        return _refused(401, "The access token expired")
    user = None if access.user_id is None else app.users.get(access.user_id)
    if user is None:
        return _refused(401, "Valid user authentication required")
    return Answer(200, of(user, access.scope.split()))


def of(user: User, scopes: list[str]) -> dict[str, object]:
    """
    Give what Spotify tells an app that has *scopes* about *user*.

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
