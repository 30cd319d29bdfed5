"""What is known of Spotify's behaviour, as data, and how each case is set up at the fake."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fake_spotify import FakeSpotify, faults
from fake_spotify.facts.shapes import challenge_of

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "spotify-cases.json").read_text())

BOTH = ("2021", "2026")
ERAS = {
    **dict.fromkeys(["any", "2016", "2020"], BOTH),
    **dict.fromkeys(["2017", "2021", "to 2024"], ("2021",)),
    **dict.fromkeys(["before 2025-11-27", "before 2026-06"], ("2021",)),
    **dict.fromkeys(["2024", "2025", "2026", "2025-2026"], ("2026",)),
    **dict.fromkeys(["since 2025-04", "since 2025-11-27", "since 2026-06"], ("2026",)),
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
    """Set the fake up for *case*: with a code and a grant, and what else it begins with."""
    if case["name"] in FAULTS:
        spotify.fault(FAULTS[case["name"]])
    prepare = SETUPS.get(case["name"], lambda _: {})
    values = {
        "client_id": spotify.client_id,
        "client_secret": spotify.client_secret,
        "base64(client_id:client_secret)": _basic(spotify.client_id, spotify.client_secret),
        "code": spotify.code(scope=SCOPE),
        "refresh_token": spotify.grant(scope=SCOPE).refresh_token,
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
        **prepare(spotify),
    }
    return Scene(spotify, values)


def _basic(client_id, client_secret):
    return base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


def _unknown_client(_):
    return {"base64(wrong)": _basic("0" * 32, "wrong")}


def _wrong_secret(spotify):
    return {"base64(wrong)": _basic(spotify.client_id, "wrong")}


def _bound_code(spotify):
    return {"code": spotify.code(scope=SCOPE, code_challenge=challenge_of(VERIFIER))}


def _spent_code(spotify):
    code = spotify.code()
    spotify.ledger.open_grant(spotify.ledger.codes[code], is_public=False)
    return {"code": code}


def _old_code(spotify):
    code = spotify.code()
    spotify.clock.advance(601)
    return {"code": code}


def _public_grant(spotify):
    return {"refresh_token": spotify.grant(scope=SCOPE, is_public=True).refresh_token}


def _revoked(spotify):
    grant = spotify.grant()
    spotify.revoke(grant.id)
    return {"refresh_token": grant.refresh_token}


def _rotated_away(spotify):
    grant = spotify.grant(is_public=True)
    spotify.ledger.rotate(grant)
    return {"refresh_token": grant.refresh_token}


def _aged(spotify):
    spotify.clock.advance(days=181)
    return {}


SETUPS = {
    "token_code_ok_no_scope": lambda spotify: {"code": spotify.code()},
    "token_code_ok_pkce": _bound_code,
    "token_refresh_ok_pkce_rotating": _public_grant,
    "token_refresh_ok_pkce_no_rotation": _public_grant,
    "err_client_both_wrong": _unknown_client,
    "err_client_unknown_id_2026": _unknown_client,
    "err_client_wrong_secret_2021": _wrong_secret,
    "err_client_wrong_secret_2026": _wrong_secret,
    "err_refresh_token_of_other_app": lambda spotify: {
        "refresh_token": spotify.register().grant().refresh_token
    },
    "err_code_invalid": lambda _: {"code": "AQmistyped"},
    "err_code_reused": _spent_code,
    "err_code_expired": _old_code,
    "err_refresh_revoked": _revoked,
    "err_refresh_revoked_by_rotation": _rotated_away,
    "err_refresh_expired_six_months": _aged,
    "err_refresh_expired_reported_as_revoked": _aged,
    "err_verifier_wrong": _bound_code,
    "err_verifier_missing": _bound_code,
    "err_verifier_malformed": _bound_code,
    # What was malformed about it is not recorded; bytes that are no UTF-8 are.
    "err_malformed_request": lambda _: {"raw_body": "grant_type=%FF"},
}
"""What is different at the beginning of a case."""

FAULTS = {
    "token_refresh_ok_confidential_with_new": faults.Rotate(),
    "token_refresh_ok_empty_refresh_token": faults.EmptyRefreshToken(),
    "err_refresh_expired_reported_as_revoked": faults.AgedIsRevoked(),
    "err_refresh_false_invalid_grant_outage": faults.FalseInvalidGrant(),
    "infra_503_upstream_reset": faults.UpstreamReset(),
    "infra_503_no_healthy_upstream": faults.NoHealthyUpstream(),
    "infra_504_upstream_timeout": faults.UpstreamTimeout(),
    "infra_502_html": faults.BadGateway(),
    "infra_403_edge_html": faults.Forbidden(),
    "infra_400_edge_html": faults.BadRequest(),
    "infra_429_text": faults.TooManyRequests(),
    "infra_429_json": faults.TooManyRequests(16, as_json=True),
    "infra_200_empty": faults.EmptyAnswer(),
    "infra_200_html": faults.CaptivePortal(),
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
