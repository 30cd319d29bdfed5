"""Reads a request to the token endpoint, and authenticates its client or says why not."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, unquote_plus

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.facts.wordings import CREDENTIALS_DISAGREE, CREDENTIALS_MISSING, WORDINGS, Refusal

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100

# These must not be sent twice with two values; others may.
_MEANINGFUL = frozenset(
    {
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "grant_type",
        "redirect_uri",
        "refresh_token",
    }
)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request to the token endpoint, parsed."""

    method: str = "POST"
    content_type: str | None = _FORM
    authorization: str | None = field(default=None, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)
    is_malformed: bool = False

    @property
    def is_form(self) -> bool:
        """True if the content type is a form, in any case and with any charset."""
        media_type = (self.content_type or "").partition(";")[0]
        return media_type.strip().lower() == _FORM

    def shown_client_id(self) -> str | None:
        """Return the client id of the header, or else of the parameters."""
        shown = basic_credentials(self.authorization) if self.authorization else None
        return shown[0] if shown else self.parameters.get("client_id")


def read(
    method: str,
    *,
    content_type: str | None = _FORM,
    authorization: str | None = None,
    query: str = "",
    body: bytes = b"",
) -> TokenRequest:
    """Read a request; parameters come from the body (which wins) or the query string."""
    try:
        parameters = {**_values(query), **_values(body.decode())}
    except ValueError:
        return TokenRequest(method, content_type, authorization, is_malformed=True)
    return TokenRequest(method, content_type, authorization, parameters)


def _values(form: str) -> dict[str, str]:
    values: dict[str, str] = {}
    pairs = parse_qsl(form, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    for name, value in pairs:
        if values.setdefault(name, value) != value and name in _MEANINGFUL:
            raise ValueError(f"{name} is sent twice, with two values")
    return values


def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """Return client id and secret of a Basic `Authorization` header, or None if it is malformed.

    They are not decoded: RFC 6749 (2.3.1) requires percent-encoding first, most clients leave it
    out, and Spotify's own, 32 hex digits each, look the same either way.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    client_id, colon, client_secret = decoded.partition(":")
    return (client_id, client_secret) if colon else None


def spellings(value: str) -> tuple[str, ...]:
    """Return *value* as it is, and decoded in both ways that clients encode it (RFC 6749, B)."""
    return value, unquote(value), unquote_plus(value)


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
