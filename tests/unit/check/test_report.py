"""A report shows what may be seen, says the worst first, and fits a terminal."""

import json

import pytest

from sanic_swap.check.against import Fate, Loss
from sanic_swap.check.report import Report, Row, rows
from sanic_swap.settings.reading import Finding, Level, read
from sanic_swap.settings.table import variables
from tests.unit.settings.test_reading import GOOD_VALUES, NEEDED, SEALED

LOST = Loss("RETIRED_KEY_IDS: names key abc", "everyone", Fate.LOGGED_OUT, "take it out")
HIDDEN = {
    "CLIENT_SECRET": "hidden-client-secret",
    "ENCRYPTION_SECRET": "hidden sealing secret",
    "PREVIOUS_ENCRYPTION_SECRETS": "hidden older secret\nhidden",
    "LEGACY_SECRETS": "hidden secret of another service",
    "NEW_RELIC_LICENSE_KEY": "hidden-license",
}


def shown(environ):
    return {row.name: row.value for row in rows(read(environ))}


def text_of(given):
    return "\n".join(given.lines(80))


def report(*levels, losses=()):
    return Report(
        [Row("PORT", "1", "default")], [Finding(one, "X", "x") for one in levels], [*losses]
    )


def test_a_secret_is_never_shown_and_of_a_client_id_no_more_than_it_takes_to_know_it():
    table = shown({**NEEDED, **HIDDEN, "CLIENT_ID": "0123456789abcdef"})

    assert "hidden" not in json.dumps(table)
    assert all(table[name].startswith("set") for name in HIDDEN)
    assert table["CLIENT_ID"] == "01234567…"


def test_settings_are_shown_unless_they_may_hold_a_secret():
    environ = {**SEALED, **GOOD_VALUES, "LEGACY_TOKENS": "node", "PREVIOUS_ENCRYPTION_SECRETS": ""}
    hidden = {name for name, value in shown(environ).items() if value.startswith("set")}

    # A new setting is hidden until somebody decides that it may be seen.
    assert hidden <= {*HIDDEN, "STORE_URL"}


def test_values_of_several_parts_are_shown_in_one_way_each():
    environ = {"SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:8090", "CORS_ORIGINS": "null,https://a"}
    table = shown({**SEALED, **environ, "RATE_LIMIT": "1/day,60/minute"})

    assert table["SPOTIFY_ACCOUNTS_URL"] == "http://127.0.0.1:8090"
    assert table["CORS_ORIGINS"] == "null, https://a"
    assert table["RATE_LIMIT"] == "1 in 86400 s, 60 in 60 s"


def test_every_setting_has_a_row_whatever_is_wrong():
    wrong = dict.fromkeys((variable.name for variable in variables().values()), "\x00 hidden")
    table = shown(wrong)

    assert set(table) == set(wrong)
    assert "hidden" not in json.dumps(table)
    assert table["PORT"] == "wrong, see below"
    assert shown({})["CLIENT_ID"] == "missing"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param(report(Level.FINE), 0, id="fine"),
        pytest.param(report(Level.NOT_KNOWN), 0, id="not known"),
        pytest.param(report(Level.FINE, Level.RISKY), 1, id="risky"),
        pytest.param(report(losses=[LOST]), 1, id="lost"),
        pytest.param(report(Level.RISKY, Level.WRONG, losses=[LOST]), 2, id="wrong"),
    ],
)
def test_the_worst_decides_on_the_exit_code(given, code):
    assert given.exit_code == code
    assert json.loads(given.as_json())["exit_code"] == code
    assert text_of(given).endswith(f"(exit code {code})")


def test_the_worst_comes_first():
    text = text_of(report(*reversed(Level), losses=[LOST]))

    assert [line for line in text.splitlines() if line.istitle() or line == "Not known"] == [
        "Settings",
        "Wrong",
        "Risky",
        "Not known",
        "Note",
        "Fine",
    ]
    assert "logged out: everyone. RETIRED_KEY_IDS: names key abc. Remedy: take it out" in text


def test_lines_are_no_wider_than_the_terminal_but_for_words_that_are():
    uri = "https://app.example/" + "x" * 100
    environ = {**SEALED, "CALLBACK_URL": f"{uri},myapp://callback"}
    told = Report(rows(read(environ)), [Finding(Level.RISKY, "X", "word " * 60)], [LOST])
    wide = [line for line in text_of(told).splitlines() if len(line) > 80]

    assert [uri in line for line in wide] == [True]
