"""Whoever comes from another swap service stays logged in."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fake_spotify import FakeSpotify
from fake_spotify.faults import Members, Rotate
from tests.contract.processes import wait_until
from tests.legacy_sealers import FERNET_KEY, SEALERS
from tests.service.refreshing import refresh
from tests.service.running import (
    NOWHERE,
    Running,
    environment,
    run_command,
    running_service,
    with_sitecustomize,
)
from tests.service.seals import opened

SECRET = "s3cr3t"
SETTINGS = {
    "LEGACY_TOKENS": "node,ruby,fernet,plain",
    "LEGACY_SECRETS": f"another one\n\n{SECRET}\r\n{FERNET_KEY}\n",
    "LEGACY_TOKENS_UNTIL": "2999-12-31",
    "REFRESH_TOKEN_LIFETIME": "180d",
}
each_format = pytest.mark.parametrize("name", SEALERS)


@pytest.fixture(scope="module")
def importing(spotify: FakeSpotify) -> Iterator[Running]:
    with running_service(spotify.accounts_url, **SETTINGS) as service:
        yield service


@pytest.fixture(scope="module")
def giving_back(spotify: FakeSpotify) -> Iterator[Running]:
    with running_service(spotify.accounts_url, **SETTINGS, LEGACY_RESEAL="off") as service:
        yield service


def granted(spotify: FakeSpotify) -> str:
    """Return the refresh token of a user who logged in at another service."""
    token = spotify.grant().refresh_token
    assert token is not None
    return token


def sealed_as(name: str, token: str) -> str:
    return SEALERS[name](FERNET_KEY if name == "fernet" else SECRET, token)


@each_format
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


@each_format
def test_what_spotify_puts_in_its_place_comes_back_as_ours(
    name: str, importing: Running, spotify: FakeSpotify
) -> None:
    token = granted(spotify)
    spotify.fault(Rotate())

    answer = refresh(importing, sealed_as(name, token))

    new, authorized_at = opened(answer.json()["refresh_token"], spotify.accounts_url)
    assert (new != token, authorized_at) == (True, 0)
    assert refresh(importing, answer.json()["refresh_token"]).status == 200


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda text: f'  "{text}"\r\n', id="quoted, blanks around it"),
        pytest.param(lambda text: text.replace("\n", " ").replace("+", " "), id="blanks inside"),
        pytest.param(
            lambda text: text.replace("\n", "").rstrip("="), id="lost newlines and padding"
        ),
    ],
)
def test_it_may_have_been_mangled_on_its_way(
    mangle: Callable[[str], str], importing: Running, spotify: FakeSpotify
) -> None:
    token = granted(spotify)

    answer = refresh(importing, mangle(sealed_as("ruby", token)))

    assert opened(answer.json()["refresh_token"], spotify.accounts_url) == (token, 0)


@each_format
def test_it_goes_back_as_it_came_if_the_operator_wants_to_go_back_too(
    name: str, giving_back: Running, spotify: FakeSpotify
) -> None:
    sealed = sealed_as(name, granted(spotify))

    answer = refresh(giving_back, sealed)

    assert (answer.status, answer.json()["refresh_token"]) == (200, sealed)
    assert "refresh_token_expires_in" not in answer.json()


def test_a_token_that_spotify_repeats_is_not_taken_for_a_new_one(
    giving_back: Running, spotify: FakeSpotify
) -> None:
    token = granted(spotify)
    sealed = sealed_as("node", token)
    spotify.fault(Members({"refresh_token": token}))

    assert refresh(giving_back, sealed).json()["refresh_token"] == sealed


def test_after_a_rotation_there_is_nothing_to_go_back_to(
    giving_back: Running, spotify: FakeSpotify
) -> None:
    token = granted(spotify)
    spotify.fault(Rotate())

    answer = refresh(giving_back, sealed_as("node", token))

    new, _ = opened(answer.json()["refresh_token"], spotify.accounts_url)
    assert new != token
    assert "although LEGACY_RESEAL=off" in giving_back.log()


def test_each_import_is_told_without_the_token(importing: Running, spotify: FakeSpotify) -> None:
    token = granted(spotify)
    sealed = sealed_as("fernet", token)
    returned = refresh(importing, sealed).json()["refresh_token"]
    refresh(importing, returned)
    inspected = run_command(
        "inspect", "--json", env=environment(spotify.accounts_url), stdin=returned
    )
    grant = json.loads(inspected.stdout)["grant"]

    def lines() -> list[dict[str, object]]:
        return [line for line in importing.lines() if line.get("grant") == grant]

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
        pytest.param(sealed_as("fernet", "AQ" + "x" * 40)[:-9] + "AAAAAAA==", id="fernet, altered"),
        pytest.param("AQ" + "x" * 40 + ".", id="plain with a dot"),
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


def test_their_time_may_be_over(spotify: FakeSpotify) -> None:
    sealed = sealed_as("node", granted(spotify))
    with running_service(
        spotify.accounts_url, **SETTINGS | {"LEGACY_TOKENS_UNTIL": "2026-01-31"}
    ) as service:
        spotify.clear_requests()
        answer = refresh(service, sealed)

    assert (answer.status, answer.error) == (400, "invalid_grant")
    assert spotify.count() == 0


def test_inspect_reads_legacy_tokens_too(spotify: FakeSpotify) -> None:
    sealed = sealed_as("ruby", "AQ" + "x" * 40)
    opens = environment(spotify.accounts_url, **SETTINGS)
    undecided = environment(spotify.accounts_url)

    here, elsewhere = (
        run_command("inspect", "--json", env=env, stdin=sealed + "\n") for env in (opens, undecided)
    )

    told = json.loads(here.stdout)
    assert here.returncode == 0
    assert told.keys() == {"format", "opens", "grant"}
    assert (told["format"], told["opens"]) == ("ruby", True)
    assert re.match(r"[A-Za-z0-9_-]{8}\Z", told["grant"])
    assert elsewhere.returncode == 1
    assert json.loads(elsewhere.stdout)["format"] == "ruby"
    assert json.loads(elsewhere.stdout)["reason"] == "legacy_unset"
    assert "LEGACY_TOKENS" in json.loads(elsewhere.stdout)["remedy"]


def test_a_missing_library_is_told_at_start(tmp_path: Path) -> None:
    without = with_sitecustomize(tmp_path, "import sys; sys.modules['cryptography'] = None")

    missed = run_command("serve", env=environment(NOWHERE, **SETTINGS, **without))
    plain = {**SETTINGS, "LEGACY_TOKENS": "plain", **without}
    unneeded = run_command("inspect", env=environment(NOWHERE, **plain), stdin="AQ" + "x" * 40)

    assert (missed.returncode, missed.stdout) == (2, "")
    assert re.search(r"^  LEGACY_TOKENS: .*pip install cryptography", missed.stderr, re.MULTILINE)
    assert unneeded.returncode == 0
