"""The rules of /api/token: which requests get tokens, and the refusal of all others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.apps.ledger import Code, Grant
from fake_spotify.facts import shapes
from fake_spotify.facts import wordings as words
from fake_spotify.facts.wordings import WORDINGS, Refusal
from fake_spotify.rules.token_requests import Client, TokenRequest, authenticate

_Outcome = Refusal | dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON object, with members in Spotify's order."""

    status: int
    members: Mapping[str, object]
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""  # in place of the object


def answer(directory: Directory, request: TokenRequest) -> Answer:
    """Answer a request to /api/token.

    Checks come in this order, inferred from which error won in captures: method,
    content type, client, grant type, required parameters, code or refresh token, redirect URI,
    verifier.
    """
    outcome = _outcome(directory, request)
    if isinstance(outcome, Refusal):
        return Answer(outcome.status, outcome.members())
    return Answer(200, outcome)


def _outcome(directory: Directory, request: TokenRequest) -> _Outcome:
    if request.method != "POST":
        return words.METHOD_WRONG
    if not request.content_type:
        return words.CONTENT_TYPE_MISSING
    if not request.is_form:
        return words.CONTENT_TYPE_WRONG
    if request.is_malformed:
        return words.MALFORMED
    client = authenticate(directory, request)
    if isinstance(client, Refusal):
        return client
    grant_type = request.parameters.get("grant_type", "")
    if not grant_type:
        return words.GRANT_TYPE_MISSING
    grant = _GRANTS.get(grant_type)
    if grant is None:
        description = WORDINGS[client.app.policy.era].unknown_grant_type
        description = description.replace("<value>", grant_type)
        return Refusal(400, "unsupported_grant_type", description)
    return grant(directory, client, request.parameters)


def _exchange_code(_: Directory, client: Client, parameters: Mapping[str, str]) -> _Outcome:
    app = client.app
    value = parameters.get("code", "")
    if not value:
        return words.CODE_MISSING
    if not parameters.get("redirect_uri"):
        return words.REDIRECT_MISSING
    code = app.ledger.codes.get(value)
    if code is None:
        return words.CODE_INVALID
    if app.clock.now() >= code.issued_at + app.policy.code_lifetime:
        return words.CODE_EXPIRED
    if code.spent:
        return words.CODE_INVALID
    if parameters["redirect_uri"] != code.redirect_uri:
        return words.REDIRECT_WRONG
    refusal = _refuse_verifier(client, code, parameters.get("code_verifier", ""))
    if refusal is not None:
        # The code stays valid: what Spotify does is unknown, and the mistake is not the user's.
        return refusal
    grant = app.ledger.open_grant(code, is_public=client.is_public)
    return _tokens(app, grant, refresh_token=grant.refresh_token)


def _refuse_verifier(client: Client, code: Code, verifier: str) -> Refusal | None:
    if code.challenge is None:
        # Without a challenge, a verifier proves nothing.
        return words.CREDENTIALS_MISSING if client.is_public else None
    if not verifier:
        return words.VERIFIER_MISSING
    if not shapes.is_verifier(verifier):
        return words.VERIFIER_MALFORMED
    if shapes.challenge_of(verifier) != code.challenge:
        return words.VERIFIER_WRONG
    return None


def _refresh(directory: Directory, client: Client, parameters: Mapping[str, str]) -> _Outcome:
    app = client.app
    refresh_token = parameters.get("refresh_token", "")
    if not refresh_token:
        return words.REFRESH_TOKEN_MISSING
    grant = app.ledger.grant_of(refresh_token)
    if grant is None:
        if directory.owner_of_refresh_token(refresh_token) is not None:
            return WORDINGS[app.policy.era].foreign_refresh_token
        return words.REFRESH_TOKEN_INVALID
    if client.is_public and not grant.is_public:
        return words.CREDENTIALS_MISSING
    if grant.revoked or grant.refresh_token != refresh_token:
        return words.REFRESH_TOKEN_REVOKED
    if app.has_aged_out(grant):
        is_called_expired = app.policy.aged == "expired"
        return words.REFRESH_TOKEN_EXPIRED if is_called_expired else words.REFRESH_TOKEN_REVOKED
    rotation = app.policy.rotation
    if rotation == "all" or (rotation == "pkce" and grant.is_public):
        grant = app.ledger.rotate(grant)
        return _tokens(app, grant, refresh_token=grant.refresh_token)
    return _tokens(app, grant, refresh_token="" if app.policy.unchanged == "empty" else None)


def _own_token(_: Directory, client: Client, _parameters: Mapping[str, str]) -> _Outcome:
    return words.CREDENTIALS_MISSING if client.is_public else _access(client.app, None)


def _access(app: App, grant: Grant | None) -> dict[str, object]:
    lifetime = app.policy.access_token_lifetime
    token = app.ledger.issue_access_token(grant, lifetime)
    return {"access_token": token.value, "token_type": "Bearer", "expires_in": lifetime}


def _tokens(app: App, grant: Grant, *, refresh_token: str | None) -> dict[str, object]:
    members = _access(app, grant)
    if refresh_token is not None:
        members["refresh_token"] = refresh_token
    if grant.scope or app.policy.no_scope != "absent":
        members["scope"] = grant.scope or (" " if app.policy.no_scope == "blank" else "")
    return members


_GRANTS: dict[str, Callable[[Directory, Client, Mapping[str, str]], _Outcome]] = {
    "authorization_code": _exchange_code,
    "refresh_token": _refresh,
    "client_credentials": _own_token,
}
