"""The rules of /v1/me: the owner of an access token, or why it is not valid."""

import hashlib
from math import ceil

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.facts.registrations import User
from fake_spotify.faults.answers import QUOTA_EXCEEDED
from fake_spotify.rules.token_endpoint import Answer

QUOTA_SECONDS = 30.0

# As plain text, not JSON: zmb3/spotify#301 and #232 show the bodies' lengths, 159 and 46 bytes.
NO_PREMIUM = (
    "Active premium subscription required for the owner of the app. When the subscription status "
    "changes, it can take a few hours before requests are allowed again."
)
NOT_LISTED = "User not registered in the Developer Dashboard"


def token_in(authorization: str | None, parameter: str | None) -> str | None:
    """Return the access token of a request, from its `Authorization` header, or `?access_token=`.

    An empty one means that none was sent, None that the header holds something else.
    """
    if authorization is None:
        return parameter or ""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def answer(directory: Directory, owner: App | None, token: str | None, base_url: str) -> Answer:
    """Answer GET /v1/me for *token*, which was issued to the app *owner*, if any.

    The words are those in jwilsson/spotify-web-api-php#85, JohnnyCrazy/SpotifyAPI-NET#200 and
    vdesabou/alfred-spotify-mini-player#376.
    """
    if token is None:
        return _refused(400, "Only valid bearer authentication supported")
    if not token:
        return _refused(401, "No token provided")
    access = None if owner is None else owner.ledger.access_tokens.get(token)
    if owner is None or access is None:
        return _refused(401, "Invalid access token")
    if owner.policy.revocation_ends_access_tokens and owner.ledger.is_revoked(access):
        return _refused(401, "Invalid access token")
    if owner.clock.now() >= access.expires_at:
        return _refused(401, "The access token expired")
    wait = _quota_wait_seconds(directory, owner)
    if wait is not None:
        return Answer(429, {"error": QUOTA_EXCEEDED}, (("retry-after", str(wait)),))
    is_development = owner.policy.quota_mode == "development"
    if is_development and not owner.policy.owner_premium:
        return Answer(403, {}, text=NO_PREMIUM)
    user = None if access.grant is None else owner.users_by_id.get(access.grant.user_id)
    if access.grant is None or user is None:
        return _refused(401, "Valid user authentication required")
    if is_development and not owner.is_listed(user.id):
        return Answer(403, {}, text=NOT_LISTED)
    members = of(user, access.grant.scope.split(), base_url)
    if is_development:
        for name in ("country", "email", "explicit_content", "followers", "product"):
            members.pop(name, None)
    return Answer(200, members)


def _quota_wait_seconds(directory: Directory, owner: App) -> int | None:
    """Count a call, or return how long its developer's apps have to wait."""
    limit, now = owner.policy.quota_calls, owner.clock.now()
    if limit is None:
        return None
    team = [app for app in directory if app.developer == owner.developer]
    calls = sorted(at for app in team for at in app.api_calls if now - QUOTA_SECONDS < at <= now)
    if len(calls) >= limit:
        return ceil(calls[len(calls) - limit] + QUOTA_SECONDS - now)
    while owner.api_calls and owner.api_calls[0] <= now - QUOTA_SECONDS:
        owner.api_calls.popleft()
    owner.api_calls.append(now)
    return None


def of(user: User, scopes: list[str], base_url: str) -> dict[str, object]:
    """Return what an app with *scopes* may read about *user*.

    Source: https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile
    and, for `account_id`, the Web API's change log of May 2026. Its shape there is not stated.
    """
    page = f"https://open.spotify.com/user/{user.id}"
    picture = base_url + user.picture if user.picture.startswith("/") else user.picture
    sizes = (300, 64) if picture else ()
    members: dict[str, object] = {
        "account_id": hashlib.sha256(user.id.encode()).hexdigest()[:32],
        "display_name": user.display_name,
        "external_urls": {"spotify": page},
        "followers": {"href": None, "total": 0},
        "href": f"https://api.spotify.com/v1/users/{user.id}",
        "id": user.id,
        "images": [{"height": size, "url": picture, "width": size} for size in sizes],
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
    return str(error["message"]) if isinstance(error, dict) else refusal.text
