"""What works and may hurt is told by its variable, and nothing else is."""

from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest

from sanic_swap.check.risks import risks
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.settings.reading import Level, read
from tests.legacy_sealers import FERNET_KEY
from tests.reading import APP

SETTINGS = APP | {"ENCRYPTION_SECRET": "1234" * 16}
HEROKU, FLY = {"DYNO": "web.1"}, {"FLY_MACHINE_ID": "e784"}
OLDER, HORSE = "PREVIOUS_ENCRYPTION_SECRETS", "correct horse battery staple"
SOON = (datetime.now(UTC) + timedelta(days=180)).date().isoformat()
IMPORTS = {"LEGACY_TOKENS": "plain", "LEGACY_TOKENS_UNTIL": SOON, "HOST": "0.0.0.0"}
METRICS = {"METRICS_PORT": "9", "METRICS_HOST": "0.0.0.0"}
ROOT = bytes(range(200, 232))
A, B = ROOT.hex(), "2" * 64
ID_A = root_key(A).key_id(SealingContext("an-app", "https://accounts.spotify.com"))
# Backwards, so that a search for the secret does not find it in one more place.
PUBLISHED = "CXGh8DLTymGHa9WHiVzGLKLtHPmDfkybVzHdWFBUJUefiyLJFc"[::-1]


def found(environ, names_in_file=(), **options):
    """Return the risks of settings like these; a change to None leaves a variable out."""
    changed = {name: text for name, text in (SETTINGS | environ).items() if text is not None}
    reading = read(changed)
    reading.names_in_file.extend(names_in_file)
    return list(risks(reading, changed, **options))


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"ENCRYPTION_SECRET": None}, ["ENCRYPTION_SECRET"], id="a made-up key"),
        pytest.param({"ENCRYPTION_SECRET": HORSE}, ["ENCRYPTION_SECRET"], id="a passphrase"),
        pytest.param({OLDER: "2" * 64}, [], id="an older key"),
        pytest.param({OLDER: "short"}, [OLDER], id="an older secret that is short"),
        pytest.param({OLDER: PUBLISHED}, [OLDER], id="an older secret that is published"),
        pytest.param({OLDER: HORSE}, [OLDER], id="an older passphrase"),
        pytest.param(
            {"SPOTIFY_ACCOUNTS_URL": "http://x.example", "SPOTIFY_ACCOUNTS_INSECURE": "on"},
            ["SPOTIFY_ACCOUNTS_URL", "SPOTIFY_ACCOUNTS_INSECURE"],
            id="a secret in clear",
        ),
        pytest.param({OLDER: f"{A}\n{B}", "RETIRED_KEY_IDS": "another1"}, [], id="other keys"),
        pytest.param({OLDER: A, "RETIRED_KEY_IDS": ID_A}, ["RETIRED_KEY_IDS"], id="a retired key"),
        pytest.param({"RATE_LIMIT": "60/minute"}, ["RATE_LIMIT"], id="one address for everybody"),
        pytest.param({"RATE_LIMIT": "60/minute", "PROXIES_COUNT": "1"}, [], id="one for each"),
        pytest.param({"LEGACY_SECRETS": "x"}, ["LEGACY_SECRETS"], id="no format"),
        pytest.param({"LEGACY_TOKENS": "none", "LEGACY_SECRETS": "x"}, [], id="no imports"),
        pytest.param(
            IMPORTS | {"REVOKE_BEFORE": "2026-01-01T00:00Z"},
            ["REVOKE_BEFORE"],
            id="imports of any age",
        ),
        pytest.param(
            {"LEGACY_TOKENS": "none", "REVOKE_BEFORE": "2026-01-01T00:00Z"}, [], id="no age"
        ),
        pytest.param({"REVOKE_BEFORE": "2026-01-01"}, ["REVOKE_BEFORE"], id="no time zone"),
        pytest.param({"LEGACY_TOKENS": "fernet"}, ["LEGACY_SECRETS"], id="no Fernet key"),
        pytest.param({"LEGACY_TOKENS": "fernet", "LEGACY_SECRETS": FERNET_KEY}, [], id="one"),
        pytest.param({"LEGACY_TOKENS": "fernet", "ENCRYPTION_SECRET": FERNET_KEY}, [], id="ours"),
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
        pytest.param({"CORS_ORIGINS": "null"}, ["CORS_ORIGINS"], id="sandboxed frames"),
        pytest.param(
            {"SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:8090"},
            ["SPOTIFY_ACCOUNTS_URL"],
            id="another Spotify",
        ),
        pytest.param({"STORE_URL": "rediss://h?ssl_cert_reqs=none"}, ["STORE_URL"], id="any store"),
        pytest.param({"ENCRYPTION_SECRET": "ab" * 32}, ["ENCRYPTION_SECRET"], id="one byte"),
        pytest.param(
            {"LEGACY_TOKENS": "node", "LEGACY_TOKENS_UNTIL": "2999-01-01"},
            ["LEGACY_TOKENS_UNTIL"],
            id="for ever",
        ),
        pytest.param({"DRAIN_TIMEOUT": "7"}, ["DRAIN_TIMEOUT"], id="too short a drain"),
        pytest.param({"DRAIN_TIMEOUT": "8"}, [], id="just long enough"),
        pytest.param({"SPOTIFY_TIMEOUT": "10"}, ["SPOTIFY_TIMEOUT"], id="longer than apps wait"),
        pytest.param({"MAX_CONNECTIONS": "999"}, ["MAX_CONNECTIONS"], id="cut off, not told"),
        pytest.param({"MAX_CONNECTIONS": "1000"}, [], id="enough connections"),
        pytest.param(METRICS, ["METRICS_HOST"], id="open metrics"),
        pytest.param({"METRICS_PORT": "9", "METRICS_HOST": "::1"}, [], id="metrics inside"),
        pytest.param({"METRICS_HOST": "0.0.0.0"}, [], id="no metrics"),
        pytest.param(METRICS | FLY | {"HOST": "0.0.0.0"}, [], id="metrics inside fly.io"),
        pytest.param(FLY, ["HOST"], id="unreachable on fly.io"),
        pytest.param(HEROKU | {"HOST": "localhost"}, ["HOST"], id="unreachable on Heroku"),
        pytest.param(HEROKU | {"HOST": "0.0.0.0"}, [], id="reachable"),
        pytest.param({"DYNO": ""}, [], id="no platform"),
        pytest.param({**IMPORTS, **HEROKU}, ["LEGACY_TOKENS"], id="imports behind a proxy"),
        pytest.param({**IMPORTS, **HEROKU, "PROXIES_COUNT": "1"}, [], id="a proxy that is known"),
        pytest.param(IMPORTS, [], id="imports without a proxy"),
        pytest.param({"HTTP_PROXY": "http://x"}, ["HTTP_PROXY"], id="a proxy"),
        pytest.param({"https_proxy": "http://x"}, ["https_proxy"], id="in small letters"),
        pytest.param({"NETRC": "/x"}, ["NETRC"], id="netrc"),
        pytest.param({"SSL_CERT_FILE": "/x"}, ["SSL_CERT_FILE"], id="other authorities"),
        pytest.param({"SSLKEYLOGFILE": "/x"}, ["SSLKEYLOGFILE"], id="keys in a file"),
        pytest.param({"HTTPS_PROXY": ""}, [], id="an empty variable"),
    ],
)
def test_risks_are_told_by_their_variable(environ, names):
    risks_found = found(environ)

    assert [risk.variable for risk in risks_found] == names
    assert not any(secret in str(risks_found) for secret in (HORSE, PUBLISHED, "shared-with"))


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(A, id="as it is"),
        pytest.param(A.upper(), id="in capitals"),
        pytest.param(b64encode(ROOT).decode(), id="in base64"),
        pytest.param(urlsafe_b64encode(ROOT).decode().rstrip("="), id="in base64url"),
    ],
)
def test_a_key_that_is_set_twice_is_named_by_its_id(again):
    [twice] = map(str, found({OLDER: f"{A}\n{B}\n{again}"}))
    [current_too] = map(str, found({"ENCRYPTION_SECRET": A, OLDER: f"{B}\n{again}"}))

    assert twice == f"{OLDER}: key {ID_A} is listed 2 times, perhaps spelled differently"
    assert current_too.startswith(f"{OLDER}: key {ID_A} is ENCRYPTION_SECRET too")


