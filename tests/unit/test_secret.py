"""A secret does not show itself."""

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass

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
        pytest.param(lambda secret: f"{secret}", id="an f-string"),
        pytest.param(lambda secret: f"{secret!r:>40}", id="an f-string with a width"),
        pytest.param(lambda secret: "%s %r" % (secret, secret), id="percent signs"),  # noqa: UP031 - logging does it so
        pytest.param(lambda secret: str([secret]), id="in a list"),
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
    assert shown == show(Secret(""))  # not even its length shows


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(json.dumps, id="json"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda secret: asdict(Holder(secret)), id="a dataclass's dict"),
        pytest.param(vars, id="a dictionary of attributes"),
    ],
)
def test_a_secret_is_not_serialised(write):
    with pytest.raises(TypeError):
        write(Secret(HIDDEN))


@given(st.text(st.characters()), st.text(st.characters()))  # half surrogate pairs, too
def test_secrets_are_equal_exactly_when_their_strings_are(one, two):
    assert (Secret(one) == Secret(two)) == (one == two)
    assert hash(Secret(one)) == hash(Secret(one))
    assert Secret(one).reveal() == one
    assert Secret(one) != one
