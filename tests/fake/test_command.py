"""The command `fake-spotify`: its options, and as a process of its own."""

import json
import signal
import subprocess
import sys
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

import fake_spotify
import sanic_swap
from fake_spotify import FakeSpotify
from fake_spotify.__main__ import main
from fake_spotify.commands.arguments import read_settings, serving_parser
from fake_spotify.commands.serve import serve
from tests.fake.browser import ask, post_form
from tests.fake.command import ROOT, running, stop

REDIRECT_URI = "https://app.example/callback"
CREDENTIALS = {"client_id": "an-app", "client_secret": "hush"}


def _login(url):
    query = {"client_id": "an-app", "response_type": "code", "redirect_uri": REDIRECT_URI}
    query["scope"] = "user-read-email"
    location = ask(url, "GET", f"/authorize?{urlencode(query)}").header("location")
    return parse_qs(urlsplit(location).query)["code"][0]


def _token(url, grant_type, **form):
    form = {**CREDENTIALS, "grant_type": grant_type, **form}
    return json.loads(post_form(url, "/api/token", form).body)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_serves_the_whole_flow_and_ends_at_a_signal(tmp_path, number):
    (tmp_path / "secret").write_text("hush\n")
    options = ("--client-id", "an-app", "--client-secret-file", str(tmp_path / "secret"))
    with running(*options, "--redirect-uri", REDIRECT_URI, "--auto-approve") as (said, process):
        url = said["accounts_url"]
        code = _login(url)
        granted = _token(url, "authorization_code", code=code, redirect_uri=REDIRECT_URI)
        refreshed = _token(url, "refresh_token", refresh_token=granted["refresh_token"])
        headers = {"authorization": f"Bearer {refreshed['access_token']}"}
        seen = ask(said["api_url"], "GET", "/v1/me", headers=headers)
        ending = stop(process, number)

    assert said == {
        "accounts_url": url,
        "api_url": url,
        "control_url": url + "/_fake",
        **CREDENTIALS,
        "redirect_uris": [REDIRECT_URI],
        "ca_file": None,
    }
    assert (seen.status, json.loads(seen.body)["email"]) == (200, "ada@example.com")
    assert ending == (0, "", "")


def test_the_control_api_can_be_hidden_and_a_redirect_uri_that_spotify_refuses_is_told():
    uri = "http://localhost:3000/callback"
    with running("--no-control", "--redirect-uri", uri) as (said, process):
        status = ask(said["accounts_url"], "GET", "/_fake/health").status
        _, _, errors = stop(process)

    assert (said["control_url"], status) == (None, 404)
    assert uri in errors


def test_env_prints_lines_for_a_dotenv_file():
    with running("--env", read=lambda out: [out.readline() for _ in range(4)]) as (lines, _):
        variables = dict(line.strip().split("=", 1) for line in lines)

    assert list(variables) == ["CLIENT_ID", "CLIENT_SECRET", "CALLBACK_URL", "SPOTIFY_ACCOUNTS_URL"]
    assert variables["CALLBACK_URL"] == "http://127.0.0.1/callback"


def test_credentials_are_the_same_at_every_start_and_as_documented():
    document = (ROOT / "docs" / "fake-spotify.md").read_text()
    with FakeSpotify() as one, running() as (other, _), FakeSpotify(random_credentials=True) as new:
        assert one.client_id == other["client_id"]
        assert one.client_secret == other["client_secret"]
        assert one.client_id in document
        assert one.client_secret in document
        assert new.client_id != one.client_id
        assert len(new.client_id) == len(new.client_secret) == 32


@pytest.mark.parametrize(
    ("options", "policy"),
    [
        (["--era", "2021"], {"era": "2021", "rotation": "pkce", "refresh_token_lifetime": None}),
        (["--access-token-lifetime", "7"], {"access_token_lifetime": 7}),
        (["--code-lifetime", "2.5"], {"code_lifetime": 2.5}),
        (["--refresh-token-lifetime", "never"], {"refresh_token_lifetime": None}),
        (["--empty-refresh-token"], {"unchanged": "empty"}),
        (["--auto-approve"], {"consent": "agree"}),
        (["--quota-mode", "development"], {"quota_mode": "development"}),
    ],
)
def test_options_choose_the_policy(options, policy):
    [(_, chosen)] = read_settings(serving_parser(), options).apps

    assert {name: getattr(chosen, name) for name in policy} == policy


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--port", "http"), "--port"),
        (("--port", "70000"), "--port"),
        (("--era", "1999"), "--era"),
        (("--code-lifetime", "-1"), "--code-lifetime"),
        (("--access-token-lifetime", "0.5"), "--access-token-lifetime"),
        (("--refresh-token-lifetime", "long"), "--refresh-token-lifetime"),
        (("--client-id", ""), "--client-id"),
        (("--client-secret-file", "/nowhere/at/all"), "--client-secret-file"),
        (("--config", "/nowhere/at/all.toml"), "/nowhere/at/all.toml"),
        (("--unheard-of",), "--unheard-of"),
    ],
)
def test_a_wrong_option_is_named_and_the_exit_code_is_2(arguments, named, capsys):
    with pytest.raises(SystemExit) as exited:
        read_settings(serving_parser(), arguments)

    assert exited.value.code == 2
    assert named in capsys.readouterr().err


def test_an_address_that_cannot_be_had_gives_exit_code_1(capsys):
    with FakeSpotify() as spotify:
        code = serve(["--port", str(urlsplit(spotify.accounts_url).port)])

    assert code == 1
    assert "cannot serve" in capsys.readouterr().err


def _exit(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["fake-spotify", *arguments])
    with pytest.raises(SystemExit) as exited:
        main()
    return exited.value.code


def test_the_version_is_the_distributions(monkeypatch, capsys):
    assert _exit(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"fake-spotify {sanic_swap.__version__}\n"
    assert fake_spotify.__version__ == sanic_swap.__version__


def test_a_mistyped_command_is_suggested(monkeypatch, capsys):
    assert _exit(monkeypatch, "reddy") == 2
    assert "did you mean ready?" in capsys.readouterr().err


def test_the_fake_needs_aiohttp_alone():
    script = """
import sys
import aiohttp.web
before = set(sys.modules)
import fake_spotify.__main__, fake_spotify.fake
import fake_spotify.commands.serve, fake_spotify.commands.remote
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "['fake_spotify']\n"
