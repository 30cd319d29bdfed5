"""Settings are read from environment and file, and everything wrong is said at once."""

import sys
from dataclasses import fields

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import SettingsError
from sanic_swap.settings.reading import read
from sanic_swap.settings.risks import risks
from sanic_swap.settings.table import Settings, variables
from tests.reading import read_settings

KEY, OLDER = "1" * 64, "2" * 64
NEEDED = {
    "CLIENT_ID": "an-app",
    "CLIENT_SECRET": "shared-with-spotify",
    "CALLBACK_URL": "myapp://callback",
}
SEALED = NEEDED | {"ENCRYPTION_SECRET": KEY}
KEY_ID = read_settings(SEALED).key_ids_in_use["current"]

GOOD_VALUES = {
    "PREVIOUS_ENCRYPTION_SECRETS": OLDER,
    "RETIRED_KEY_IDS": "a-b_c-d_",
    "UNKNOWN_KEY": "reject",
    "REVOKE_BEFORE": "2026-11-23T15:49:00Z",
    "LEGACY_TOKENS": "none",
    "LEGACY_TOKENS_UNTIL": "2027-01-01",
    "LEGACY_SECRETS": "older-secret",
    "LEGACY_RESEAL": "off",
    "REFRESH_TOKEN_LIFETIME": "180d",
    "ACCESS_LOG": "off",
    "LOG_LEVEL": "warning",
    "LOG_FORMAT": "json",
    "HOST": "0.0.0.0",
    "PORT": "8080",
    "REUSE_PORT": "on",
    "SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:8090",
    "SPOTIFY_ACCOUNTS_INSECURE": "on",
    "SPOTIFY_TIMEOUT": "3",
    "DRAIN_TIMEOUT": "4",
    "DRAIN_DELAY": "5",
    "MAX_IN_FLIGHT": "6",
    "MAX_CONNECTIONS": "70",
    "CLIENT_TIMEOUT": "8",
    "ROTATION_REPLAY": "9",
    "REVOCATION_GUARD": "off",
    "STORE_URL": "redis://127.0.0.1:6379/1",
    "CORS_ORIGINS": "https://app.example",
    "RATE_LIMIT": "60/minute",
    "REAL_IP_HEADER": "Fly-Client-IP",
    "PROXIES_COUNT": "1",
    "METRICS_PORT": "9090",
    "METRICS_HOST": "::1",
    "NEW_RELIC_LICENSE_KEY": "eu01xx0123456789abcdef0123456789abcdef",
}


def problems(environ, **options):
    with pytest.raises(SettingsError) as wrong:
        read_settings(environ, **options)
    return wrong.value.problems


def named(lines):
    """Return the names of variables that *lines* complain about."""
    return sorted({line.partition(":")[0] for line in lines})


def warnings(settings):
    return [str(risk) for risk in risks(settings, {}, ()) if risk.at_start]


def without(environ, *names):
    return {name: text for name, text in environ.items() if name not in names}


@pytest.fixture
def env_file(tmp_path):
    def write(text):
        path = tmp_path / "settings.env"
        path.write_bytes(text.encode())
        return path

    return write


def test_the_defaults_are_those_of_the_documentation():
    settings = read_settings(NEEDED)

    assert settings.encryption_secret is None
    assert settings.previous_secrets == settings.retired_key_ids == ()
    assert settings.unknown_key == "hold"
    assert settings.revoke_before == 0
    assert settings.legacy_tokens == ()
    assert settings.refresh_token_lifetime is None
    assert settings.access_log is True
    assert (settings.log_level, settings.log_format) == ("info", "text")
    assert (settings.host, settings.port, settings.reuse_port) == ("127.0.0.1", 4343, False)
    assert settings.accounts_url.url == "https://accounts.spotify.com"
    assert settings.accounts_url.origin == "https://accounts.spotify.com"
    assert settings.spotify_timeout == 8
    assert (settings.drain_seconds, settings.drain_delay) == (10, 0)
    assert (settings.max_in_flight, settings.connection_limit) == (1000, 2000)
    assert settings.client_timeout == 10
    assert settings.rotation_replay == 30
    assert settings.revocation_guard is True
    assert settings.store_url is None
    assert settings.cors_origins == ()


