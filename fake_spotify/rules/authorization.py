"""The rules of /authorize: which requests are valid, and where the user's answer is sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.facts import redirects, shapes
from fake_spotify.facts.scopes import SCOPES, split
from fake_spotify.facts.wordings import WORDINGS, Era


class Problem(Exception):
    """An error whose words are shown on a page; nothing is redirected."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid request, which needs the user's answer."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str | None
    is_implicit: bool
    shows_dialog: bool


def read(directory: Directory, query: Mapping[str, str]) -> AuthorizationRequest | str:
    """Read the parameters of /authorize, or return where the browser takes their refusal.

    Unknown parameters are ignored. Raises a Problem if the app must not be told.
    """
    for name in ("client_id", "response_type", "redirect_uri"):
        if not query.get(name):
            raise Problem(f"Missing required parameter: {name}")
    app = directory.find(query["client_id"])
    if app is None:
        raise Problem(WORDINGS[directory.first.policy.era].unknown_client_page)
    redirect_uri, era = query["redirect_uri"], app.policy.era
    if era is Era.Y2026 and redirects.is_insecure(redirect_uri):
        raise Problem("INVALID_CLIENT: Insecure redirect URI")
    if not redirects.fits(redirect_uri, app.redirect_uris, any_port=era is Era.Y2026):
        raise Problem("INVALID_CLIENT: Invalid redirect URI")
    if query["response_type"] == "token" and era is Era.Y2026:
        return redirects.with_fragment(redirect_uri, [("error", "unsupported_response_type")])
    if query["response_type"] not in {"code", "token"}:
        raise Problem(WORDINGS[era].unknown_response_type_page)
    requested = split(query.get("scope", ""))
    if not SCOPES.keys() >= set(requested):
        raise Problem("Illegal scope")
    challenge = query.get("code_challenge") or None
    if challenge is not None and query.get("code_challenge_method") != "S256":
        raise Problem("code_challenge_method must be S256")
    if challenge is not None and not shapes.is_challenge(challenge):
        raise Problem("Invalid code_challenge")
    return AuthorizationRequest(
        app,
        redirect_uri,
        requested,
        query.get("state"),
        challenge,
        is_implicit=query["response_type"] == "token",
        shows_dialog=query.get("show_dialog") == "true",
    )


def approve(request: AuthorizationRequest, user_id: str) -> str:
    """Return where the user's consent goes: with a code or, in the implicit grant, a token."""
    ledger, scope = request.app.ledger, " ".join(request.scopes)
    if not request.is_implicit:
        uri = request.redirect_uri
        code = ledger.issue_code(user_id, scope, uri, challenge=request.challenge)
        return _location(request, [("code", code.value)])
    lifetime = request.app.policy.access_token_lifetime
    grant = ledger.add_grant(user_id, scope, is_public=True)
    token = ledger.issue_access_token(grant, lifetime)
    granted = [("token_type", "Bearer"), ("expires_in", str(lifetime))]
    return _location(request, [("access_token", token.value), *granted])


def deny(request: AuthorizationRequest) -> str:
    return _location(request, [("error", "access_denied")])


def _location(request: AuthorizationRequest, parameters: list[tuple[str, str]]) -> str:
    add = redirects.with_fragment if request.is_implicit else redirects.with_query
    state = [] if request.state is None else [("state", request.state)]
    return add(request.redirect_uri, [*parameters, *state])


def approved_before(request: AuthorizationRequest, browser: str) -> str | None:
    """Return the user of *browser* who agreed to all of this before; None if a dialog is due."""
    approval = request.app.ledger.approvals.get(browser)
    if request.shows_dialog or approval is None or not approval.scopes.issuperset(request.scopes):
        return None
    return approval.user_id
