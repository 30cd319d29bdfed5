"""What goes to Spotify in a form is what quote_plus of the standard library makes of it."""

from urllib.parse import quote_plus

from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.spotify.accounts import form_encoded
from tests import strategies


@given(strategies.refresh_tokens() | st.text())
def test_a_value_is_encoded_as_the_standard_library_does_it(value: str) -> None:
    assert form_encoded(value) == quote_plus(value)


@given(strategies.realistic_tokens())
def test_a_real_token_goes_out_as_it_is(token: str) -> None:
    assert form_encoded(token) is token
