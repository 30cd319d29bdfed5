"""What `inspect` says of a token."""

import json

import pytest

from sanic_swap.commands.tokens import inspect
from sanic_swap.secret import Secret
from sanic_swap.settings.reading import read
from tests.service.running import NOWHERE, environment
from tests.service.seals import key_id, new_secret, seal


def test_inspect_says_why_a_token_does_not_open(capsys: pytest.CaptureFixture[str]) -> None:
    settings, other = read(environment(NOWHERE)).settings(), new_secret()

    assert inspect(settings, Secret(seal("AQtoken", 0, NOWHERE, other)), as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["opens"], found["reason"]) == (False, "unknown_key")
    assert found["key_id"] == key_id(other, NOWHERE)
    assert "PREVIOUS_ENCRYPTION_SECRETS" in found["remedy"]
    assert inspect(settings, Secret("BQ" + "a" * 120), as_json=False) == 1
    assert "reason:        access_token" in capsys.readouterr().out