def test_a_moment_without_a_time_zone_is_told_as_it_was_read():
    [risk] = found({"REVOKE_BEFORE": "2026-11-23T18:00:00"})

    assert str(risk) == "REVOKE_BEFORE: has no time zone; read as 2026-11-23T18:00:00Z"
    assert risk.at_start


@pytest.mark.parametrize(("formats", "count"), [("node", 1), ("none", 0)])
def test_the_last_day_is_over_when_it_ends(formats, count):
    environ = {"LEGACY_TOKENS": formats, "LEGACY_TOKENS_UNTIL": "2026-11-23"}
    ends = datetime(2026, 11, 24, tzinfo=UTC).timestamp()

    assert not found(environ, now=lambda: ends - 1)
    assert len(found(environ, now=lambda: ends)) == count


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
    [risk] = found({}, [written])

    assert (risk.level, risk.variable, risk.at_start) == (Level.RISKY, written, True)
    assert risk.text.endswith(f"did you mean {meant}?")


@pytest.mark.parametrize("name", ["REDIS_PASSWORD", "DB_PORT", "TZ", "POSTGRES_USER"])
def test_a_name_of_something_else_is_no_slip(name):
    [risk] = found({}, ["PORT", name, "CLIENT_SECRET_FILE"])

    assert (risk.level, risk.variable, risk.at_start) == (Level.NOT_KNOWN, name, False)


@pytest.mark.parametrize(
    ("environ", "is_logged"),
    [
        pytest.param({"SSLKEYLOGFILE": "/x"}, True, id="keys in a file"),
        pytest.param({"SSL_CERT_FILE": "/x"}, False, id="as most containers have it"),
    ],
)
def test_each_risk_says_whether_every_start_logs_it(environ, is_logged):
    [risk] = found(environ)

    assert risk.at_start is is_logged


def test_names_in_the_environment_are_left_in_peace():
    assert found({"CLIENT_SECERT": "x"}) == []