def test_defaults_that_depend_on_others_follow_them():
    settings = read_settings(NEEDED | {"SPOTIFY_TIMEOUT": "3", "MAX_IN_FLIGHT": "7"})

    assert (settings.drain_seconds, settings.connection_limit) == (5, 14)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("environ", [without, lambda e, n: e | {n: ""}], ids=["missing", "empty"])
def test_a_required_setting_that_is_missing_is_named(name, environ):
    [problem] = problems(environ(NEEDED, name))

    assert problem.startswith(f"{name}: is missing (or ")


@pytest.mark.parametrize(
    ("name", "alias", "attribute"),
    [
        ("CLIENT_ID", "SPOTIFY_CLIENT_ID", "client_id"),
        ("CLIENT_SECRET", "SPOTIFY_CLIENT_SECRET", "client_secret"),
        ("CALLBACK_URL", "CALLBACK_URI", "callback_urls"),
        ("CALLBACK_URL", "SPOTIFY_CLIENT_CALLBACK_URL", "callback_urls"),
    ],
)
class TestAliases:
    def test_an_alias_does_as_well(self, name, alias, attribute):
        environ = without(NEEDED, name) | {alias: NEEDED[name]}

        assert getattr(read_settings(environ), attribute) == getattr(
            read_settings(NEEDED), attribute
        )

    def test_an_alias_that_says_something_else_is_an_error(self, name, alias, attribute):
        [problem] = problems(NEEDED | {alias: "other://value"})

        assert problem.startswith(f"{name}: ")
        assert alias in problem
        assert attribute in variables()


@pytest.mark.parametrize("name", sorted(variable.name for variable in variables().values()))
def test_every_setting_can_be_read_from_a_file(name, tmp_path):
    path = tmp_path / "value"
    text = SEALED.get(name) or GOOD_VALUES[name]
    path.write_text(f"{text}\n")
    attribute = next(a for a, variable in variables().items() if variable.name == name)
    direct = read_settings(SEALED | {name: text})

    from_file = read_settings(without(SEALED, name) | {f"{name}_FILE": str(path)})

    assert getattr(from_file, attribute) == getattr(direct, attribute)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("a-secret", "a-secret", id="no newline"),
        pytest.param("a-secret\n", "a-secret", id="one newline"),
        pytest.param("a-secret\r\n", "a-secret", id="one newline of Windows"),
    ],
)
def test_one_newline_at_the_end_of_a_file_is_dropped(written, read, tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(written.encode())
    environ = without(NEEDED, "CLIENT_SECRET") | {"CLIENT_SECRET_FILE": str(path)}

    assert read_settings(environ).client_secret.reveal() == read


@pytest.mark.parametrize("written", ["a-secret\n\n", " a-secret\n", "a-secret \n", "\n", ""])
def test_nothing_else_of_a_file_is_dropped(written, tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(written.encode())
    environ = without(NEEDED, "CLIENT_SECRET") | {"CLIENT_SECRET_FILE": str(path)}

    assert named(problems(environ)) == ["CLIENT_SECRET"]


@pytest.mark.parametrize("name", ["CLIENT_SECRET", "ENCRYPTION_SECRET", "PORT"])
def test_a_value_and_its_file_at_once_are_an_error(name, tmp_path):
    path = tmp_path / "value"
    path.write_text(KEY)
    environ = SEALED | {name: KEY, f"{name}_FILE": str(path)}

    told = problems(environ)

    assert named(told) == [name]
    assert f"{name}_FILE" in told[0]
    assert KEY not in told[0]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda _: None, id="missing"),
        pytest.param(lambda path: path.mkdir(), id="a directory"),
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe"), id="not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_by_its_variable(make, tmp_path):
    path = tmp_path / "hidden-name"
    make(path)
    environ = without(NEEDED, "CLIENT_SECRET") | {"CLIENT_SECRET_FILE": str(path)}

    [problem] = problems(environ)

    assert problem.startswith("CLIENT_SECRET: ")
    assert "CLIENT_SECRET_FILE" in problem
    assert "hidden-name" not in problem


@pytest.mark.parametrize("in_file", ["PORT_FILE=/nowhere\n", "PORT=1111\n"])
def test_the_environment_wins_however_the_file_says_it(in_file, env_file):
    assert read_settings(NEEDED | {"PORT": "2222"}, env_file=env_file(in_file)).port == 2222


def test_a_file_alone_is_enough(env_file):
    path = env_file("".join(f"{name}={text}\n" for name, text in SEALED.items()))

    assert read_settings({}, env_file=path) == read_settings(SEALED)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        pytest.param("CLIENT_SECRET=plain", "plain", id="bare"),
        pytest.param("CLIENT_SECRET='single#quoted'", "single#quoted", id="in single quotes"),
        pytest.param('CLIENT_SECRET="double#quoted"', "double#quoted", id="in double quotes"),
        pytest.param("export CLIENT_SECRET=plain", "plain", id="behind export"),
        pytest.param("# about it\n\nCLIENT_SECRET=plain # note", "plain", id="among comments"),
        pytest.param("CLIENT_SECRET=a$CLIENT_ID", "a$CLIENT_ID", id="with a dollar sign"),
        pytest.param("CLIENT_SECRET=a${CLIENT_ID}b", "a${CLIENT_ID}b", id="in braces"),
        pytest.param("CLIENT_SECRET=plain\r\n", "plain", id="with a line end of Windows"),
    ],
)
def test_lines_of_a_file_are_read_as_shells_write_them(line, secret, env_file):
    settings = read_settings(without(NEEDED, "CLIENT_SECRET"), env_file=env_file(line))

    assert settings.client_secret.reveal() == secret


