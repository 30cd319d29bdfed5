"""What works and may hurt is told by its variable, and nothing else is."""

import pytest

from sanic_swap.findings import Level
from sanic_swap.risks import risks
from sanic_swap.setting_reading import read_settings

SETTINGS = {
    "CLIENT_ID": "an-app",
    "CLIENT_SECRET": "shared-with-spotify",
    "CALLBACK_URL": "myapp://callback",
    "ENCRYPTION_SECRET": "1" * 64,
}


def named(environ, names_in_file=()):
    found = risks(read_settings(SETTINGS | environ), SETTINGS | environ, names_in_file)
    return [risk.variable for risk in found]


def about_names(*names_in_file):
    return list(risks(read_settings(SETTINGS), {}, names_in_file))


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"CALLBACK_URL": "http://app.example/cb"}, ["CALLBACK_URL"], id="plain http"),
        pytest.param({"CALLBACK_URL": "http://localhost/cb"}, ["CALLBACK_URL"], id="localhost"),
        pytest.param({"CALLBACK_URL": "https://LOCALHOST/cb"}, ["CALLBACK_URL"], id="its capitals"),
        pytest.param({"CALLBACK_URL": "http://127.0.0.2/cb"}, ["CALLBACK_URL"], id="127.0.0.2"),
        pytest.param(
            {"CALLBACK_URL": "http://127.0.0.1/cb,http://[::1]:8080/cb"}, [], id="literal"
        ),
        pytest.param({"CALLBACK_URL": "https://app.example/localhost"}, [], id="https"),
        pytest.param({"CORS_ORIGINS": "*"}, ["CORS_ORIGINS"], id="every web page"),
        pytest.param({"CORS_ORIGINS": "https://app.example"}, [], id="one origin"),
        pytest.param({"DRAIN_TIMEOUT": "7"}, ["DRAIN_TIMEOUT"], id="too short a drain"),
        pytest.param({"DRAIN_TIMEOUT": "8"}, [], id="just long enough"),
        pytest.param({"SPOTIFY_TIMEOUT": "10"}, ["SPOTIFY_TIMEOUT"], id="longer than apps wait"),
        pytest.param({"MAX_CONNECTIONS": "999"}, ["MAX_CONNECTIONS"], id="cut off, not told"),
        pytest.param({"MAX_CONNECTIONS": "1000"}, [], id="enough connections"),
        pytest.param({"REVOKE_BEFORE": "9999-01-01"}, ["REVOKE_BEFORE"], id="nobody can refresh"),
        pytest.param({"REVOKE_BEFORE": "2026-01-01"}, [], id="a theft that is over"),
        pytest.param({"LOG_LEVEL": "debug"}, ["LOG_LEVEL"], id="much to read"),
        pytest.param(
            {"METRICS_PORT": "9", "METRICS_HOST": "0.0.0.0"}, ["METRICS_HOST"], id="open metrics"
        ),
        pytest.param({"METRICS_PORT": "9", "METRICS_HOST": "::1"}, [], id="metrics inside"),
        pytest.param({"METRICS_HOST": "0.0.0.0"}, [], id="no metrics"),
        pytest.param(
            {
                "METRICS_PORT": "9",
                "METRICS_HOST": "0.0.0.0",
                "FLY_MACHINE_ID": "e784",
                "HOST": "0.0.0.0",
            },
            [],
            id="metrics inside fly.io",
        ),
        pytest.param({"FLY_MACHINE_ID": "e784"}, ["HOST"], id="unreachable on fly.io"),
        pytest.param({"DYNO": "web.1", "HOST": "localhost"}, ["HOST"], id="unreachable on Heroku"),
        pytest.param({"DYNO": "web.1", "HOST": "0.0.0.0"}, [], id="reachable"),
        pytest.param({"DYNO": ""}, [], id="no platform"),
        pytest.param({"HTTP_PROXY": "http://x"}, ["HTTP_PROXY"], id="a proxy"),
        pytest.param({"https_proxy": "http://x"}, ["https_proxy"], id="in small letters"),
        pytest.param({"NETRC": "/x"}, ["NETRC"], id="netrc"),
        pytest.param({"SSL_CERT_FILE": "/x"}, ["SSL_CERT_FILE"], id="other authorities"),
        pytest.param({"SSLKEYLOGFILE": "/x"}, ["SSLKEYLOGFILE"], id="keys in a file"),
        pytest.param({"HTTPS_PROXY": ""}, [], id="an empty variable"),
    ],
)
def test_risks_are_told_by_their_variable(environ, names):
    assert named(environ) == names


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("CLIENT_SECERT", "CLIENT_SECRET"),
        ("client_secret", "CLIENT_SECRET"),
        ("CALLBACK_URLS", "CALLBACK_URL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("ENCRYPTION_SECRETS", "ENCRYPTION_SECRET"),
        ("SPOTIFY_CALLBACK_URL", "SPOTIFY_CLIENT_CALLBACK_URL"),
        ("CLIENT_SECRETFILE", "CLIENT_SECRET_FILE"),
    ],
)
def test_a_slip_of_the_pen_names_what_was_meant(written, meant):
    [found] = about_names(written)

    assert (found.level, found.variable, found.at_start) == (Level.RISKY, written, True)
    assert found.text.endswith(f"did you mean {meant}?")


@pytest.mark.parametrize("name", ["REDIS_PASSWORD", "DB_PORT", "TZ", "POSTGRES_USER"])
def test_a_name_of_something_else_is_no_slip(name):
    [found] = about_names("PORT", name, "CLIENT_SECRET_FILE")

    assert (found.level, found.variable, found.at_start) == (Level.NOT_KNOWN, name, False)


@pytest.mark.parametrize(
    ("environ", "is_logged"),
    [
        pytest.param({"SSLKEYLOGFILE": "/x"}, True, id="keys in a file"),
        pytest.param({"REVOKE_BEFORE": "9999-01-01"}, True, id="nobody can refresh"),
        pytest.param({"SSL_CERT_FILE": "/x"}, False, id="as most containers have it"),
        pytest.param({"LOG_LEVEL": "debug"}, False, id="as somebody wants it"),
    ],
)
def test_each_risk_says_whether_every_start_logs_it(environ, is_logged):
    [risk] = risks(read_settings(SETTINGS | environ), environ, ())

    assert risk.at_start is is_logged


def test_names_in_the_environment_are_left_in_peace():
    assert named({"CLIENT_SECERT": "x"}) == []
