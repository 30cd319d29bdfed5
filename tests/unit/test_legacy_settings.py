"""What the settings about other services' tokens need of each other, and what they say of it."""

import sys
from datetime import UTC, datetime

import pytest

from sanic_swap.errors import SettingsError
from sanic_swap.risks import risks
from sanic_swap.setting_reading import read_settings
from tests.legacy_sealers import FERNET_KEY

KEY = "ab" * 32
SET = {
    "CLIENT_ID": "an-app",
    "CLIENT_SECRET": "shared-with-spotify",
    "CALLBACK_URL": "my-app://callback",
    "ENCRYPTION_SECRET": KEY,
}
# Backwards, so that a search for the secret does not find it in one more place.
PUBLISHED = "CXGh8DLTymGHa9WHiVzGLKLtHPmDfkybVzHdWFBUJUefiyLJFc"[::-1]


def told(environ):
    return [str(risk) for risk in risks(read_settings(SET | environ), {}, ())]


def problems(environ):
    with pytest.raises(SettingsError) as wrong:
        read_settings(SET | environ)
    return wrong.value.problems


def revealed(environ):
    return [secret.reveal() for secret in read_settings(SET | environ).legacy_opening_secrets]


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        pytest.param("a", ["a"], id="one character"),
        pytest.param(" a, b ", [" a, b "], id="blanks and commas belong to it"),
        pytest.param("first\n\n  \nsecond\r\nthird\n", ["first", "second", "third"], id="lines"),
        pytest.param(PUBLISHED, [PUBLISHED], id="published"),
        pytest.param("ö" * 500, ["ö" * 500], id="a long one"),
    ],
)
def test_secrets_of_other_services_may_be_anything(text, secrets):
    assert revealed({"LEGACY_SECRETS": text}) == secrets


def test_by_default_they_are_all_of_ours():
    assert revealed({}) == [KEY]
    assert revealed({"PREVIOUS_ENCRYPTION_SECRETS": f"{PUBLISHED}\nshort"}) == [
        KEY,
        PUBLISHED,
        "short",
    ]


@pytest.mark.parametrize(
    "text", [pytest.param(" \n\r\n", id="blank lines"), pytest.param("\udce9", id="no text")]
)
def test_secrets_must_be_some(text):
    [problem] = problems({"LEGACY_SECRETS": text})

    assert problem.startswith("LEGACY_SECRETS: ")


@pytest.mark.parametrize(
    "secret", [pytest.param("s3cr3t", id="short"), pytest.param(PUBLISHED, id="published")]
)
def test_a_secret_that_may_not_seal_is_shown_its_place(secret):
    [problem] = problems({"ENCRYPTION_SECRET": secret})

    assert problem.startswith("ENCRYPTION_SECRET: ")
    assert "a new key from `sanic-swap keygen` here" in problem
    assert "move it to LEGACY_SECRETS" in problem
    assert secret not in problem


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        pytest.param("2026-11-23", datetime(2026, 11, 24, tzinfo=UTC), id="a day"),
        pytest.param("20261231", datetime(2027, 1, 1, tzinfo=UTC), id="the last of a year"),
    ],
)
def test_the_last_day_is_a_whole_day_of_utc(text, ends):
    settings = read_settings(SET | {"LEGACY_TOKENS_UNTIL": text})

    assert settings.legacy_closes_at == ends.timestamp()
    assert read_settings(SET | {"LEGACY_TOKENS_UNTIL": "9999-12-31"}).legacy_closes_at


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "2026-11-23T12:00:00Z", "23.11.2026"])
def test_no_other_days_are_understood(text):
    [problem] = problems({"LEGACY_TOKENS_UNTIL": text})

    assert problem.startswith("LEGACY_TOKENS_UNTIL: must be an ISO 8601 date")