@pytest.mark.parametrize("line", ["hidden", "=hidden", "CLIENT SECRET=hidden", "'hidden=1"])
def test_a_line_that_is_none_is_told_by_its_number(line, env_file):
    told = problems(NEEDED, env_file=env_file(f"PORT=1\n{line}\n"))

    assert any("line 2" in problem for problem in told)
    assert "hidden" not in "".join(told)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        pytest.param("PORT=1\nPORT=2\n", "PORT is set on lines 1 and 2", id="another value"),
        pytest.param("PORT=1\n\n# x\n\nPORT=1", "PORT is set on lines 1 and 5", id="the same"),
        pytest.param("PORT=1\nPORT=1\nPORT=1", "lines 1 and 2 and 3", id="three times"),
        pytest.param(
            'HOST="a\nb"\nPORT_FILE=x\nPORT_FILE=x', "PORT_FILE is set on lines 3", id="a file"
        ),
        pytest.param(
            "CALLBACK_URI=a:b\nexport CALLBACK_URI=a:b", "CALLBACK_URI is set", id="an alias"
        ),
    ],
)
def test_a_name_that_stands_twice_in_a_file_is_an_error(lines, complaint, env_file):
    path = env_file(lines)

    [problem] = [one for one in problems({}, env_file=path) if str(path) in one]

    assert complaint in problem


def test_names_of_others_may_stand_twice(env_file):
    path = env_file("OTHER=1\nOTHER=2\nCALLBACK_URI=a:b\nCALLBACK_URL=a:b\n")

    assert read_settings(without(NEEDED, "CALLBACK_URL"), env_file=path).callback_urls == ("a:b",)


@pytest.mark.parametrize("name", ["METRICS_PORT", "REUSE_PORT"])
def test_what_kubernetes_sets_for_a_service_of_that_name_is_ignored_and_told(name):
    environ = SEALED | {name: "tcp://10.43.0.7:9090"}
    settings = read_settings(environ)
    [warning] = [risk for risk in risks(settings, environ, ()) if risk.at_start]

    assert settings == read_settings(SEALED)
    assert str(warning).startswith(f"{name}: is ignored: Kubernetes sets it for its Service ")


def test_only_the_environment_of_kubernetes_is_ignored(env_file):
    path = env_file("METRICS_PORT=9000\n")
    environ = SEALED | {"METRICS_PORT": "tcp://10.43.0.7:9090"}

    assert read_settings(environ, env_file=path).metrics_port == 9000


def test_tokens_cannot_be_revoked_before_they_are_made():
    def revoked(now):
        return read(SEALED | {"REVOKE_BEFORE": "2026-11-23T15:49:00Z"}, now=lambda: now)

    [problem] = revoked(1_795_448_939).wrong
    assert str(problem) == (
        "REVOKE_BEFORE: is in the future: every refresh would be refused, even after a new login"
    )
    assert revoked(1_795_448_940).settings().revoke_before == 1_795_448_940


