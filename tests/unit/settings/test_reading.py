"""Settings are read from environment and file, and everything wrong is said at once."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.check.risks import risks
from sanic_swap.client_address import AddressHeader
from sanic_swap.errors import SettingsError
from sanic_swap.settings.reading import read
from sanic_swap.settings.table import variables
from tests import strategies
from tests.reading import APP as NEEDED
from tests.reading import read_settings

KEY, OLDER = "1" * 64, "2" * 64
SEALED = NEEDED | {"ENCRYPTION_SECRET": KEY}
KEY_ID = read_settings(SEALED).key_ids_in_use["current"]
# Backwards, so that a search for the secret does not find it in one more place.
PUBLISHED = "CXGh8DLTymGHa9WHiVzGLKLtHPmDfkybVzHdWFBUJUefiyLJFc"[::-1]
# Two keys of one id, found by walking from id to id until two met; about 2**25 steps.
SAME_ID = tuple("0" * 52 + last for last in ("6ee1f4e67d1b", "031cf92e1845"))

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


def without(environ, *names):
    return {name: text for name, text in environ.items() if name not in names}


@pytest.fixture
def env_file(tmp_path):
    def write(text):
        path = tmp_path / "settings.env"
        path.write_bytes(text.encode())
        return path

    return write


@pytest.fixture(params=["environment", "file of settings", "file of its own"])
def written(request, env_file, tmp_path):
    """Return a function that writes one setting in one of three places, beside others."""

    def write(name, text, others):
        if request.param == "environment":
            return others | {name: text}, None
        if request.param == "file of settings":
            return others, env_file(f"{name}={text}\n")
        (tmp_path / "value").write_text(text)
        return others | {f"{name}_FILE": str(tmp_path / "value")}, None

    return write


def test_defaults_that_depend_on_others_follow_them():
    settings = read_settings(NEEDED | {"SPOTIFY_TIMEOUT": "3", "MAX_IN_FLIGHT": "7"})

    assert (settings.drain_seconds, settings.connection_limit) == (5, 14)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("environ", [without, lambda e, n: e | {n: ""}], ids=["missing", "empty"])
def test_a_required_setting_that_is_missing_is_named(name, environ):
    [problem] = problems(environ(NEEDED, name))

    assert problem.startswith(f"{name}: is missing (or ")


@pytest.mark.parametrize(
    ("name", "alias"),
    [(row.name, alias) for row in variables().values() for alias in row.aliases],
)
def test_an_alias_does_as_well_and_may_not_say_something_else(name, alias):
    assert read(without(NEEDED, name) | {alias: NEEDED[name]}).values == read(NEEDED).values

    [problem] = problems(NEEDED | {alias: "other://value"})
    assert problem == f"{name}: {name} and {alias} have different values"


@pytest.mark.parametrize(("attribute", "variable"), variables().items())
def test_every_setting_can_be_read_from_a_file(attribute, variable, tmp_path):
    path, name = tmp_path / "value", variable.name
    text = SEALED.get(name) or GOOD_VALUES[name]
    path.write_text(f"{text}\n")
    direct = read_settings(SEALED | {name: text})

    from_file = read_settings(without(SEALED, name) | {f"{name}_FILE": str(path)})

    assert getattr(from_file, attribute) == getattr(direct, attribute)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_newline_at_the_end_of_a_file_is_dropped(end, tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(f"a-secret{end}".encode())
    environ = without(NEEDED, "CLIENT_SECRET") | {"CLIENT_SECRET_FILE": str(path)}

    assert read_settings(environ).client_secret.reveal() == "a-secret"


@pytest.mark.parametrize("text", ["a-secret\n\n", " a-secret\n", "a-secret \n", "\n", ""])
def test_nothing_else_of_a_file_is_dropped(text, tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(text.encode())
    environ = without(NEEDED, "CLIENT_SECRET") | {"CLIENT_SECRET_FILE": str(path)}

    assert named(problems(environ)) == ["CLIENT_SECRET"]


def test_a_byte_order_mark_at_the_beginning_of_a_file_does_not_matter(env_file):
    assert read_settings(NEEDED, env_file=env_file("\ufeffPORT=1")).port == 1


@pytest.mark.parametrize("name", ["CLIENT_SECRET", "ENCRYPTION_SECRET", "PORT"])
def test_a_value_and_its_file_at_once_are_an_error(name):
    [problem] = problems(SEALED | {name: KEY, f"{name}_FILE": "/anywhere"})

    assert problem == f"{name}: both {name} and {name}_FILE are set"


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

    assert problem.startswith("CLIENT_SECRET: the file of CLIENT_SECRET_FILE cannot be read (")
    assert "hidden-name" not in problem


@pytest.mark.parametrize("name", ["ENCRYPTION_SECRET", "LEGACY_SECRETS", "CLIENT_ID"])
def test_text_that_is_not_utf_8_is_told(name):
    assert problems(SEALED | {name: "\udce9" * 16}) == [f"{name}: is not valid UTF-8"]


@pytest.mark.parametrize("in_file", ["PORT_FILE=/nowhere\n", "PORT=1111\n"])
def test_the_environment_wins_however_the_file_says_it(in_file, env_file):
    assert read_settings(NEEDED | {"PORT": "2222"}, env_file=env_file(in_file)).port == 2222


def test_a_file_alone_is_enough(env_file):
    path = env_file("".join(f"{name}={text}\n" for name, text in SEALED.items()))

    assert read({}, env_file=path).values == read(SEALED).values


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
    complaints = problems(NEEDED, env_file=env_file(f"PORT=1\n{line}\n"))

    assert any("line 2" in problem for problem in complaints)
    assert "hidden" not in "".join(complaints)


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
    [warning] = [risk for risk in risks(read(environ), environ) if risk.at_start]

    assert read(environ).values == read(SEALED).values
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

    assert "missing.env: cannot be read (FileNotFoundError)" in problem


def test_everything_wrong_is_said_at_once_and_once():
    environ = {
        "CLIENT_ID": "a:b",
        "PORT": "many",
        "REVOKE_BEFORE": "yesterday",
        "LOG_LEVEL": "loud",
        "ROTATION_REPLAY": "-1",
        "CORS_ORIGINS": "nowhere",
        "SPOTIFY_ACCOUNTS_URL": "http://other.example",
        "ENCRYPTION_SECRET": "short",
        "LEGACY_TOKENS": "plain",
        "LEGACY_TOKENS_UNTIL": "some day",
    }

    wrong = [problem.partition(":")[0] for problem in problems(environ)]
    assert sorted(wrong) == sorted({*environ, "CLIENT_SECRET", "CALLBACK_URL"} - {"LEGACY_TOKENS"})


@pytest.mark.parametrize("name", sorted(variables()[name].name for name in variables()))
def test_no_complaint_ever_repeats_a_value(name, written):
    environ, path = written(name, "leaky-7f3a9c:é/value", without(SEALED, name))

    reading = read(environ, env_file=path)
    try:
        reading.settings()
    except SettingsError as error:
        complaints = str(error)
    else:
        complaints = "\n".join(map(str, risks(reading, environ)))

    assert "leaky" not in complaints
    assert "7f3a9c" not in complaints


texts = st.text(max_size=14) | strategies.printable(14)


@given(st.dictionaries(st.sampled_from(sorted(GOOD_VALUES)), texts, max_size=4))
def test_whatever_is_set_makes_settings_or_problems_that_name_variables(environ):
    wrong = {finding.variable for finding in read(SEALED | environ).wrong}

    assert wrong <= {variable.name for variable in variables().values()}


UNTIL = {"LEGACY_TOKENS_UNTIL": "2999-12-31"}
PLAIN = {"SPOTIFY_ACCOUNTS_URL": "http://other.example"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("REUSE_PORT", "on"),
        ("STORE_URL", "redis://store.example"),
        ("PREVIOUS_ENCRYPTION_SECRETS", OLDER),
        ("LEGACY_TOKENS", "fernet"),
        ("FLY_MACHINE_ID", "e784079b449483"),
    ],
)
def test_a_temporary_key_will_not_do_where_others_must_know_it(name, text):
    assert problems(NEEDED | {name: text}) == [
        f"ENCRYPTION_SECRET: is required because {name} is set; create one with `sanic-swap keygen`"
    ]


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"REUSE_PORT": "off"}, id="REUSE_PORT off"),
        pytest.param({"PREVIOUS_ENCRYPTION_SECRETS": " \n"}, id="no older secret"),
        pytest.param({"FLY_MACHINE_ID": ""}, id="an empty machine id"),
        pytest.param({"LEGACY_TOKENS": "none"}, id="no imports"),
    ],
)
def test_a_temporary_key_will_do_otherwise(environ):
    assert read_settings(NEEDED | environ).encryption_secret is None


def test_a_wrong_store_needs_a_key_as_a_right_one_does():
    wrong = problems(NEEDED | {"STORE_URL": "http://store.example"})

    assert named(wrong) == ["ENCRYPTION_SECRET", "STORE_URL"]


def test_an_empty_encryption_secret_is_a_mistake_wherever_it_stands(written):
    environ, path = written("ENCRYPTION_SECRET", "", NEEDED)

    assert named(problems(environ, env_file=path)) == ["ENCRYPTION_SECRET"]


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        pytest.param({"METRICS_PORT": "4343"}, "METRICS_PORT: is the same", id="one port for two"),
        pytest.param({"METRICS_PORT": "9", "PORT": "9"}, "METRICS_PORT: is", id="a chosen one"),
        pytest.param({"RETIRED_KEY_IDS": KEY_ID}, "RETIRED_KEY_IDS: contains", id="a retired key"),
        pytest.param(PLAIN, "SPOTIFY_ACCOUNTS_URL: is plain http", id="plain http"),
        pytest.param(
            PLAIN | {"SPOTIFY_ACCOUNTS_INSECURE": "off"}, "SPOTIFY_ACCOUNTS_URL: is", id="refused"
        ),
        pytest.param(
            {"REAL_IP_HEADER": "x-forwarded-for"}, "REAL_IP_HEADER: needs PROXIES_COUNT", id="list"
        ),
        *(
            pytest.param(
                {"LEGACY_TOKENS": f"{formats},fernet"},
                f"LEGACY_TOKENS_UNTIL: is required by LEGACY_TOKENS={formats}: the last day they",
                id=f"{formats} for ever",
            )
            for formats in ("plain", "node", "ruby", "node,plain")
        ),
        *(
            pytest.param(
                {"ENCRYPTION_SECRET": current, "PREVIOUS_ENCRYPTION_SECRETS": "\n".join(previous)},
                "PREVIOUS_ENCRYPTION_SECRETS: two different keys have the id ",
                id=f"an id of two keys, {len(previous)} previous",
            )
            for current, *previous in ((KEY, *SAME_ID), SAME_ID)
        ),
    ],
)
def test_settings_that_cannot_be_used_together_are_told(environ, complaint):
    [problem] = problems(SEALED | environ)

    assert problem.startswith(complaint)
    assert not any(secret in problem for secret in (KEY, *SAME_ID))


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"METRICS_PORT": "0", "PORT": "0"}, id="two free ports"),
        pytest.param({"SPOTIFY_ACCOUNTS_URL": "http://localhost:8090"}, id="this machine"),
        pytest.param({"SPOTIFY_ACCOUNTS_URL": "https://other.example"}, id="https"),
        pytest.param(PLAIN | {"SPOTIFY_ACCOUNTS_INSECURE": "on"}, id="plain http, allowed"),
        pytest.param({"LEGACY_TOKENS": "fernet"}, id="fernet for ever"),
        pytest.param({"LEGACY_TOKENS": "node"} | UNTIL, id="node until a day"),
    ],
)
def test_others_can(environ):
    assert read_settings(SEALED | environ)


@pytest.mark.parametrize(
    ("setting", "library", "extra"),
    [
        ({"STORE_URL": "redis://127.0.0.1"}, "redis", "redis"),
        ({"NEW_RELIC_LICENSE_KEY": "eu01xx"}, "newrelic", "newrelic"),
        ({"LEGACY_TOKENS": "node"}, "cryptography", "legacy"),
        ({"LEGACY_TOKENS": "ruby"}, "cryptography", "legacy"),
        ({"LEGACY_TOKENS": "node,fernet"}, "cryptography", "legacy"),
        ({"LEGACY_TOKENS": "plain"}, "cryptography", None),
        ({"LEGACY_TOKENS": "none"}, "cryptography", None),
    ],
)
def test_some_settings_need_a_library(setting, library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    wrong = [str(problem) for problem in read(SEALED | UNTIL | setting).wrong]

    [name] = setting
    needs = f"{name}: needs the extra `{extra}`, or `pip install {library}`"
    assert wrong == ([needs] if extra else [])


@pytest.mark.parametrize(
    "secret", [pytest.param("s3cr3t", id="short"), pytest.param(PUBLISHED, id="published")]
)
def test_a_secret_that_may_not_seal_is_shown_its_place(secret):
    [problem] = problems(SEALED | {"ENCRYPTION_SECRET": secret})

    assert problem.startswith("ENCRYPTION_SECRET: ")
    assert "a new key from `sanic-swap keygen`" in problem
    assert "move it to LEGACY_SECRETS" in problem
    assert secret not in problem


def test_other_services_secrets_are_by_default_all_of_ours():
    def opening(environ):
        secrets = read_settings(SEALED | environ).legacy_opening_secrets
        return [secret.reveal() for secret in secrets]

    older = {"PREVIOUS_ENCRYPTION_SECRETS": f"{PUBLISHED}\nshort"}
    assert opening({}) == [KEY]
    assert opening(older) == [KEY, PUBLISHED, "short"]
    assert opening(older | {"LEGACY_SECRETS": f"a, b \n \n{PUBLISHED}"}) == ["a, b ", PUBLISHED]


def test_machines_can_be_compared_by_the_ids_that_they_log():
    environ = {"PREVIOUS_ENCRYPTION_SECRETS": f"{OLDER}\nshort\n{KEY}\n{OLDER}"}
    older_id = read_settings(SEALED | {"ENCRYPTION_SECRET": OLDER}).key_ids_in_use["current"]

    assert read_settings(SEALED | environ | {"RETIRED_KEY_IDS": "another1"}).key_ids_in_use == {
        "current": KEY_ID,
        "previous": f"{older_id},{KEY_ID}",
        "retired": "another1",
    }
    assert read_settings(NEEDED).key_ids_in_use == {
        "current": "temporary",
        "previous": "-",
        "retired": "-",
    }


def test_settings_do_not_show_secrets():
    environ = SEALED | {"PREVIOUS_ENCRYPTION_SECRETS": f"{OLDER}\nhidden"}
    shown = repr(read_settings(environ))

    for secret in (KEY, OLDER, "hidden", NEEDED["CLIENT_SECRET"]):
        assert secret not in shown
    assert repr(bytes.fromhex(KEY)) not in shown


def test_no_name_is_of_two_settings():
    spellings = [name for variable in variables().values() for name in variable.spellings]

    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(
    ("environ", "believed"),
    [
        ({}, None),
        ({"REAL_IP_HEADER": "Fly-Client-IP"}, AddressHeader("Fly-Client-IP", None)),
        ({"PROXIES_COUNT": "1"}, AddressHeader("X-Forwarded-For", 1)),
        (
            {"PROXIES_COUNT": "2", "REAL_IP_HEADER": "X-Client-IPs"},
            AddressHeader("X-Client-IPs", 2),
        ),
    ],
)
def test_a_header_is_believed_once_it_is_named(environ, believed):
    assert read_settings(SEALED | environ).address_header == believed
