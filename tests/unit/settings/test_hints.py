"""A setting that is misspelt, or still an example's placeholder, is said to be that."""

import pytest

from sanic_swap.errors import SettingsError
from sanic_swap.settings.hints import is_placeholder
from tests.reading import read_settings
from tests.unit.settings.test_reading import NEEDED


def problems(**changes):
    environ = {name: text for name, text in {**NEEDED, **changes}.items() if text is not None}
    with pytest.raises(SettingsError) as raised:
        read_settings(environ)
    return raised.value.problems


def test_a_missing_setting_names_its_likely_typo():
    [problem] = problems(CALLBACK_URL=None, CALBACK_URL="my-app://callback", PATH="/bin")

    assert problem.startswith("CALLBACK_URL: is missing")
    assert problem.endswith("; CALBACK_URL is set: is that a typo?")


def test_a_missing_setting_without_a_typo_is_only_missing():
    [problem] = problems(CLIENT_ID=None, PATH="/bin", CLIENTS="3")

    assert "typo" not in problem


@pytest.mark.parametrize("text", ["…", "...", "<your id>", "changeme", "CHANGE_ME", "your-id"])
def test_a_placeholder_is_said_to_be_one(text):
    assert problems(CLIENT_ID=text) == ["CLIENT_ID: is still the placeholder of an example"]


@pytest.mark.parametrize("text", ["my-app://callback", "0123456789abcdef", "yourapp", "xx"])
def test_a_value_is_no_placeholder(text):
    assert not is_placeholder(text)


def test_a_callback_without_its_colon_says_what_it_wants():
    [problem] = problems(CALLBACK_URL="my-app//callback")

    assert "must have :// after the scheme, as in my-app://callback" in problem
