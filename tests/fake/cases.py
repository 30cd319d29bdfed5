"""What is known of Spotify's behaviour, as data, and how each case is set up at the fake."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.facts.pkce import challenge_of
from fake_spotify.faults import (
    AgedIsRevoked,
    BadGateway,
    BadRequest,
    CaptivePortal,
    EmptyAnswer,
    EmptyRefreshToken,
    FalseInvalidGrant,
    Forbidden,
    NoHealthyUpstream,
    Rotate,
    TooManyRequests,
    UpstreamReset,
    UpstreamTimeout,
)

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "spotify-cases.json").read_text())

BOTH = ("2021", "2026")
ERAS = {
    "any": BOTH,
    "2016": BOTH,
    "2017": ("2021",),
    "2020": BOTH,
    "2021": ("2021",),
    "2024": ("2026",),
    "2025": ("2026",),
    "2026": ("2026",),
    "2025-2026": ("2026",),
    "to 2024": ("2021",),
    "before 2025-11-27": ("2021",),
    "before 2026-06": ("2021",),
    "since 2025-04": ("2026",),
    "since 2025-11-27": ("2026",),
    "since 2026-06": ("2026",),
    "since 2026-06-18 (new apps), 2026-07-20 (all)": ("2026",),
    "since 2026-07-20": ("2026",),
}
"""In which of the fake's eras a case is true. Where today's answer is unknown, it is in both."""

# Seen in the words of one year, and an outage of Envoy is an outage in any.
_ERAS_BY_NAME = {"infra_503_upstream_reset": BOTH, "infra_503_no_healthy_upstream": BOTH}

REDIRECT_URI = "https://app.example/callback"
REDIRECT_URIS = [
    REDIRECT_URI,
    "http://127.0.0.1/callback",
    "http://localhost:8888/callback",
    "http://app.example/callback",
]
SCOPE = "user-read-email user-read-private"
VERIFIER = "v" * 43
STATE = "a state, with +&= in it"


def of(group):
    """Give a parameter for each case of *group* and each era in which it is true."""
    return [
        pytest.param(case, era, id=f"{case['name']}-in-{era}-{case['certainty'].lower()}")
        for case in CASES
        if case["group"] == group
        for era in _ERAS_BY_NAME.get(case["name"]) or ERAS[case["era"]]
    ]


@dataclass
class Scene:
    """A fake in the state that a case begins with, and what its placeholders stand for."""

    spotify: FakeSpotify
    values: dict

    def filled(self, text):
        """Put values in the place of placeholders."""
        for name, value in self.values.items():
            text = text.replace(f"<{name}>", value)
        return text

    def request(self, case):
        """Make method, target, headers and body of the case's request."""
        request = case["request"]
        headers = {name: self.filled(value) for name, value in request["headers"].items()}
        query = {name: self.filled(value) for name, value in request.get("query", {}).items()}
        form = {name: self.filled(value) for name, value in request["form"].items()}
        target = request["path"] + (f"?{urlencode(query)}" if query else "")
        body = self.values.get("raw_body", request.get("raw_body", urlencode(form)))
        return request["method"], target, headers, body


def scene(case, spotify):
    """Set the fake up for *case*; a case that nobody has mapped is an error."""
    prepare = SETUPS[case["name"]]
    basic = base64.b64encode(f"{spotify.client_id}:{spotify.client_secret}".encode()).decode()
    values = {
        "client_id": spotify.client_id,
        "client_secret": spotify.client_secret,
        "base64(client_id:client_secret)": basic,
        "redirect_uri": REDIRECT_URI,
        "other_uri": "https%3A%2F%2Fapp.example%2Fcallback",
        "scopes": SCOPE,
        "state": STATE,
        "verifier": VERIFIER,
        "wrong": "w" * 43,
        "base64url(sha256(verifier))": challenge_of(VERIFIER),
        "unknown": "0" * 32,
        "any_port": "45678",
        "app": "an-app",
        **(prepare(spotify) or {}),
    }
    return Scene(spotify, values)


def _code(**choices):
    return lambda spotify: {"code": spotify.code(**{"scope": SCOPE, **choices})}


def _refresh_token(**choices):
    def prepare(spotify):
        return {"refresh_token": spotify.grant(**{"scope": SCOPE, **choices}).refresh_token}

    return prepare


def _nothing(_):
    return {}


def _credentials(client_id=None, client_secret="wrong"):
    def prepare(spotify):
        text = f"{client_id or spotify.client_id}:{client_secret}"
        return {"base64(wrong)": f"{base64.b64encode(text.encode()).decode()}", **_all(spotify)}

    return prepare


def _all(spotify):
    return {**_code()(spotify), **_refresh_token()(spotify)}


def _spent_code(spotify):
    values = _code()(spotify)
    ledger = spotify.ledger
    ledger.open_grant(ledger.code(values["code"]), is_public=False)
    return values


def _old_code(spotify):
    values = _code()(spotify)
    spotify.clock.advance(601)
    return values


def _revoked(spotify):
    grant = spotify.grant(scope=SCOPE)
    spotify.revoke(grant.id)
    return {"refresh_token": grant.refresh_token}


def _rotated_away(spotify):
    grant = spotify.grant(scope=SCOPE, is_public=True)
    spotify.ledger.rotate(grant)
    return {"refresh_token": grant.refresh_token}


def _aged(spotify):
    values = _refresh_token()(spotify)
    spotify.clock.advance(days=181)
    return values


def _aged_and_called_revoked(spotify):
    spotify.fault(AgedIsRevoked())
    return _aged(spotify)


