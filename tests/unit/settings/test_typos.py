"""Placeholders, misspelt names and what stands around a value are named, never the value."""

import pytest

from sanic_swap.settings import values
from tests.reading import read_settings
from tests.unit.settings.test_reading import NEEDED, SEALED, problems, without

KEY, OTHER = "q6iEeahz4nFTUhwINDW5n_LZ0qsu5D_5qwm-FEeeFNs", "ab" * 32
HORSE = "correct horse battery staple"


def test_a_missing_setting_names_its_likely_typo():
    environ = without(NEEDED, "CALLBACK_URL") | {"CALBACK_URL": "my-app://callback", "PATH": "/bin"}
    [problem] = problems(environ)

    assert problem.startswith("CALLBACK_URL: is missing")
    assert problem.endswith("; CALBACK_URL is set: is that a typo?")


def test_a_missing_setting_without_a_typo_is_only_missing():
    [problem] = problems(without(NEEDED, "CLIENT_ID") | {"PATH": "/bin", "CLIENTS": "3"})

    assert "typo" not in problem


@pytest.mark.parametrize("text", ["…", "...", "<your id>", "changeme", "CHANGE_ME", "your-id"])
def test_a_placeholder_is_said_to_be_one(text):
    wrong = ["CLIENT_ID: is still the placeholder of an example"]

    assert problems(NEEDED | {"CLIENT_ID": text}) == wrong


@pytest.mark.parametrize("text", ["my-app://callback", "0123456789abcdef", "yourapp", "xx"])
def test_a_value_is_no_placeholder(text):
    assert read_settings(NEEDED | {"CLIENT_SECRET": text})


@pytest.mark.parametrize("key", [KEY, OTHER], ids=["base64url", "hex"])
@pytest.mark.parametrize(
    ("around", "named"),
    [
        pytest.param("{}\n", "a line end", id="printf with a newline"),
        pytest.param("{}\r", "a line end", id="half a line end of Windows"),
        pytest.param("{}\\n", "a line end", id="a line end as two characters"),
        pytest.param(" {}", "blanks", id="a blank before"),
        pytest.param("{} ", "blanks", id="a blank behind"),
        pytest.param('"{}"', "quotes", id="quotes that docker --env-file leaves"),
        pytest.param("'{}'", "quotes", id="single quotes"),
        pytest.param('"""{}"""', "quotes", id="three quotes"),
        pytest.param("{} # of 2026", "a comment", id="a comment"),
        pytest.param('"{}" # of 2026', "a comment and quotes", id="quotes and a comment"),
        pytest.param("\ufeff{}", "an invisible character", id="a byte order mark"),
        pytest.param("ENCRYPTION_SECRET={}", "its name", id="a whole line of .env"),
    ],
)
def test_a_key_with_something_around_it_is_no_other_key(key, around, named):
    text = around.format(key)

    for name in ("ENCRYPTION_SECRET", "PREVIOUS_ENCRYPTION_SECRETS"):
        if "\n" in text and name.startswith("PREVIOUS"):
            continue  # there a line end ends the line
        [problem] = problems(SEALED | {name: text})
        assert problem == f"{name}: has {named} next to the key; write the key alone"


@pytest.mark.parametrize("between", [",", " ", "\\n", ";", '","'])
def test_several_keys_are_not_one(between):
    [problem] = problems(SEALED | {"PREVIOUS_ENCRYPTION_SECRETS": f"{KEY}{between}{OTHER}"})

    assert problem.startswith("PREVIOUS_ENCRYPTION_SECRETS: has several keys")
    assert KEY not in problem


@pytest.mark.parametrize(
    "passphrase", [HORSE, f'"{HORSE}"', f" {HORSE} ", f"{HORSE} # 1", f"{KEY} {HORSE}", KEY + KEY]
)
def test_a_passphrase_stays_as_it_is(passphrase):
    assert values.sealing_secret(passphrase).secret.reveal() == passphrase


def test_two_line_ends_of_a_key_file_are_one_too_many(tmp_path):
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n\n")

    [problem] = problems(NEEDED | {"ENCRYPTION_SECRET_FILE": str(path)})

    assert "a line end next to the key" in problem


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        pytest.param("CLIENT_ID", '"an-app"', "quotes", id="an id in quotes"),
        pytest.param("CLIENT_ID", "an-app # mine", "a comment", id="an id and a comment"),
        pytest.param("CLIENT_SECRET", "'leaky'", "quotes", id="a secret in quotes"),
        pytest.param("CLIENT_SECRET", "leaky\n", "a line end", id="a secret and a line end"),
        pytest.param("CALLBACK_URL", '"my-app://leaky"', "quotes", id="a list in quotes"),
        pytest.param("SPOTIFY_ACCOUNTS_URL", " https://leaky.example", "blanks", id="a URL"),
        pytest.param("STORE_URL", '"redis://:leaky@h"', "quotes", id="the store's URL"),
        pytest.param("CORS_ORIGINS", '"https://leaky.example"', "quotes", id="origins"),
        pytest.param("REAL_IP_HEADER", "'X-Leaky'", "quotes", id="a header"),
        pytest.param("RETIRED_KEY_IDS", '"leaky123"', "quotes", id="ids of keys"),
        pytest.param("PORT", "4343 # leaky", "a comment", id="a number"),
        pytest.param("HOST", '"::"', "quotes", id="an address"),
    ],
)
def test_other_values_say_what_is_around_them(name, text, named):
    [problem] = problems(SEALED | {name: text})

    assert problem.startswith(f"{name}: ")
    assert problem.endswith(f"; it has {named} next to it")
    assert "leaky" not in problem.lower()
