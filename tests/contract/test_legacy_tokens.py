"""Whoever comes from another swap service stays logged in."""

import hashlib
import json
import re
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

import nacl.secret
import pytest

from fake_spotify import FakeSpotify
from fake_spotify.fault_variations import Rotate
from fake_spotify.fault_wires import Members
from tests.contract.http_client import Answer, post_form
from tests.contract.processes import (
    CLIENT_ID,
    CLIENT_SECRET,
    KEY,
    REDIRECT_URI,
    Running,
    environment,
    run_command,
    running_service,
    wait_until,
)
from tests.legacy_sealers import FERNET_KEY, SEALERS

SECRET = "s3cr3t"
SETTINGS = {
    "LEGACY_TOKENS": "node,ruby,fernet,plain",
    "LEGACY_SECRETS": f"another one\n\n{SECRET}\r\n{FERNET_KEY}\n",
    "LEGACY_TOKENS_UNTIL": "2999-12-31",
    "REFRESH_TOKEN_LIFETIME": "180d",
}
each_format = pytest.mark.parametrize("name", SEALERS)


@pytest.fixture(scope="module")
def running_spotify() -> Iterator[FakeSpotify]:
    with FakeSpotify(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=[REDIRECT_URI]
    ) as spotify:
        yield spotify


@pytest.fixture
def spotify(running_spotify: FakeSpotify) -> FakeSpotify:
    running_spotify.reset()
    return running_spotify


@pytest.fixture(scope="module")
def importing(running_spotify: FakeSpotify) -> Iterator[Running]:
    with running_service(running_spotify.accounts_url, **SETTINGS) as service:
        yield service


@pytest.fixture(scope="module")
def giving_back(running_spotify: FakeSpotify) -> Iterator[Running]:
    with running_service(running_spotify.accounts_url, **SETTINGS, LEGACY_RESEAL="off") as service:
        yield service


def granted(spotify: FakeSpotify) -> str:
    """Return the refresh token of a user who logged in at another service."""
    token = spotify.grant().refresh_token
    assert token is not None
    return token


def sealed_as(name: str, token: str) -> str:
    return SEALERS[name](FERNET_KEY if name == "fernet" else SECRET, token)


def refresh(service: Running, token: str) -> Answer:
    return post_form(f"{service.url}/refresh", {"refresh_token": token})


def opened_by_specification(sealed: str, accounts_url: str) -> tuple[str, int]:
    """Open an `s1.` token with nothing but its description; return token and authorized_at."""
    prefix, key_id, encoded = sealed.split(".")
    root = urlsafe_b64decode(KEY + "=")
    named = hashlib.blake2b(digest_size=6, key=root, person=b"sanic_swap.kid_1").digest()
    assert (prefix, urlsafe_b64decode(key_id)) == ("s1", named)
    parts = [part.encode() for part in (CLIENT_ID, accounts_url)]
    context = b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    subkey = hashlib.blake2b(context, digest_size=32, key=root, person=b"sanic_swap.seal1").digest()
    payload = nacl.secret.SecretBox(subkey).decrypt(
        urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    )
    length = int.from_bytes(payload[17:19], "big")
    assert payload[0] == 1
    assert not any(payload[19 + length :])
    return payload[19 : 19 + length].decode(), int.from_bytes(payload[9:17], "big")


@each_format
def test_a_token_of_another_service_comes_back_as_ours(
    name: str, importing: Running, spotify: FakeSpotify
) -> None:
    token = granted(spotify)

    answer = refresh(importing, sealed_as(name, token))

    assert answer.status == 200, answer.body
    opened = opened_by_specification(answer.json()["refresh_token"], spotify.accounts_url)
    assert opened == (token, 0)
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

    new, authorized_at = opened_by_specification(
        answer.json()["refresh_token"], spotify.accounts_url
    )
    assert (new != token, authorized_at) == (True, 0)
    assert refresh(importing, answer.json()["refresh_token"]).status == 200


