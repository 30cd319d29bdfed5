"""The command `fake-spotify`, as a process of its own."""

import json
import signal
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fake_spotify.commands.arguments import read_settings, serving_parser
from tests.fake.browser import ask, post_form
from tests.fake.command import refused, running, stop

REDIRECT_URI = "https://app.example/callback"
CREDENTIALS = {"client_id": "an-app", "client_secret": "hush"}
OPTIONS = (
    *("--client-id", "an-app", "--client-secret", "hush"),
    *("--redirect-uri", REDIRECT_URI),
)


def _login(url, **extra):
    query = {
        "client_id": "an-app",
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "user-read-email",
        **extra,
    }
    location = ask(url, "GET", f"/authorize?{urlencode(query)}").header("location")
    return parse_qs(urlsplit(location).query)["code"][0]


def _token(url, form):
    return json.loads(post_form(url, "/api/token", {**CREDENTIALS, **form}).body)


def test_the_whole_flow_works_over_a_real_socket():
    with running(*OPTIONS, "--auto-approve") as (said, _):
        url = said["accounts_url"]
        code = _login(url)
        granted = _token(
            url, {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        )
        refreshed = _token(
            url, {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
        )
        seen = ask(
            said["api_url"],
            "GET",
            "/v1/me",
            headers={"authorization": f"Bearer {refreshed['access_token']}"},
        )

    assert seen.status == 200
    assert json.loads(seen.body)["email"] == "ada@example.com"


def test_the_first_line_says_where_it_is_and_how_to_log_in():
    with running(*OPTIONS) as (said, _):
        assert said == {
            "accounts_url": said["accounts_url"],
            "api_url": said["accounts_url"],
            "control_url": said["accounts_url"] + "/_fake",
            "client_id": "an-app",
            "client_secret": "hush",
            "redirect_uris": [REDIRECT_URI],
            "ca_file": None,
        }


def test_without_credentials_it_makes_some():
    with running() as (said, _):
        assert len(said["client_id"]) == len(said["client_secret"]) == 32
        assert (
            post_form(
                said["accounts_url"],
                "/api/token",
                {
                    "grant_type": "client_credentials",
                    "client_id": said["client_id"],
                    "client_secret": said["client_secret"],
                },
            ).status
            == 200
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_0_and_no_word(number):
    with running() as (_, process):
        assert stop(process, number) == (0, "", "")


def test_a_secret_can_come_from_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("hush\n")

    with running("--client-secret-file", str(file)) as (said, _):
        assert said["client_secret"] == "hush"


def test_lifetimes_and_era_can_be_chosen():
    chosen = ("--era", "2021", "--access-token-lifetime", "7", "--auto-approve")
    with running(*OPTIONS, *chosen) as (said, _):
        granted = _token(said["accounts_url"], {"grant_type": "client_credentials"})
        refused_grant = _token(said["accounts_url"], {"grant_type": "password"})

    assert granted["expires_in"] == 7
    assert refused_grant["error_description"].startswith("grant_type must be")


def test_a_refresh_can_answer_an_empty_refresh_token():
    with running(*OPTIONS, "--empty-refresh-token", "--auto-approve") as (said, _):
        url = said["accounts_url"]
        exchange = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
        granted = _token(url, {**exchange, "code": _login(url)})
        refresh = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}

        assert _token(url, refresh)["refresh_token"] == ""


def test_equal_seeds_hand_out_equal_codes():
    codes = []
    for _ in range(2):
        with running("--seed", "7", *OPTIONS, "--auto-approve") as (said, _process):
            codes.append(_login(said["accounts_url"]))

    assert codes[0] == codes[1]


def test_a_redirect_uri_that_spotify_refuses_is_pointed_out():
    with running("--redirect-uri", "http://localhost:3000/callback") as (_, process):
        _, _, errors = stop(process)

    assert "http://localhost:3000/callback" in errors


def test_no_control_hides_the_control_api():
    with running("--no-control") as (said, _):
        assert said["control_url"] is None
        assert ask(said["accounts_url"], "GET", "/_fake/health").status == 404


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


def test_an_address_that_cannot_be_had_gives_exit_code_1():
    with running() as (said, _):
        code, message = refused("--port", str(urlsplit(said["accounts_url"]).port))

    assert code == 1
    assert "cannot serve" in message
