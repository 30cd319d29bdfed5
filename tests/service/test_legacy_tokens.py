"""Whoever comes from another swap service stays logged in."""

import json
import re
from collections.abc import Iterator

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import Rotate
from tests.contract.http_client import post_form
from tests.contract.processes import wait_until
from tests.legacy_sealers import FERNET_KEY, SEALERS
from tests.service.refreshing import refresh
from tests.service.running import (
    Running,
    environment,
    run_command,
    running_service,
)
from tests.service.seals import opened

SECRET = "s3cr3t"
SETTINGS = {
    "LEGACY_TOKENS": "node,ruby,fernet,plain",
    "LEGACY_SECRETS": f"another one\n\n{SECRET}\r\n{FERNET_KEY}\n",
    "LEGACY_TOKENS_UNTIL": "2999-12-31",
    "REFRESH_TOKEN_LIFETIME": "180d",
}


@pytest.fixture(scope="module")
def importing(spotify: FakeSpotify) -> Iterator[Running]:
    with running_service(spotify.accounts_url, **SETTINGS) as service:
        yield service


def granted(spotify: FakeSpotify) -> str:
    """Return the refresh token of a user who logged in at another service."""
    token = spotify.grant().refresh_token
    assert token is not None
    return token


def sealed_as(name: str, token: str) -> str:
    return SEALERS[name](FERNET_KEY if name == "fernet" else SECRET, token)


@pytest.mark.parametrize("name", SEALERS)
def test_a_token_of_another_service_comes_back_as_ours(
    name: str, importing: Running, spotify: FakeSpotify
) -> None:
    token = granted(spotify)

    answer = refresh(importing, sealed_as(name, token))

    assert answer.status == 200, answer.body
    assert opened(answer.json()["refresh_token"], spotify.accounts_url) == (token, 0)
    assert "refresh_token_expires_in" not in answer.json()
    again = refresh(importing, answer.json()["refresh_token"])
    assert again.json()["refresh_token"] == answer.json()["refresh_token"]
    assert "refresh_token_expires_in" not in again.json()


def test_it_goes_back_as_it_came_until_it_is_rotated_if_the_operator_wants_to_go_back_too(
    spotify: FakeSpotify,
) -> None:
    token = granted(spotify)
    sealed = sealed_as("ruby", token)
    mangled = sealed.replace("\n", " ").replace("+", " ")
    with running_service(spotify.accounts_url, **SETTINGS, LEGACY_RESEAL="off") as service:
        first = refresh(service, mangled)
        spotify.fault(Rotate())
        rotated = refresh(service, sealed)
        log = service.log()

    assert (first.status, first.json()["refresh_token"]) == (200, mangled)
    assert "refresh_token_expires_in" not in first.json()
    assert opened(rotated.json()["refresh_token"], spotify.accounts_url)[0] != token
    assert "although LEGACY_RESEAL=off" in log


def test_each_import_is_told_without_the_token(importing: Running, spotify: FakeSpotify) -> None:
    token = granted(spotify)
    sealed, ids = sealed_as("fernet", token), ("import-1", "import-2")
    returned = sealed
    for request_id in ids:
        form = {"refresh_token": returned}
        answer = post_form(f"{importing.url}/refresh", form, {"X-Request-ID": request_id})
        returned = answer.json()["refresh_token"]

    def lines() -> list[dict[str, object]]:
        """Return those of this grant."""
        told = importing.lines()
        grants = {line["grant"] for line in told if line.get("request_id") in ids}
        return [line for line in told if line.get("grant") in grants]

    wait_until(lambda: len(lines()) == 3)
    assert [line.get("imported") for line in lines()] == ["fernet", "fernet", None]
    assert [line["level"] for line in lines()] == ["info"] * 3
    assert sum("Imported another" in str(line["message"]) for line in lines()) == 1
    assert not any(secret in importing.log() for secret in (token, sealed, returned, SECRET))


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(sealed_as("node", "AQ" + "x" * 20)[:-2] + "00", id="node, altered"),
        pytest.param(SEALERS["ruby"]("a third", "AQ" + "x" * 40), id="ruby, unknown secret"),
        pytest.param("AQ" + "x" * 3000, id="plain, longer than a seal can hold"),
    ],
)
def test_what_cannot_be_a_refresh_token_never_reaches_spotify(
    sent: str, importing: Running, spotify: FakeSpotify
) -> None:
    answer = refresh(importing, sent)

    assert (answer.status, answer.error) == (400, "invalid_grant")
    assert answer.json()["error_description"] == "Invalid refresh token"
    assert spotify.requests() == []


def test_inspect_reads_legacy_tokens_too(spotify: FakeSpotify) -> None:
    sealed = sealed_as("ruby", "AQ" + "x" * 40)
    env = environment(spotify.accounts_url, **SETTINGS)

    done = run_command("inspect", "--json", env=env, stdin=sealed + "\n")

    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert told.keys() == {"format", "opens", "grant"}
    assert (told["format"], told["opens"]) == ("ruby", True)
    assert re.match(r"[A-Za-z0-9_-]{8}\Z", told["grant"])
