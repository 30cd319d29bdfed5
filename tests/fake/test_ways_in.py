"""Every way in: with, async with, a configuration file, HTTPS, many clients at once."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest

from fake_spotify import FakeSpotify
from fake_spotify.choices import ChoiceError
from fake_spotify.faults import SlowHead
from sanic_swap.settings.urls import callback_urls
from tests.fake.browser import ask, ask_token

CONFIG = """
era = "2021"
auto_approve = true

[[apps]]
client_id = "first"
client_secret = "one"
redirect_uris = ["https://one.example/callback"]

[[apps]]
client_id = "second"
client_secret = "two"
redirect_uris = ["my-app://callback"]
era = "2026"
refresh_token_lifetime = 60

[[users]]
id = "eve"
display_name = "Eve"
"""


def _own_token(spotify):
    return ask_token(spotify, grant_type="client_credentials")


async def test_async_with_serves_while_the_tests_own_loop_is_busy():
    async with FakeSpotify() as spotify:
        assert _own_token(spotify).status == 200


def test_it_can_be_stopped_twice_and_started_again():
    spotify = FakeSpotify()
    with spotify:
        first = spotify.accounts_url
    spotify.stop()
    with spotify:
        assert _own_token(spotify).status == 200
        assert spotify.accounts_url == first


def test_it_says_so_if_it_does_not_run():
    with pytest.raises(RuntimeError, match="is not running"):
        FakeSpotify().begin_outage("connection_refused", 1)


def test_an_address_that_cannot_be_had_is_an_oserror():
    with FakeSpotify() as spotify, pytest.raises(OSError, match="in use"):
        FakeSpotify(port=int(spotify.accounts_url.rpartition(":")[2])).start()


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"era": "1999"}, "era"),
        ({"colour": "red"}, "colour"),
        ({"redirect_uris": "https://a.example"}, "redirect_uris"),
        ({"code_lifetime": 0}, "code_lifetime"),
        ({"auto_approve": "yes"}, "auto_approve"),
        ({"users": [{"name": "Eve"}]}, "name"),
        ({"apps": [{"secret": "x"}]}, "secret"),
        ({"listed_users": list("abcdef")}, "listed_users: must be at most 5"),
        ({"redirect_uris": [""]}, "redirect_uris"),
    ],
)
def test_a_wrong_choice_is_refused_by_name(choices, named):
    with pytest.raises(ChoiceError, match=f"^{named}"):
        FakeSpotify(**choices)


@pytest.mark.parametrize("uri", ["my_app://callback", "/callback", "https://a.example/#x"])
def test_fake_and_service_refuse_the_same_redirect_uris(uri):
    assert callback_urls("my-app://callback") == ("my-app://callback",)
    for read in (callback_urls, lambda one: FakeSpotify(redirect_uris=[one])):
        with pytest.raises(ValueError, match="redirect"):
            read(uri)


def test_a_file_names_several_apps_and_users(tmp_path):
    file = tmp_path / "fake.toml"
    file.write_text(CONFIG)

    with FakeSpotify(file) as spotify:
        second = spotify.app("second")

        assert (spotify.client_id, spotify.policy.era) == ("first", "2021")
        assert (second.policy.era, second.policy.refresh_token_lifetime) == ("2026", 60)
        assert second.redirect_uris == ("my-app://callback",)
        assert [user.id for user in spotify.users] == ["eve"]
        assert second.policy.consent == "agree"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("apps = 3", "apps"),
        ("era = ", "fake.toml"),
        ("[[apps]]\nclient_id='a'\n[[apps]]\nclient_id='a'", "client_id"),
    ],
)
def test_a_wrong_file_is_refused_by_the_name_of_what_is_wrong(tmp_path, text, named):
    file = tmp_path / "fake.toml"
    file.write_text(text)

    with pytest.raises(ChoiceError, match=named):
        FakeSpotify(file)


@pytest.mark.parametrize("chosen", [None, "ca.pem"], ids=["a folder of its own", "a chosen file"])
def test_https_works_with_its_certificate_and_leaves_nothing_in_a_browser(tmp_path, chosen):
    pytest.importorskip("trustme")
    choices = {"https": True} if chosen is None else {"ca_file": str(tmp_path / chosen)}
    with FakeSpotify(**choices) as spotify:
        file = spotify.ca_file
        seen = ask(spotify.accounts_url, "POST", "/api/token", cafile=str(file))

        assert spotify.accounts_url.startswith("https://127.0.0.1:")
        assert seen.status == 500
        assert seen.header("strict-transport-security") is seen.header("alt-svc") is None
        assert ask(spotify.accounts_url, "GET", "/_fake/health").status == 0
    assert file.exists() is (file == tmp_path / "ca.pem")


def test_equal_seeds_make_equal_worlds():
    worlds = []
    for _ in range(2):
        with FakeSpotify(seed="7") as spotify:
            later = spotify.register()
            values = spotify.code(), spotify.grant().refresh_token, later.client_id, later.code()
            worlds.append(values)

    assert worlds[0] == worlds[1]


def test_an_app_that_is_registered_again_loses_all_that_it_was_given():
    with FakeSpotify() as spotify:
        app = spotify.register(client_id="an-app", era="2021")
        app.grant()
        spotify.register(client_id="an-app", client_secret="new")

        assert (app.client_secret, app.policy.era, app.grants()) == ("new", "2026", [])


def test_many_clients_and_a_meddling_test_do_not_disturb_each_other():
    with FakeSpotify() as spotify, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(_own_token, spotify) for _ in range(50)]
        for _ in range(50):
            spotify.revoke(spotify.grant().id)
            spotify.requests()

        assert {answer.result().status for answer in answers} == {200}
        assert spotify.count() == 50


async def test_a_hundred_late_answers_wait_side_by_side():
    async with FakeSpotify() as spotify, aiohttp.ClientSession() as session:
        spotify.fault(SlowHead(1), times=None)
        form = {"client_id": spotify.client_id, "client_secret": spotify.client_secret}
        form["grant_type"] = "client_credentials"

        async def status():
            async with session.post(f"{spotify.accounts_url}/api/token", data=form) as answer:
                return answer.status, answer.headers["content-encoding"]

        began = time.monotonic()
        answers = await asyncio.gather(*(status() for _ in range(100)))

    assert set(answers) == {(200, "gzip")}
    assert 1 <= time.monotonic() - began < 50