def _of_another_app(spotify):
    return {"refresh_token": spotify.register().grant().refresh_token}


def _fault(fault):
    def prepare(spotify):
        spotify.fault(fault)
        return _refresh_token()(spotify)

    return prepare


def _refused(spotify):
    spotify.refuse_connections(60)
    return _refresh_token()(spotify)


def _ignored(spotify):
    spotify.ignore_connections(60)
    return _refresh_token()(spotify)


SETUPS = {
    "authorize_approved": _nothing,
    "authorize_approved_no_state": _nothing,
    "authorize_approved_pkce": _nothing,
    "authorize_sdk_extra_params_ignored": _nothing,
    "authorize_show_dialog_true": _nothing,
    "authorize_denied": _nothing,
    "authorize_no_scope": _nothing,
    "authorize_loopback_dynamic_port": _nothing,
    "authorize_unknown_client_2017": _nothing,
    "authorize_unknown_client_2025": _nothing,
    "authorize_unregistered_redirect": _nothing,
    "authorize_insecure_redirect_localhost": _nothing,
    "authorize_insecure_redirect_http_public": _nothing,
    "authorize_illegal_scope": _nothing,
    "authorize_missing_client_id": _nothing,
    "authorize_missing_redirect_uri": _nothing,
    "authorize_bad_response_type_old": _nothing,
    "authorize_implicit_removed": _nothing,
    "authorize_implicit_old": _nothing,
    "token_code_ok_basic": _code(),
    "token_code_ok_body_credentials": _code(),
    "token_code_ok_no_scope": _code(scope=""),
    "token_code_ok_pkce": _code(code_challenge=challenge_of(VERIFIER)),
    "token_code_ok_params_in_query": _code(),
    "token_refresh_ok_confidential": _refresh_token(),
    "token_refresh_ok_confidential_with_new": _fault(Rotate()),
    "token_refresh_ok_empty_refresh_token": _fault(EmptyRefreshToken()),
    "token_refresh_ok_pkce_rotating": _refresh_token(is_public=True),
    "token_refresh_ok_pkce_no_rotation": _refresh_token(is_public=True),
    "token_client_credentials_ok": _nothing,
    "err_client_both_wrong": _credentials("0" * 32),
    "err_client_unknown_id_2026": _credentials("0" * 32),
    "err_client_wrong_secret_2021": _credentials(),
    "err_client_wrong_secret_2026": _credentials(),
    "err_client_missing_authorization": _refresh_token(),
    "err_refresh_token_of_other_app": _of_another_app,
    "err_code_invalid": lambda _: {"code": "AQmistyped"},
    "err_code_reused": _spent_code,
    "err_code_expired": _old_code,
    "err_redirect_mismatch": _code(),
    "err_refresh_invalid": _nothing,
    "err_refresh_revoked": _revoked,
    "err_refresh_revoked_by_rotation": _rotated_away,
    "err_refresh_expired_six_months": _aged,
    "err_refresh_expired_reported_as_revoked": _aged_and_called_revoked,
    "err_refresh_false_invalid_grant_outage": _fault(FalseInvalidGrant()),
    "err_verifier_wrong": _code(code_challenge=challenge_of(VERIFIER)),
    "err_verifier_missing": _code(code_challenge=challenge_of(VERIFIER)),
    "err_verifier_malformed": _code(code_challenge=challenge_of(VERIFIER)),
    "err_code_missing": _nothing,
    "err_code_empty": _nothing,
    "err_refresh_missing": _nothing,
    "err_refresh_empty": _nothing,
    "err_redirect_missing": _code(),
    "err_grant_missing": _nothing,
    "err_grant_json_body_with_form_header": _nothing,
    "err_grant_unknown_2017": _nothing,
    "err_grant_unknown_2024": _nothing,
    "err_json_content_type": _nothing,
    "err_no_content_type": _nothing,
    # What was malformed about it is not recorded; bytes that are no UTF-8 are.
    "err_malformed_request": lambda _: {"raw_body": "grant_type=%FF"},
    "err_get_method": _nothing,
    "infra_503_upstream_reset": _fault(UpstreamReset()),
    "infra_503_no_healthy_upstream": _fault(NoHealthyUpstream()),
    "infra_504_upstream_timeout": _fault(UpstreamTimeout()),
    "infra_502_html": _fault(BadGateway()),
    "infra_403_edge_html": _fault(Forbidden()),
    "infra_400_edge_html": _fault(BadRequest()),
    "infra_429_text": _fault(TooManyRequests()),
    "infra_429_json": _fault(TooManyRequests(16, as_json=True)),
    "infra_200_empty": _fault(EmptyAnswer()),
    "infra_200_html": _fault(CaptivePortal()),
    "infra_connection_refused": _refused,
    "infra_connect_timeout": _ignored,
}

_SHAPES = {
    "access_token": r"BQ[A-Za-z0-9_-]{113,598}",
    "refresh_token": r"AQ[A-Za-z0-9_-]{129}",
    "new_refresh_token": r"AQ[A-Za-z0-9_-]{129}",
    "code": r"AQ[A-Za-z0-9_-]{178,418}",
    "AQ...": r"AQ[A-Za-z0-9_-]+",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
    "int": r"[0-9]+",
}


def fits(expected: str, found: str) -> bool:
    """Tell whether *found* is *expected*, placeholders standing for values of their shape."""
    pieces = re.split(r"<([^>]+)>", expected)
    pattern = "".join(
        _SHAPES[piece] if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)
    )
    return re.fullmatch(pattern, found) is not None
