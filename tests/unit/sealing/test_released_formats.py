"""Every token that a released version could read still opens, by the settings of its operator.

The vectors are the promise: some are added with each format, and none is ever changed or
taken away. If one stops to open here, somebody's users would be logged out.
"""

import json
from pathlib import Path

import pytest

from sanic_swap.parts import make_key_ring, make_sealing
from tests.reading import APP, read_settings

VECTORS = Path(__file__).parents[2] / "vectors"
KEY = "ab" * 32


def vectors(name):
    found = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    return [pytest.param(vector, id=f"{name}-{number}") for number, vector in enumerate(found)]


@pytest.mark.parametrize("vector", vectors("sealed_tokens.json"))
def test_tokens_of_s1_open(vector):
    environ = {
        **APP,
        "CLIENT_ID": vector["client_id"],
        "SPOTIFY_ACCOUNTS_URL": vector["origin"],
        "SPOTIFY_ACCOUNTS_INSECURE": "on",
        "ENCRYPTION_SECRET": KEY,
        "PREVIOUS_ENCRYPTION_SECRETS": vector["secret"],
    }

    opened = make_key_ring(read_settings(environ)).open(vector["sealed"])

    assert opened.refresh_token.reveal() == vector["refresh_token"]
    assert (opened.key_id, opened.authorized_at) == (vector["kid"], vector["authorized_at"])
    assert opened.sealed_at == vector["sealed_at"]


@pytest.mark.parametrize(
    ("name", "vector"),
    [
        pytest.param(name, *vector.values, id=vector.id)
        for name in ("node", "ruby", "fernet", "plain")
        for vector in vectors(f"legacy_{name}.json")
    ],
)
def test_tokens_of_other_services_open(name, vector):
    environ = {
        **APP,
        "ENCRYPTION_SECRET": KEY,
        "LEGACY_TOKENS": "node,ruby,fernet,plain",
        "LEGACY_SECRETS": vector.get("secret", ""),
        "LEGACY_TOKENS_UNTIL": "9999-12-31",
    }

    opened = make_sealing(read_settings(environ)).legacy.open(vector["sealed"])

    assert opened.refresh_token.reveal() == vector["refresh_token"]
    assert (opened.imported, opened.authorized_at) == (name, 0)
