"""What lies in the store opens for those with the key, in its own place and time alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.secret import Secret
from sanic_swap.store.flights import StoreSealer

OLD, NEW, OTHER = (root_key(f"{number}" * 64) for number in "123")
CONTEXT = SealingContext("app", "https://accounts.spotify.com")
NAME, ELSEWHERE = b"n" * 32, b"e" * 32
values = st.binary(max_size=200)


def sealer(*keys, context=CONTEXT, now=1000.0):
    return StoreSealer(keys, context, now=lambda: now)


@given(values)
def test_what_was_sealed_opens(value):
    assert sealer(NEW).open(NAME, sealer(NEW).seal(NAME, value, 30)) == value


@given(values, st.data())
def test_one_changed_byte_is_noticed(value, data):
    sealed = bytearray(sealer(NEW).seal(NAME, value, 30))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))

    assert sealer(NEW, OLD).open(NAME, bytes(sealed)) is None


@given(st.binary(max_size=100))
def test_anything_else_is_nothing(sealed):
    assert sealer(NEW).open(NAME, sealed) is None
    assert sealer(NEW).open(NAME, NEW.key_id(CONTEXT).encode() + sealed) is None


def test_machines_in_a_change_of_keys_understand_each_other():
    before, after = sealer(OLD, NEW), sealer(NEW, OLD)

    assert before.open(NAME, after.seal(NAME, b"x", 30)) == b"x"
    assert after.open(NAME, before.seal(NAME, b"x", 30)) == b"x"
    assert sealer(NEW).open(NAME, after.seal(NAME, b"x", 30)) == b"x"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(sealer(OTHER), id="another key"),
        pytest.param(sealer(NEW, context=SealingContext("b", CONTEXT.origin)), id="another app"),
        pytest.param(sealer(NEW, now=1000 + 30 + 61), id="another time"),
    ],
)
def test_nobody_else_opens_it(other):
    assert other.open(NAME, sealer(NEW).seal(NAME, b"x", 30)) is None


def test_an_answer_is_not_another_users():
    assert sealer(NEW).open(ELSEWHERE, sealer(NEW).seal(NAME, b"x", 30)) is None


def test_it_is_no_sealed_token():
    """The keys differ, so that neither can be taken for the other."""
    token = KeyRing([NEW], CONTEXT).seal(Secret("AQ"), 0)

    assert sealer(NEW).open(NAME, token.encode()) is None
