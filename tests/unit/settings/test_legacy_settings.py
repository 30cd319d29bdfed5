"""What the settings about other services' tokens need of each other, and what they say of it."""

import sys
from datetime import UTC, datetime

import pytest

from sanic_swap.errors import SettingsError
from tests.reading import read_settings

KEY = "ab" * 32
SET = {
    "CLIENT_ID": "an-app",
    "CLIENT_SECRET": "shared-with-spotify",
    "CALLBACK_URL": "my-app://callback",
    "ENCRYPTION_SECRET": KEY,
}
# Backwards, so that a search for the secret does not find it in one more place.
PUBLISHED = "CXGh8DLTymGHa9WHiVzGLKLtHPmDfkybVzHdWFBUJUefiyLJFc"[::-1]


def problems(environ):
    with pytest.raises(SettingsError) as wrong:
        read_settings(SET | environ)
    return wrong.value.problems


def revealed(environ):
    return [secret.reveal() for secret in read_settings(SET | environ).legacy_opening_secrets]


def test_by_default_they_are_all_of_ours():
    assert revealed({}) == [KEY]
    older = {"PREVIOUS_ENCRYPTION_SECRETS": f"{PUBLISHED}\nshort"}
    assert revealed(older) == [KEY, PUBLISHED, "short"]
    assert revealed(older | {"LEGACY_SECRETS": f"a, b \n \n{PUBLISHED}"}) == ["a, b ", PUBLISHED]


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
    assert "a new key from `sanic-swap keygen`" in problem
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


@pytest.mark.parametrize("formats", ["plain", "node", "ruby", "node,plain"])
def test_tokens_that_nothing_authenticates_need_a_last_day(formats, tmp_path):
    [problem] = problems({"LEGACY_TOKENS": formats + ",fernet"})

    assert problem.startswith(f"LEGACY_TOKENS_UNTIL: is required by LEGACY_TOKENS={formats}: ")
    assert read_settings(SET | {"LEGACY_TOKENS": formats, "LEGACY_TOKENS_UNTIL": "2027-01-01"})
    assert read_settings(SET | {"LEGACY_TOKENS": "fernet"})
    path = tmp_path / "until"
    path.write_text("2027-01-01\n")
    assert read_settings(
        SET | {"LEGACY_TOKENS": formats, "LEGACY_TOKENS_UNTIL_FILE": str(path)}
    ).legacy_closes_at


def test_a_wrong_last_day_is_told_once():
    [problem] = problems({"LEGACY_TOKENS": "plain", "LEGACY_TOKENS_UNTIL": "some day"})

    assert "must be an ISO 8601 date" in problem


@pytest.mark.parametrize("formats", ["plain", "none"])
def test_what_has_no_cipher_needs_no_library(formats, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)

    assert read_settings(SET | {"LEGACY_TOKENS": formats, "LEGACY_TOKENS_UNTIL": "2999-01-01"})
