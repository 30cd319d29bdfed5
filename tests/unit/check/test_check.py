"""`sanic-swap check`, run for real against the fake Spotify, a refusing one, and none at all."""

import gc
import io
import json
import re
import resource
import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from pytest_httpserver import HTTPServer

from fake_spotify import FakeSpotify
from sanic_swap.check.report import check
from tests.contract.processes import free_port, launched, listens, wait_until
from tests.contract.profiles import CLIENT_ID, CLIENT_SECRET
from tests.contract.taint import Canaries
from tests.programs import need
from tests.service.running import KEY, NOWHERE, START_SECONDS, environment, run_command

OTHER_KEY = "b3RoZXItY2FuYXJ5LXNlY3JldC0wMTIzNDU2Nzg5MDE"
WRONG_SECRET, PASSPHRASE, SHORT = "canary-wrong-secret", "canary-passphrase-0123", "canary-15-chars"
QUIET = {"LOG_LEVEL": None, "LOG_FORMAT": None, "PORT": None}


@pytest.fixture(autouse=True)
def no_secret_is_printed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Whatever a test here prints of `check` shows none of its secrets; leave limits alone."""
    monkeypatch.setenv("COLUMNS", "80")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    canaries = Canaries()
    canaries.add([CLIENT_SECRET, KEY, OTHER_KEY, WRONG_SECRET, PASSPHRASE, SHORT])
    shown = capfd.readouterr()
    assert shown.out
    assert not canaries.in_text(shown.out + shown.err)


def run(url: str, *, env_file: Path | None = None, **chosen: Any) -> tuple[int, str]:
    """Run `check` with options in lower case and settings; return exit code and output."""
    options = {name: chosen.pop(name) for name in [*chosen] if name.islower()}
    flags = ("offline", "as_json", "shows_defaults", "only_errors")
    options = {**dict.fromkeys(flags, False), "against": None, **options}
    with redirect_stdout(io.StringIO()) as printed:
        code = check(environment(url, **{**QUIET, **chosen}), env_file=env_file, **options)
    print(printed.getvalue())
    return code, printed.getvalue()


def report(url: str, **chosen: Any) -> Any:
    """Run `check --json`; return the object, which has the exit code."""
    code, output = run(url, as_json=True, **chosen)
    found = json.loads(output)
    assert found["exit_code"] == code
    return found


def offline(**chosen: Any) -> Any:
    return report(NOWHERE, offline=True, **{"SPOTIFY_ACCOUNTS_URL": None, **chosen})


def about(name: str, texts: list[str]) -> list[str]:
    return [text for text in texts if text.startswith(name)]


def test_good_settings_are_said_to_be_good(spotify: FakeSpotify) -> None:
    code, output = run(spotify.accounts_url)
    found = report(spotify.accounts_url)

    host = spotify.accounts_url.removeprefix("http://")
    assert (code, found["wrong"], found["losses"]) == (1, [], [])
    assert about(f"CLIENT_ID, CLIENT_SECRET: accepted by {host}", found["fine"])
    # The fake is not Spotify, so it takes --offline to find nothing at all.
    assert found["risky"] == [f"SPOTIFY_ACCOUNTS_URL: is {host}, not Spotify's"]
    code, output = run(NOWHERE, offline=True, SPOTIFY_ACCOUNTS_URL=None)
    assert (code, output.splitlines()[-1]) == (0, "Nothing wrong, nothing risky (exit code 0)")
    assert all(len(line) <= 80 for line in output.splitlines())


def test_the_command_takes_all_of_it_as_options(tmp_path: Path) -> None:
    file, env = tmp_path / "my.env", environment(NOWHERE, **QUIET)
    file.write_text("CORS_ORIGINS=*\nSTORE_URL=redis://nowhere.invalid\n")
    all_of_it = ["--env-file", str(file), "--all", "--only-errors", "--json"]
    done = run_command("check", *all_of_it, env=env)
    found = json.loads(done.stdout)
    old = str(older(tmp_path, SPOTIFY_ACCOUNTS_URL=NOWHERE))
    plain = run_command("check", "--offline", "--against", old, env=env)
    print(done.stdout, plain.stdout)

    assert (done.returncode, done.stderr, plain.returncode, plain.stderr) == (0, "", 1, "")
    assert about("CORS_ORIGINS", found["risky"])
    assert "no address found" in about("STORE_URL", found["risky"])[0]
    assert len(found["settings"]) > 30
    assert "every token of these settings still opens" in " ".join(plain.stdout.split())
    assert plain.stdout.endswith("\n1 risky (exit code 1)\n")


def test_the_table_has_every_setting_with_its_source(tmp_path: Path) -> None:
    secret, file = tmp_path / "secret", tmp_path / "my.env"
    secret.write_text(CLIENT_SECRET)
    file.write_text(f"HOST=127.0.0.1\nPREVIOUS_ENCRYPTION_SECRETS={OTHER_KEY}\n")
    found = offline(
        shows_defaults=True,
        env_file=file,
        CLIENT_SECRET=None,
        SPOTIFY_CLIENT_SECRET_FILE=str(secret),
        CLIENT_ID=None,
        SPOTIFY_CLIENT_ID=CLIENT_ID,
    )
    table = {row["name"]: (row["value"], row["source"]) for row in found["settings"]}

    assert table["CLIENT_ID"] == ("5fe01282…", "SPOTIFY_CLIENT_ID in environment")
    assert table["CLIENT_SECRET"] == ("set", "SPOTIFY_CLIENT_SECRET_FILE in environment")
    assert table["HOST"] == ("127.0.0.1", "my.env")
    assert table["DRAIN_TIMEOUT"] == ("10", "default")
    for name in ("ENCRYPTION_SECRET", "PREVIOUS_ENCRYPTION_SECRETS"):
        assert re.fullmatch("set, key [A-Za-z0-9_-]{8}", table[name][0])


@pytest.mark.parametrize(
    "changes", [{"CLIENT_SECRET": WRONG_SECRET}, {"CLIENT_ID": "0" * 32}], ids=["secret", "id"]
)
def test_credentials_that_spotify_refuses_are_wrong(
    spotify: FakeSpotify, changes: dict[str, str]
) -> None:
    found = report(spotify.accounts_url, only_errors=True, **changes)

    assert found["exit_code"] == 2
    assert about("CLIENT_ID, CLIENT_SECRET: refused by ", found["wrong"])


@pytest.mark.parametrize(
    ("status", "body"), [(503, "no healthy upstream"), (200, f"<html>{PASSPHRASE}"), (302, "")]
)
def test_an_answer_that_tells_nothing_is_no_answer(
    httpserver: HTTPServer, status: int, body: str
) -> None:
    headers = {"Location": f"https://{PASSPHRASE}.example/login"}
    httpserver.expect_request("/api/token").respond_with_data(body, status, headers)
    found = report(httpserver.url_for("").rstrip("/"))

    assert (found["exit_code"], found["wrong"]) == (1, [])
    assert "could not be tried" in about("CLIENT_ID, CLIENT_SECRET", found["risky"])[0]


def test_the_secret_goes_to_the_token_endpoint_alone(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/token").respond_with_json({"access_token": "x"})
    report(httpserver.url_for("").rstrip("/"))

    [asked] = [request for request, _ in httpserver.log if "Authorization" in request.headers]
    assert asked.path == "/api/token"
    assert asked.get_data() == b"grant_type=client_credentials"


def test_a_spotify_that_cannot_be_reached_is_a_risk_and_may_be_left_unasked() -> None:
    unreachable, unasked = report(NOWHERE), offline()

    assert (unreachable["exit_code"], unasked["exit_code"]) == (1, 0)
    assert "no connection" in about("CLIENT_ID, CLIENT_SECRET", unreachable["risky"])[0]
    assert about("CLIENT_ID, CLIENT_SECRET: not tried", unasked["not_known"])


def test_a_spotify_that_keeps_silent_is_waited_for_no_longer_than_for_an_app() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = report(url, SPOTIFY_TIMEOUT="0.3")

    assert found["exit_code"] == 1
    assert "Spotify gave no answer within 0.3 s" in about("CLIENT_ID", found["risky"])[0]


def test_everything_wrong_is_said_at_once_and_what_is_right_is_still_asked(
    spotify: FakeSpotify,
) -> None:
    wrong = {"ENCRYPTION_SECRET": SHORT, "REVOKE_BEFORE": "x", "HOST": "a b", "PORT": PASSPHRASE}
    found = report(spotify.accounts_url, **wrong)
    code, output = run(spotify.accounts_url, PORT=PASSPHRASE, CLIENT_SECRET=None)

    assert found["exit_code"] == code == 2
    assert [text.partition(":")[0] for text in found["wrong"]] == [*wrong]
    assert not about("ENCRYPTION_SECRET", found["risky"])  # as if it were not set
    assert about("CLIENT_ID, CLIENT_SECRET: accepted by ", found["fine"])
    assert re.search(r"PORT +environment +wrong, see below", output)
    assert re.search(r"CLIENT_SECRET +default +missing", output)
    assert "2 wrong" in output


def test_what_is_risky_is_told_by_its_variable(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"CLIENT_SECERT={WRONG_SECRET}\nREDIS_PASSWORD={WRONG_SECRET}\n")
    found = offline(
        env_file=file,
        ENCRYPTION_SECRET=PASSPHRASE,
        CALLBACK_URL="http://localhost:3000/callback",
        CORS_ORIGINS="*",
        HTTPS_PROXY=f"http://{WRONG_SECRET}@proxy.example",
        DYNO="web.1",
    )

    assert found["exit_code"] == 1
    assert sorted(text.partition(":")[0] for text in found["risky"]) == [
        "CALLBACK_URL",
        "CLIENT_SECERT",
        "CORS_ORIGINS",
        "ENCRYPTION_SECRET",
        "HOST",
        "HTTPS_PROXY",
    ]
    assert "did you mean CLIENT_SECRET?" in about("CLIENT_SECERT", found["risky"])[0]
    assert about("REDIS_PASSWORD", found["not_known"])


def older(folder: Path, **changes: str | None) -> Path:
    """Write settings of yesterday; return the file."""
    today = environment(NOWHERE)
    names = ("CLIENT_ID", "CLIENT_SECRET", "ENCRYPTION_SECRET")
    given = {**{name: today[name] for name in names}, **changes}
    path = folder / "OLD.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in given.items() if value))
    return path


def test_tokens_that_would_not_open_are_told_with_the_remedy(tmp_path: Path) -> None:
    old = older(tmp_path, ENCRYPTION_SECRET=OTHER_KEY, SPOTIFY_ACCOUNTS_URL=NOWHERE)
    chosen = {"offline": True, "against": old, "REVOKE_BEFORE": "2026-01-01"}
    found = report(NOWHERE, **chosen)
    code, output = run(NOWHERE, **chosen)

    assert found["exit_code"] == code == 1
    assert [loss["fate"] for loss in found["losses"]] == ["held", "logged out"]
    assert re.search("held: everyone whose token key [A-Za-z0-9_-]{8} sealed", output)
    assert "logged out: everyone who authorized before that moment" in output


def test_an_old_file_that_says_nothing_of_tokens_is_wrong(tmp_path: Path) -> None:
    missing = offline(against=tmp_path / "none.env")
    without_id = offline(against=older(tmp_path, CLIENT_ID=None))

    assert missing["exit_code"] == without_id["exit_code"] == 2
    assert "none.env: cannot be read" in missing["wrong"][0]
    assert "OLD.env: CLIENT_ID: is missing" in without_id["wrong"][0]


@pytest.mark.parametrize("key", [f"{KEY},{OTHER_KEY}", f"{KEY} "], ids=["two keys", "a blank"])
def test_an_old_key_that_cannot_be_read_is_wrong(tmp_path: Path, key: str) -> None:
    found = offline(against=older(tmp_path, ENCRYPTION_SECRET=f"'{key}'"))

    assert found["exit_code"] == 2
    assert [text.partition(": has")[0] for text in found["wrong"]] == [
        f"{tmp_path}/OLD.env: ENCRYPTION_SECRET"
    ]


def test_the_settings_of_another_service_are_compared_too(tmp_path: Path) -> None:
    forgotten = offline(against=older(tmp_path, ENCRYPTION_SECRET=SHORT))

    assert forgotten["exit_code"] == 1
    assert [(loss["what"], loss["fate"]) for loss in forgotten["losses"]] == [
        ("LEGACY_TOKENS: lacks node or ruby", "held"),
        ("LEGACY_SECRETS: lacks the old ENCRYPTION_SECRET", "held"),
    ]


def test_a_long_secret_of_another_service_sealed_nothing_in_our_format(tmp_path: Path) -> None:
    old = older(tmp_path, ENCRYPTION_SECRET=PASSPHRASE, LEGACY_TOKENS="node")
    imported = {"LEGACY_TOKENS": "node", "LEGACY_TOKENS_UNTIL": in_days(184)}
    lost = offline(against=old, **imported)
    kept = offline(against=old, **imported, LEGACY_SECRETS=PASSPHRASE)

    assert {loss["what"].partition(":")[0] for loss in lost["losses"]} == {
        "PREVIOUS_ENCRYPTION_SECRETS",
        "LEGACY_SECRETS",
    }
    assert (kept["exit_code"], kept["losses"]) == (0, [])


def test_a_file_of_settings_that_others_can_read_is_noted(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("PORT=1\nno setting\n")
    path.chmod(0o640)
    broken = offline(env_file=path)
    path.write_text("PORT=1\n")
    noted = offline(env_file=path)
    path.chmod(0o600)
    silent, no_file = offline(env_file=path), offline(env_file=Path("/dev/null"))

    assert (noted["exit_code"], silent["exit_code"]) == (0, 0)
    assert silent["note"] == no_file["note"] == []
    assert (broken["exit_code"], broken["note"]) == (2, noted["note"])
    assert [text.partition(": ")[2] for text in noted["note"]] == [
        "other users of this machine can read it; chmod 600 prevents that"
    ]


def test_only_what_is_set_is_listed_unless_all_is_asked_for() -> None:
    names = [row["name"] for row in offline()["settings"]]

    assert names == ["CLIENT_ID", "CLIENT_SECRET", "CALLBACK_URL", "ENCRYPTION_SECRET"]


@pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("redis://:hush@{plain}/1", None, id="it answers"),
        pytest.param("valkey://:hush@{plain}", None, id="it is Valkey"),
        pytest.param("rediss://:hush@{tls}?ssl_ca_certs={ca}", None, id="TLS, trusted"),
        pytest.param("valkeys://:hush@{tls}?ssl_cert_reqs=none", None, id="TLS, unchecked"),
        pytest.param("redis://127.0.0.1:9", "connection refused", id="nobody listens"),
        pytest.param("redis://nowhere.invalid", "no address found", id="no such name"),
        pytest.param("redis://:wrong@{plain}", "wrong user or password", id="a wrong password"),
        pytest.param("redis://{plain}", "wrong user or password", id="no password"),
        pytest.param("redis://:hush@{tls}", "use rediss://", id="plain to TLS"),
        pytest.param("rediss://:hush@{plain}", "use redis://", id="TLS to plain"),
        pytest.param("rediss://:hush@{tls}", "not trusted", id="a certificate of its own"),
        pytest.param("redis://{silent}", "within 0.5 s", id="silence"),
    ],
)
def test_the_store_is_asked_and_the_reason_is_told(
    stores: dict[str, object], url: str, reason: str | None
) -> None:
    def said() -> str:
        found = report(NOWHERE, STORE_URL=url.format(**stores))
        texts = about("STORE_URL: ", found["risky"] + found["fine"])
        [about_it] = [text for text in texts if "ssl_cert_reqs=none trusts" not in text]
        return about_it

    # On a busy machine half a second may pass before there is an answer.
    wait_until(lambda: (reason or "STORE_URL: answers") in said())
    gc.collect()  # or asyncio's remains of a handshake that was too slow complain in another test
    assert reason is None or said().startswith("STORE_URL: unreachable: ")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """A Redis with a password, plain and with TLS, and a port that is silent."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate, trusted = folder / "certificate.pem", folder / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    port, tls_port = free_port(), free_port()
    command = (
        f"{need('redis-server')} --port {port} --tls-port {tls_port} --dir {folder} --save ''"
        f" --requirepass hush --tls-cert-file {certificate} --tls-key-file {certificate}"
        " --tls-auth-clients no"
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        launched(shlex.split(command), stdout=subprocess.DEVNULL),
    ):
        for one in (port, tls_port):
            wait_until(lambda one=one: listens(f"http://127.0.0.1:{one}"), START_SECONDS)
        yield {
            "plain": f"127.0.0.1:{port}",
            "tls": f"127.0.0.1:{tls_port}",
            "silent": f"127.0.0.1:{silent.getsockname()[1]}",
            "ca": trusted,
        }


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