@pytest.mark.parametrize("name", ["node", "ruby", "fernet", "plain"])
@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda text: f'"{text}"', id="quoted"),
        pytest.param(lambda text: f"  {text.rstrip()}\r\n", id="blanks around it"),
        pytest.param(lambda text: text.replace("\n", "\\n") + "\\n", id="escaped newlines"),
        pytest.param(lambda text: text.replace("\n", ""), id="lost newlines"),
        pytest.param(lambda text: text.replace("\n", " "), id="newlines as blanks"),
        pytest.param(lambda text: text.replace("+", " "), id="plus signs as blanks"),
        pytest.param(lambda text: text.rstrip("=\n"), id="lost padding"),
    ],
)
def test_it_may_have_been_mangled_on_its_way(
    name: str, mangle: Callable[[str], str], importing: Running, spotify: FakeSpotify
) -> None:
    token = granted(spotify)

    answer = refresh(importing, mangle(sealed_as(name, token)))

    assert answer.status == 200, answer.body
    opened = opened_by_specification(answer.json()["refresh_token"], spotify.accounts_url)
    assert opened == (token, 0)


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

    new, _ = opened_by_specification(answer.json()["refresh_token"], spotify.accounts_url)
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
        told = [json.loads(line) for line in importing.log().splitlines()]
        return [line for line in told if line.get("grant") == grant]

    wait_until(lambda: len(lines()) == 3)
    assert [line.get("imported") for line in lines()] == ["fernet", "fernet", None]
    assert [line["level"] for line in lines()] == ["info"] * 3
    assert sum("Imported another" in str(line["message"]) for line in lines()) == 1
    assert not any(secret in importing.log() for secret in (token, sealed, returned, SECRET))


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(sealed_as("node", "AQ" + "x" * 20)[:-2] + "00", id="node, altered"),
        pytest.param(sealed_as("node", "AQ" + "x" * 17), id="node, too short inside"),
        pytest.param(sealed_as("ruby", "AQ" + "x" * 20 + "."), id="ruby, a dot inside"),
        pytest.param(SEALERS["ruby"]("a third", "AQ" + "x" * 40), id="ruby, unknown secret"),
        pytest.param(sealed_as("fernet", "AQ" + "x" * 40)[:-9] + "AAAAAAA==", id="fernet, altered"),
        pytest.param(sealed_as("fernet", "hello, this is no refresh token"), id="fernet, words"),
        pytest.param("AQ" + "x" * 40 + ".", id="plain with a dot"),
        pytest.param("AQ" + "x" * 3000, id="plain, longer than a seal can hold"),
        pytest.param(sealed_as("node", "AQ" + "x" * 20).upper(), id="hex in capitals"),
    ],
)
def test_what_cannot_be_a_refresh_token_never_reaches_spotify(
    sent: str, importing: Running, spotify: FakeSpotify
) -> None:
    answer = refresh(importing, sent)

    assert (answer.status, answer.error) == (400, "invalid_grant")
    assert answer.json()["error_description"] == "Invalid refresh token"
    assert spotify.requests() == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"LEGACY_TOKENS_UNTIL": "2026-01-31"}, 400, id="their time is over"),
        pytest.param({"REVOKE_BEFORE": "2020-01-01T00:00:00Z"}, 400, id="revoked by age"),
        pytest.param(
            {"LEGACY_SECRETS": None, "PREVIOUS_ENCRYPTION_SECRETS": SECRET},
            200,
            id="sealed by a secret of ours, too short for our own tokens",
        ),
    ],
)
def test_settings_decide_what_opens(
    changes: dict[str, str | None], status: int, spotify: FakeSpotify
) -> None:
    sealed = sealed_as("node", granted(spotify))
    with running_service(spotify.accounts_url, **{**SETTINGS, **changes}) as service:
        answer = refresh(service, sealed)

    assert (answer.status, answer.error) == (status, "invalid_grant" if status == 400 else None)
    assert len(spotify.requests()) == (status == 200)


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
    assert "LEGACY_TOKENS" in json.loads(elsewhere.stdout)["reason"]


def test_a_missing_library_is_told_at_start(tmp_path: Path) -> None:
    Path(tmp_path, "sitecustomize.py").write_text("import sys; sys.modules['cryptography'] = None")
    without = {"PYTHONPATH": str(tmp_path)}

    missed = run_command("serve", env=environment("http://127.0.0.1:9", **SETTINGS, **without))
    plain = {**SETTINGS, "LEGACY_TOKENS": "plain", **without}
    unneeded = run_command(
        "inspect", env=environment("http://127.0.0.1:9", **plain), stdin="AQ" + "x" * 40
    )

    assert (missed.returncode, missed.stdout) == (2, "")
    assert re.search(r"^  LEGACY_TOKENS: .*pip install cryptography", missed.stderr, re.MULTILINE)
    assert unneeded.returncode == 0


def test_the_library_is_loaded_at_start_and_only_if_it_is_needed() -> None:
    code = (
        "import os, sys; from sanic_swap.app import make_app; from sanic_swap.ops import Readiness;"
        "from sanic_swap.settings_reader import read_settings;"
        "make_app(read_settings(os.environ), Readiness());"
        "print('sanic_swap.legacy_ciphers' in sys.modules)"
    )
    wanted = environment("http://127.0.0.1:9", **SETTINGS)
    plain = {**wanted, "LEGACY_TOKENS": "plain"}

    assert [output_of(code, env) for env in (wanted, plain)] == ["True", "False"]


def output_of(code: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