def test_a_settings_file_that_cannot_be_read_is_told(tmp_path):
    [problem] = problems(NEEDED, env_file=tmp_path / "missing.env")

    assert "missing.env" in problem


def test_everything_wrong_is_said_at_once():
    environ = {
        "CLIENT_ID": "a:b",
        "PORT": "many",
        "REVOKE_BEFORE": "yesterday",
        "LOG_LEVEL": "loud",
        "ROTATION_REPLAY": "-1",
        "CORS_ORIGINS": "nowhere",
        "SPOTIFY_ACCOUNTS_URL": "http://other.example",
        "ENCRYPTION_SECRET": "short",
    }

    assert named(problems(environ)) == sorted({*environ, "CLIENT_SECRET", "CALLBACK_URL"})


LEAK = "leaky-7f3a9c:é/value"


@pytest.mark.parametrize(
    "name",
    sorted(name for variable in variables().values() for name in variable.spellings),
)
@pytest.mark.parametrize("source", ["environment", "file of settings", "file of its own"])
def test_no_complaint_ever_repeats_a_value(name, source, tmp_path, env_file):
    environ, path = dict(SEALED), None
    environ.pop(name, None)
    if source == "environment":
        environ[name] = LEAK
    elif source == "file of settings":
        path = env_file(f"{name}={LEAK}\n")
    else:
        (tmp_path / "value").write_text(LEAK)
        environ[f"{name}_FILE"] = str(tmp_path / "value")

    try:
        settings = read_settings(environ, env_file=path)
    except SettingsError as error:
        told = str(error)
    else:
        told = "\n".join(warnings(settings))

    assert "leaky" not in told
    assert "7f3a9c" not in told


@given(st.dictionaries(st.sampled_from(sorted(GOOD_VALUES)), st.text(max_size=30), max_size=4))
@hypothesis.settings(deadline=None)  # a passphrase or a library may be read
def test_whatever_is_set_makes_settings_or_problems_that_name_variables(environ):
    try:
        read_settings(SEALED | environ)
    except SettingsError as error:
        complaints = error.problems
    else:
        complaints = []

    known = {variable.name for variable in variables().values()}
    assert set(named(complaints)) <= known


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("REUSE_PORT", "on", id="several processes"),
        pytest.param("STORE_URL", "redis://store.example", id="a store that others share"),
        pytest.param("PREVIOUS_ENCRYPTION_SECRETS", OLDER, id="older secrets"),
        pytest.param("LEGACY_TOKENS", "none", id="a word on foreign tokens"),
        pytest.param("FLY_MACHINE_ID", "e784079b449483", id="Fly"),
    ],
)
def test_a_made_up_key_will_not_do_where_others_must_know_it(name, text):
    [problem] = [p for p in problems(NEEDED | {name: text}) if p.startswith("ENCRYPTION_SECRET")]

    assert "required" in problem
    assert name in problem
    assert "keygen" in problem


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"REUSE_PORT": "off"}, id="REUSE_PORT off"),
        pytest.param({"PREVIOUS_ENCRYPTION_SECRETS": " \n"}, id="no older secret"),
        pytest.param({"FLY_MACHINE_ID": ""}, id="an empty machine id"),
    ],
)
def test_a_made_up_key_will_do_otherwise(environ):
    assert read_settings(NEEDED | environ).encryption_secret is None


@pytest.mark.parametrize("source", ["environment", "file of settings", "file of its own"])
def test_an_empty_encryption_secret_is_a_mistake_wherever_it_stands(source, env_file, tmp_path):
    environ, path = dict(NEEDED), None
    if source == "environment":
        environ["ENCRYPTION_SECRET"] = ""
    elif source == "file of settings":
        path = env_file("ENCRYPTION_SECRET=\n")
    else:
        (tmp_path / "key").write_text("")
        environ["ENCRYPTION_SECRET_FILE"] = str(tmp_path / "key")

    assert named(problems(environ, env_file=path)) == ["ENCRYPTION_SECRET"]


@pytest.mark.parametrize("ports", [{"METRICS_PORT": "4343"}, {"METRICS_PORT": "9", "PORT": "9"}])
def test_scrapes_need_a_port_of_their_own(ports):
    assert named(problems(SEALED | ports)) == ["METRICS_PORT"]
    assert read_settings(SEALED | {"METRICS_PORT": "0", "PORT": "0"}).metrics_port == 0


