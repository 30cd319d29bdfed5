"""What is said of old tokens is what becomes of them: sealed for real, and opened for real."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.check.against import Fate, losses
from sanic_swap.errors import TokenHeld, TokenRefused
from sanic_swap.parts import make_key_ring
from sanic_swap.sealing.key_ring import KeyRing
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.secret import Secret
from sanic_swap.settings.table import Settings
from sanic_swap.settings.urls import accounts_url
from sanic_swap.settings.values import SealingSecret

SECRETS = [SealingSecret(Secret(digit * 64), root_key(digit * 64)) for digit in "12345"]
CONTEXT = SealingContext("an-app", "https://accounts.spotify.com")
IDS = [secret.key.key_id(CONTEXT) for secret in SECRETS]
SPOTIFY, OTHER = accounts_url("https://accounts.spotify.com"), accounts_url("http://127.0.0.1:1")
NEVER_KNOWN, EARLY, LATE = 0, 1_000, 2_000
MOMENTS = (NEVER_KNOWN, EARLY, EARLY + 1, LATE)
NOW = 1_800_000_000
REFUSED, HELD, OPENS = 0, 1, 2


def settings(**chosen):
    given = {
        "client_id": "an-app",
        "client_secret": Secret("shared-with-spotify"),
        "callback_urls": ("myapp://callback",),
        "encryption_secret": SECRETS[0],
    }
    return Settings(**{**given, **chosen})


@st.composite
def several_settings(draw):
    """Settings that a service starts with, from few values, so that two are often alike."""
    current = draw(st.sampled_from([None, *SECRETS[:3]]))
    others = [secret for secret in SECRETS[:3] if secret is not current]
    ids = [one for one in IDS[:4] if current is None or one != current.key.key_id(CONTEXT)]
    return settings(
        client_id=draw(st.sampled_from(["an-app"] * 3 + ["another"])),
        accounts_url=draw(st.sampled_from([SPOTIFY] * 3 + [OTHER])),
        encryption_secret=current,
        previous_secrets=() if current is None else tuple(draw(st.sets(st.sampled_from(others)))),
        retired_key_ids=tuple(draw(st.sets(st.sampled_from(ids), max_size=2))),
        unknown_key=draw(st.sampled_from(["hold", "reject"])),
        revoke_before=draw(st.sampled_from([0, 0, EARLY + 1, LATE])),
    )


def rank(ring, token):
    """Return how well *token* fares at *ring*."""
    try:
        ring.open(token)
    except TokenRefused:
        return REFUSED
    except TokenHeld:
        return HELD
    return OPENS


def fates(old, new):
    """Seal what the old settings could have sealed, and return how it fares under both."""
    context = SealingContext(old.client_id, old.accounts_url.origin)
    before, after = make_key_ring(old), make_key_ring(new)
    # Those of keys that neither opens count too: they may be held until somebody decides.
    had = {old.encryption_secret, *old.previous_secrets}
    has = {new.encryption_secret, *new.previous_secrets}
    told = [one for one in SECRETS if one in had or one not in has]
    rings = [KeyRing([secret.key], context) for secret in told]
    rings += [
        KeyRing([secret.key], one)
        for one in (context, CONTEXT)
        for secret in SECRETS
        if secret.key.key_id(one) in new.retired_key_ids
    ]
    if old.encryption_secret is None:
        rings.append(before)  # its key is temporary
    return [
        (rank(before, token), rank(after, token))
        for ring in rings
        for moment in MOMENTS
        for token in [ring.seal(Secret("AQ-token"), moment)]
    ]


@given(several_settings(), several_settings())
def test_what_is_lost_is_exactly_what_becomes_of_tokens(old, new):
    worse = {after for before, after in fates(old, new) if after < before}
    told = {loss.fate for loss in losses(old, new, NOW)}

    assert bool(told) == bool(worse)
    if worse:
        assert (Fate.LOGGED_OUT if REFUSED in worse else Fate.HELD) in told


@given(several_settings())
def test_the_same_settings_lose_nothing_but_what_a_made_up_key_loses(same):
    assert bool(losses(same, same, NOW)) == (same.encryption_secret is None)


KEPT = {"encryption_secret": SECRETS[1], "previous_secrets": (SECRETS[0],)}
# Old and new settings, the variable that is named, and what becomes of the tokens.
LOSSES = {
    "key lost": ({}, {"encryption_secret": SECRETS[1]}, "PREVIOUS", Fate.HELD),
    "key lost, and unknown ones are rejected": (
        {"unknown_key": "reject"},
        {"encryption_secret": SECRETS[1], "unknown_key": "reject"},
        "PREVIOUS",
        Fate.LOGGED_OUT,
    ),
    "key retired": ({}, {**KEPT, "retired_key_ids": (IDS[0],)}, "RETIRED_KEY_IDS", Fate.LOGGED_OUT),
    "a key retired whose tokens were held": (
        {},
        {**KEPT, "retired_key_ids": (IDS[3],)},
        "RETIRED_KEY_IDS",
        Fate.LOGGED_OUT,
    ),
    "temporary now": ({}, {"encryption_secret": None}, "ENCRYPTION_SECRET", Fate.HELD),
    "temporary": ({"encryption_secret": None}, {}, "ENCRYPTION_SECRET", Fate.LOGGED_OUT),
    "another app": ({}, {"client_id": "b"}, "CLIENT_ID", Fate.HELD),
    "another Spotify": ({}, {"accounts_url": OTHER}, "SPOTIFY_ACCOUNTS_URL", Fate.HELD),
    "revoked later": ({"revoke_before": 1}, {"revoke_before": 2}, "REVOKE_BEFORE", Fate.LOGGED_OUT),
    "not held any more": ({}, {"unknown_key": "reject"}, "UNKNOWN_KEY", Fate.LOGGED_OUT),
}
NO_LOSSES = {
    "a key changed as it should be": ({}, KEPT),
    "the next key announced": ({}, {"previous_secrets": (SECRETS[1],)}),
    "fewer revoked": ({"revoke_before": LATE}, {"revoke_before": EARLY}),
    "held from now on": ({"unknown_key": "reject"}, {}),
    "a key retired no more": ({"retired_key_ids": (IDS[1],)}, {}),
    "another client secret": ({}, {"client_secret": Secret("a new one")}),
}


@pytest.mark.parametrize(("old", "new", "variable", "fate"), LOSSES.values(), ids=LOSSES)
def test_what_is_lost_is_named_by_its_variable_with_a_remedy(old, new, variable, fate):
    [loss] = losses(settings(**old), settings(**new), NOW)

    assert loss.what.startswith(variable)
    assert loss.who.startswith("everyone")
    assert loss.fate is fate
    assert loss.remedy


@pytest.mark.parametrize(("old", "new"), NO_LOSSES.values(), ids=NO_LOSSES)
def test_what_costs_nobody_anything_is_no_loss(old, new):
    assert losses(settings(**old), settings(**new), NOW) == []