@pytest.mark.parametrize("formats", ["plain", "node,plain"])
def test_plain_tokens_need_a_last_day(formats, tmp_path):
    [problem] = problems({"LEGACY_TOKENS": formats})

    assert problem == (
        "LEGACY_TOKENS_UNTIL: is missing, and required because LEGACY_TOKENS has plain; the last"
        " day on which such tokens open, such as 2027-05-31"
    )
    assert read_settings(SET | {"LEGACY_TOKENS": formats, "LEGACY_TOKENS_UNTIL": "2027-01-01"})
    assert read_settings(SET | {"LEGACY_TOKENS": "node,ruby,fernet"})
    path = tmp_path / "until"
    path.write_text("2027-01-01\n")
    assert read_settings(
        SET | {"LEGACY_TOKENS": formats, "LEGACY_TOKENS_UNTIL_FILE": str(path)}
    ).legacy_closes_at


def test_a_wrong_last_day_is_told_once():
    [problem] = problems({"LEGACY_TOKENS": "plain", "LEGACY_TOKENS_UNTIL": "some day"})

    assert "must be an ISO 8601 date" in problem


@pytest.mark.parametrize("formats", ["node", "ruby", "fernet", "plain,ruby"])
def test_ciphers_need_a_library(formats, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    wanted = {"LEGACY_TOKENS": formats, "LEGACY_TOKENS_UNTIL": "2999-01-01"}

    [problem] = problems(wanted)

    assert problem == (
        "LEGACY_TOKENS: needs a library that is not installed here: the extra `legacy` brings it,"
        " and so does `pip install cryptography`"
    )
    assert read_settings(SET | {**wanted, "LEGACY_TOKENS": "plain"})
    assert read_settings(SET | {**wanted, "LEGACY_TOKENS": "none"})


@pytest.mark.parametrize(
    ("environ", "starts"),
    [
        pytest.param({"LEGACY_TOKENS": "node"}, [], id="nothing to say"),
        pytest.param({"LEGACY_TOKENS": "none", "LEGACY_SECRETS": "x"}, [], id="refused on purpose"),
        pytest.param({"LEGACY_SECRETS": "x"}, ["LEGACY_SECRETS: opens nothing"], id="no format"),
        pytest.param(
            {"LEGACY_TOKENS": "node", "REVOKE_BEFORE": "2026-01-01"},
            ["REVOKE_BEFORE: refuses all of LEGACY_TOKENS"],
            id="revoked",
        ),
        pytest.param(
            {"LEGACY_TOKENS": "none", "REVOKE_BEFORE": "2026-01-01"}, [], id="nothing to revoke"
        ),
        pytest.param(
            {"LEGACY_TOKENS": "ruby", "LEGACY_TOKENS_UNTIL": "2020-01-01"},
            ["LEGACY_TOKENS_UNTIL: is over"],
            id="over",
        ),
        pytest.param(
            {"LEGACY_TOKENS": "none", "LEGACY_TOKENS_UNTIL": "2020-01-01"}, [], id="nothing is over"
        ),
        pytest.param(
            {"LEGACY_TOKENS": "fernet"}, ["LEGACY_SECRETS: none is a Fernet key"], id="a hex key"
        ),
        pytest.param(
            {"LEGACY_TOKENS": "fernet", "LEGACY_SECRETS": f"x\n{FERNET_KEY}"}, [], id="a Fernet key"
        ),
        pytest.param(
            {"LEGACY_TOKENS": "fernet", "ENCRYPTION_SECRET": FERNET_KEY}, [], id="ours is one"
        ),
        pytest.param(
            {"PREVIOUS_ENCRYPTION_SECRETS": "short"},
            ["PREVIOUS_ENCRYPTION_SECRETS: one is too short"],
            id="a short older one",
        ),
        pytest.param(
            {"PREVIOUS_ENCRYPTION_SECRETS": PUBLISHED},
            ["PREVIOUS_ENCRYPTION_SECRETS: one is printed in public source"],
            id="a published older one",
        ),
    ],
)
def test_what_will_not_open_is_warned_of(environ, starts):
    lines = told(environ)

    assert len(lines) == len(starts)
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(start)


def test_the_last_day_is_over_when_it_ends():
    settings = read_settings(SET | {"LEGACY_TOKENS": "node", "LEGACY_TOKENS_UNTIL": "2026-11-23"})
    ends = datetime(2026, 11, 24, tzinfo=UTC).timestamp()

    assert not list(risks(settings, {}, (), now=lambda: ends - 1))
    assert len(list(risks(settings, {}, (), now=lambda: ends))) == 1