def test_the_key_that_seals_cannot_be_retired():
    [problem] = problems(SEALED | {"RETIRED_KEY_IDS": KEY_ID})

    assert "RETIRED_KEY_IDS" in problem


@pytest.mark.parametrize(
    ("environ", "good"),
    [
        pytest.param({"SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:8090"}, True, id="this machine"),
        pytest.param({"SPOTIFY_ACCOUNTS_URL": "http://localhost:8090"}, True, id="by name"),
        pytest.param({"SPOTIFY_ACCOUNTS_URL": "https://other.example"}, True, id="https"),
        pytest.param({"SPOTIFY_ACCOUNTS_URL": "http://other.example"}, False, id="plain http"),
        pytest.param(
            {"SPOTIFY_ACCOUNTS_URL": "http://other.example", "SPOTIFY_ACCOUNTS_INSECURE": "off"},
            False,
            id="plain http, refused",
        ),
        pytest.param(
            {"SPOTIFY_ACCOUNTS_URL": "http://other.example", "SPOTIFY_ACCOUNTS_INSECURE": "on"},
            True,
            id="plain http, allowed",
        ),
    ],
)
def test_plain_http_to_another_machine_must_be_allowed(environ, good):
    if good:
        assert read_settings(NEEDED | environ).accounts_url.url == environ["SPOTIFY_ACCOUNTS_URL"]
    else:
        assert named(problems(NEEDED | environ)) == ["SPOTIFY_ACCOUNTS_URL"]


def test_settings_do_not_show_secrets():
    environ = SEALED | {"PREVIOUS_ENCRYPTION_SECRETS": f"{OLDER}\nhidden"}
    shown = repr(read_settings(environ))

    for secret in (KEY, OLDER, "hidden", NEEDED["CLIENT_SECRET"]):
        assert secret not in shown
    assert repr(bytes.fromhex(KEY)) not in shown


def test_every_setting_has_one_row_and_no_name_occurs_twice():
    spellings = [name for variable in variables().values() for name in variable.spellings]

    assert variables().keys() == {field.name for field in fields(Settings)}
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(
    ("environ", "name", "place"),
    [
        ({"REAL_IP_HEADER": "Fly-Client-IP"}, "Fly-Client-IP", None),
        ({"PROXIES_COUNT": "1"}, "X-Forwarded-For", 1),
        ({"PROXIES_COUNT": "2", "REAL_IP_HEADER": "x-forwarded-for"}, "x-forwarded-for", 2),
        ({"PROXIES_COUNT": "2", "REAL_IP_HEADER": "X-Client-IPs"}, "X-Client-IPs", 2),
    ],
)
def test_a_header_is_believed_once_it_is_named(environ, name, place):
    header = read_settings(SEALED | environ).address_header

    assert (header.name, header.place) == (name, place)


def test_nobody_is_believed_about_addresses_unless_told_to():
    settings = read_settings(SEALED)

    assert settings.address_header is None
    assert settings.rate_limit == ()


@pytest.mark.parametrize("name", ["X-Forwarded-For", "x-forwarded-for"])
def test_a_list_of_addresses_needs_a_word_on_which_to_believe(name):
    assert named(problems(SEALED | {"REAL_IP_HEADER": name})) == ["REAL_IP_HEADER"]


@pytest.mark.parametrize(
    ("setting", "library", "extra"),
    [
        ({"STORE_URL": "redis://127.0.0.1"}, "redis", "redis"),
        ({"NEW_RELIC_LICENSE_KEY": "eu01xx"}, "newrelic", "newrelic"),
        ({"LEGACY_TOKENS": "node"}, "cryptography", "legacy"),
        ({"LEGACY_TOKENS": "ruby"}, "cryptography", "legacy"),
        ({"LEGACY_TOKENS": "node,fernet"}, "cryptography", "legacy"),
    ],
)
def test_some_settings_need_a_library(setting, library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)

    [problem] = problems(SEALED | {"LEGACY_TOKENS_UNTIL": "2999-12-31"} | setting)

    assert problem == (
        f"{next(iter(setting))}: needs the extra `{extra}`, or `pip install {library}`"
    )
