"""Rates as operators write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanic_swap.limits import Rate
from sanic_swap.rates import rates

WANTED = "^must be a rate such as 60/minute, or several separated by commas, or off$"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("60/minute", (Rate(60, 60),)),
        ("60 per minute", (Rate(60, 60),)),
        ("2/second", (Rate(1, 2),)),
        ("100/10minutes", (Rate(600, 100),)),
        ("100 / 10 Minutes", (Rate(600, 100),)),
        ("1000/day", (Rate(86_400, 1000),)),
        ("1000/hour, 60/minute", (Rate(3600, 1000), Rate(60, 60))),
        ("off", ()),
        (" OFF ", ()),
    ],
)
def test_rates_are_read_as_the_library_writes_them(text, read):
    assert rates(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "60",
        "minute",
        "60/",
        "/minute",
        "60/fortnight",
        "0/minute",
        "00/minute",
        "60/0minutes",
        "60/minute, 0/hour",
        "-1/minute",
        "1.5/minute",
        "60/minute,",
        ",60/minute",
        "60/minute x",
        "on",
        "unlimited",
        "\u0666/minute",
        "9" * 5000 + "/minute",
    ],
)
def test_what_is_no_rate_is_refused_without_an_echo(text):
    with pytest.raises(ValueError, match=WANTED):
        rates(text)


@settings(deadline=None)  # the library may be read
@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text):
    try:
        read = rates(text)
    except ValueError:
        read = ()

    assert all(rate.seconds > 0 and rate.requests > 0 for rate in read)
