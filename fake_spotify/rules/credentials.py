"""Authenticates the client of a token request, or says why not."""

import hmac
from dataclasses import dataclass

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.facts.wordings import CREDENTIALS_DISAGREE, CREDENTIALS_MISSING, WORDINGS, Refusal
from fake_spotify.rules.token_requests import TokenRequest, basic_credentials, spellings


@dataclass(frozen=True, slots=True)
class Client:
    """An authenticated app; `is_public` if it sent its id alone, as PKCE clients do."""

    app: App
    is_public: bool


def authenticate(directory: Directory, request: TokenRequest) -> Client | Refusal:
    """Find the client by its `Authorization` header, by the form, or by both if they agree.

    An empty `client_secret` counts as none (RFC 6749, 2.3.1).
    """
    form_id = request.parameters.get("client_id", "")
    form_secret = request.parameters.get("client_secret", "")
    if request.authorization is None:
        if not form_id:
            return CREDENTIALS_MISSING
        return _identify(directory, (form_id,), (form_secret,))
    shown = basic_credentials(request.authorization)
    if shown is None or not shown[0]:
        return CREDENTIALS_MISSING
    ids, secrets = spellings(shown[0]), spellings(shown[1])
    if (form_id and form_id not in ids) or (form_secret and form_secret not in secrets):
        return CREDENTIALS_DISAGREE
    client = _identify(directory, ids, secrets)
    if isinstance(client, Client) and client.is_public:
        # An empty secret in the header is a wrong one: a public client sends no header.
        return WORDINGS[client.app.policy.era].wrong_secret
    return client


def _identify(
    directory: Directory, ids: tuple[str, ...], secrets: tuple[str, ...]
) -> Client | Refusal:
    app = next((app for app in map(directory.find, ids) if app), None)
    if app is None:
        return WORDINGS[directory.first.policy.era].unknown_client
    if not any(secrets):
        return Client(app, is_public=True)
    right = app.client_secret.encode()
    if any(hmac.compare_digest(right, secret.encode()) for secret in secrets):
        return Client(app, is_public=False)
    return WORDINGS[app.policy.era].wrong_secret
