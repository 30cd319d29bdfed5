"""A secret does not show itself."""

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.secret import Secret

HIDDEN = "s3cr3t-value"


@dataclass(frozen=True)
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "show",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param(ascii, id="ascii"),
        pytest.param(lambda secret: f"{secret}", id="an f-string"),
        pytest.param(lambda secret: f"{secret!r:>40}", id="an f-string with a width"),
        pytest.param(lambda secret: "%s %r" % (secret, secret), id="percent signs"),  # noqa: UP031 - logging does it so
        pytest.param("{}".format, id="format"),
        pytest.param(lambda secret: str([secret]), id="in a list"),
        pytest.param(lambda secret: str({secret: secret}), id="in a dict"),
        pytest.param(lambda secret: repr(Holder(secret)), id="in a dataclass"),
        pytest.param(lambda secret: str(ValueError(secret)), id="in an error"),
        pytest.param(
            lambda secret: logging.LogRecord("x", 20, "x", 1, "%s", (secret,), None).getMessage(),
            id="in a log line",
        ),
        pytest.param(
            lambda secret: "".join(traceback.format_exception(ValueError(secret))),
            id="in a traceback",
        ),
    ],
)
def test_a_secret_shows_stars(show):
    shown = show(Secret(HIDDEN))

    assert HIDDEN not in shown
    assert "***" in shown


@pytest.mark.parametrize("length", [0, 1, 1000])
def test_not_even_its_length_shows(length):
    assert repr(Secret("x" * length)) == repr(Secret("other"))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(json.dumps, id="json"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda secret: asdict(Holder(secret)), id="a dataclass's dict"),
    ],
)
def test_a_secret_is_not_serialised(write):
    with pytest.raises(TypeError):
        write(Secret(HIDDEN))


def test_no_dictionary_of_attributes_gives_it_away():
    with pytest.raises(TypeError):
        vars(Secret(HIDDEN))


@given(st.text())
def test_reveal_gives_the_very_string(text):
    assert Secret(text).reveal() == text


@given(st.text(), st.text())
def test_secrets_are_equal_exactly_when_their_strings_are(one, two):
    assert (Secret(one) == Secret(two)) == (one == two)
    assert Secret(one) == Secret(one)
    assert hash(Secret(one)) == hash(Secret(one))


def test_a_secret_is_never_equal_to_the_bare_string():
    assert Secret(HIDDEN) != HIDDEN
    assert Secret(HIDDEN) not in {HIDDEN: 1}


def test_a_value_that_holds_a_secret_can_be_copied_with_changes():
    assert replace(Holder(Secret("old")), secret=Secret("new")).secret.reveal() == "new"
