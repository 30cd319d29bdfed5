"""Laws of sealing: what opens, what never does, and that no refusal tells why."""

import traceback
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import parse_qs

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.secret import Secret
from tests import strategies
from tests.strategies import BASE64URL

CONTEXT = SealingContext("a-client", "https://accounts.spotify.com")
KEY = root_key("1" * 64)
KEY_ID = KEY.key_id(CONTEXT)
KEYS = KeyRing([KEY], CONTEXT)
DATA = len("s1.12345678.")  # where nonce and ciphertext begin
tokens = strategies.refresh_tokens()
seals = st.builds(
    lambda token, moment: KEYS.seal(Secret(token), moment),
    strategies.printable(200),
    strategies.unix_seconds(),
)
contexts = st.builds(SealingContext, strategies.printable(40), strategies.printable(40))


def outcome(keys, sealed):
    """Return how *keys* refuse *sealed*; fail if they open it."""
    with pytest.raises((TokenRefused, TokenHeld)) as refused:
        keys.open(sealed)
    return refused.value


def refused(keys, sealed, *reasons):
    error = outcome(keys, sealed)
    assert type(error) is TokenRefused
    # One word for the log, and nothing of the token.
    assert error.args in [(reason,) for reason in reasons or ("altered", "not_a_token")]
    assert error.key_id in (None, KEY.key_id, sealed[3:11])
    assert error.__cause__ is None
    printed = traceback.format_exception(error)
    assert "During handling" not in "".join(printed)
    assert printed[-1].strip() == f"sanic_swap.errors.TokenRefused: {error}"


def tampered(sealed, changed):
    """Check a changed seal: of another key it may be held, otherwise it is refused."""
    assume(changed != sealed)
    error = outcome(KEYS, changed)
    if isinstance(error, TokenHeld):
        assert changed[3:11] != sealed[3:11]
    elif changed[3:11] != sealed[3:11]:
        refused(KEYS, changed, "temporary_key", "altered", "not_a_token")
    else:
        refused(KEYS, changed)


@given(
    strategies.root_keys(),
    contexts,
    tokens,
    strategies.unix_seconds(),
    st.just(0) | strategies.unix_seconds(),
)
def test_what_is_sealed_opens(key, context, token, sealed_at, authorized_at):
    keys = KeyRing([key], context, now=lambda: sealed_at)

    opened = keys.open(keys.seal(Secret(token), authorized_at))

    assert opened.refresh_token.reveal() == token
    assert opened.sealed_at == sealed_at
    assert opened.authorized_at == authorized_at
    assert opened.key_id == key.key_id(context)
    assert opened.is_current


@given(tokens, strategies.unix_seconds())
def test_two_seals_of_one_token_differ(token, moment):
    first, second = KEYS.seal(Secret(token), moment), KEYS.seal(Secret(token), moment)

    assert first[DATA:] != second[DATA:]


def swapped(sealed, one, two):
    characters = list(sealed)
    characters[one], characters[two] = characters[two], characters[one]
    return "".join(characters)


CHANGES = {
    "another character": lambda draw, sealed, _, at: (
        sealed[:at] + draw(st.sampled_from(BASE64URL + ".+/= \n\0é")) + sealed[at + 1 :]
    ),
    "characters dropped": lambda draw, sealed, _, at: (
        sealed[:at] + sealed[at + draw(st.integers(1, 5)) :]
    ),
    "characters added": lambda draw, sealed, _, at: (
        sealed[:at] + draw(st.text(BASE64URL, min_size=1, max_size=5)) + sealed[at:]
    ),
    "two characters exchanged": lambda draw, sealed, _, at: swapped(
        sealed, at, draw(st.integers(0, len(sealed) - 1))
    ),
    "cut off": lambda _draw, sealed, _other, at: sealed[:at],
    "the end of another seal": lambda _draw, sealed, other, at: sealed[:at] + other[at:],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@given(sealed=seals, other=seals, data=st.data())
def test_every_change_is_noticed(change, sealed, other, data):
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = change(data.draw, sealed, other, at)

    assume(changed != other)  # their ends may be alike
    tampered(sealed, changed)


@given(tokens, st.data())
def test_a_flipped_bit_is_noticed(token, data):
    sealed = KEYS.seal(Secret(token), 0)
    raw = bytearray(urlsafe_b64decode(sealed[DATA:] + "==="))
    at = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[at // 8] ^= 1 << at % 8

    refused(KEYS, sealed[:DATA] + urlsafe_b64encode(raw).decode().rstrip("="))


@given(st.text() | st.text(BASE64URL + ".", max_size=300).map("s1.".__add__))
def test_whatever_is_not_a_seal_is_refused_or_held_and_nothing_else(text):
    outcome(KEYS, text)


@given(seals, strategies.root_keys())
def test_a_seal_that_claims_another_key_is_refused_by_that_key(sealed, other):
    assume(other.key_id(CONTEXT) != KEY_ID)
    keys = KeyRing([root_key("1" * 64), other], CONTEXT)

    refused(keys, f"s1.{other.key_id(CONTEXT)}.{sealed[DATA:]}")


@given(tokens, st.lists(strategies.root_keys(), min_size=1, max_size=5, unique_by=lambda k: k.root))
def test_any_older_key_still_opens_and_only_the_current_one_seals(token, keys):
    oldest = KeyRing(keys[-1:], CONTEXT).seal(Secret(token), 9)
    ring = KeyRing(keys, CONTEXT)

    opened = ring.open(oldest)

    assert (opened.refresh_token.reveal(), opened.authorized_at) == (token, 9)
    assert opened.is_current == (len(keys) == 1)
    assert ring.seal(Secret(token), 9)[3:11] == keys[0].key_id(CONTEXT)


@given(seals)
def test_only_the_canonical_spelling_opens(sealed):
    data = sealed[DATA:]
    last = BASE64URL.index(data[-1])
    spare = {2: 16, 3: 4, 0: 1}[len(data) % 4]  # how many last characters decode alike
    alike = [
        BASE64URL[last - last % spare + other] for other in range(spare) if other != last % spare
    ]
    spellings = [
        *(data[:-1] + character for character in alike),
        *(data + padding for padding in ("=", "==", "===")),
        *(data + blank for blank in " \n\r\t\0"),
        *(blank + data for blank in " \n\r\t\0"),
        *(data[:7] + blank + data[7:] for blank in " \n\r\t\0=%"),
        data + "%3D",
    ]
    if "-" in data or "_" in data:
        spellings.append(data.replace("-", "+").replace("_", "/"))

    for spelling in spellings:
        refused(KEYS, sealed[:DATA] + spelling)
    for whole in (f" {sealed}", f"{sealed}\n", f"\ufeff{sealed}", sealed.replace(".", "%2E")):
        refused(KEYS, whole)
    KEYS.open(sealed)


@given(tokens)
def test_a_seal_survives_an_unescaped_form_body(token):
    sealed = KEYS.seal(Secret(token), 0)

    assert set(sealed) <= set(BASE64URL + ".")
    assert parse_qs(f"a=b&refresh_token={sealed}")["refresh_token"] == [sealed]
