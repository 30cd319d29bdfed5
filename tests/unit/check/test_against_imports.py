"""What is said of other services' tokens is what becomes of them: made for real, and opened."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from sanic_swap.check.against import Fate, losses
from sanic_swap.parts import make_sealing
from sanic_swap.secret import Secret
from sanic_swap.settings.values import SealingSecret, end_of_day
from tests.legacy_sealers import FERNET_KEY, SEALERS
from tests.unit.check.test_against import HELD, OPENS, REFUSED, SECRETS, rank, settings

OURS = SECRETS[0]
NOT_OURS = SealingSecret(Secret("s3cret"), None)
SPELLED = [FERNET_KEY, FERNET_KEY[:43], "s3cret", "another"]
NOW, SOON, LATER = (end_of_day(day) for day in ("2026-11-23", "2027-01-01", "2027-05-01"))
DAY = 86_400


formats = st.lists(st.sampled_from(sorted(SEALERS)), unique=True).map(tuple) | st.just(("none",))
several_settings = st.builds(
    settings,
    legacy_tokens=formats,
    legacy_secrets=st.lists(st.sampled_from(SPELLED), max_size=3).map(
        lambda texts: tuple(map(Secret, texts))
    ),
    previous_secrets=st.sampled_from([(), (NOT_OURS,)]),
    legacy_closes_at=st.sampled_from([None, NOW, SOON, LATER]),
    unknown_key=st.just("hold"),
    revoke_before=st.sampled_from([0, 0, 0, 1_000]),
)


@cache
def tokens():
    """Return a token of each service for each secret that there is."""
    made = [
        SEALERS["plain"]("", "AQ" + "plain" * 6),
        SEALERS["fernet"](FERNET_KEY, "AQ" + "f" * 30),
    ]
    for text in (*SPELLED, OURS.secret.reveal()):
        made += [SEALERS[name](text, f"AQ{name * 10}") for name in ("node", "ruby")]
    return made


def at(moment, given):
    """Return how *given* is at a later moment: a day that is over then is over now."""
    over = given.legacy_closes_at is not None and given.legacy_closes_at <= moment
    return make_sealing(replace(given, legacy_closes_at=1 if over else None)).legacy


def worse(old, new):
    """Return what becomes, sooner or later, of tokens that fare worse."""
    found = set()
    for moment in (NOW, SOON, LATER):
        before, after = at(moment, old), at(moment, new)
        ranks = [(rank(before, token), rank(after, token)) for token in tokens()]
        found |= {then for first, then in ranks if first == OPENS > then}
        # Held until somebody decides; who names some service has not decided on the others.
        if new.legacy_tokens == ("none",) or new.revoke_before > old.revoke_before:
            found |= {then for first, then in ranks if first == HELD > then}
    return found


@tuned(max_examples=60)
@given(several_settings, several_settings)
def test_nothing_is_lost_exactly_if_every_token_opens_as_before(old, new):
    fates = worse(old, new)
    told = losses(old, new, NOW)
    told_of_legacy = [loss for loss in told if not loss.what.startswith("REVOKE_BEFORE")]

    if new.revoke_before > old.revoke_before:
        assert told  # whatever else: tokens of unknown age, ours too
    else:
        assert bool(told_of_legacy) == bool(fates)
    if REFUSED in fates:
        assert Fate.LOGGED_OUT in {loss.fate for loss in told}
    elif HELD in fates:
        assert Fate.HELD in {loss.fate for loss in told}


SECRET, OTHER = Secret("s3cret"), Secret("another")
NODE = {"legacy_tokens": ("node",), "legacy_secrets": (SECRET, OTHER)}
# Old and new settings, what is said of them, and what becomes of the tokens.
LOSSES = {
    "nobody says any more that they open": (
        NODE,
        {"legacy_secrets": (SECRET, OTHER)},
        "LEGACY_TOKENS: lacks node",
        Fate.HELD,
    ),
    "another service is named": (
        NODE,
        {**NODE, "legacy_tokens": ("ruby",)},
        "LEGACY_TOKENS: lacks node",
        Fate.LOGGED_OUT,
    ),
    "a secret is gone": (
        NODE,
        {**NODE, "legacy_secrets": (SECRET,)},
        "LEGACY_SECRETS: lacks line 2 of the old LEGACY_SECRETS",
        Fate.LOGGED_OUT,
    ),
    "the default does not hold any more": (
        {**NODE, "legacy_secrets": ()},
        {**NODE, "legacy_secrets": (SECRET,)},
        "LEGACY_SECRETS: lacks the old ENCRYPTION_SECRET",
        Fate.LOGGED_OUT,
    ),
    "a last day": (
        NODE,
        {**NODE, "legacy_closes_at": SOON},
        "LEGACY_TOKENS_UNTIL: 2027-01-01, it was not set",
        Fate.LOGGED_OUT,
    ),
    "an earlier day": (
        {**NODE, "legacy_closes_at": LATER},
        {**NODE, "legacy_closes_at": SOON},
        "LEGACY_TOKENS_UNTIL: 2027-01-01, it was 2027-05-01",
        Fate.LOGGED_OUT,
    ),
    "a day too early": (
        NODE,
        {**NODE, "legacy_closes_at": NOW + 183 * DAY},
        "LEGACY_TOKENS_UNTIL",
        Fate.LOGGED_OUT,
    ),
    "none": ({}, {"legacy_tokens": ("none",)}, "LEGACY_TOKENS: none", Fate.LOGGED_OUT),
    "of unknown age": (NODE, {**NODE, "revoke_before": 1}, "REVOKE_BEFORE", Fate.LOGGED_OUT),
}
FERNET = {"legacy_tokens": ("fernet",), "legacy_secrets": (Secret(FERNET_KEY),)}
NO_LOSSES = {
    "a service named for the first time": ({}, NODE),
    "given back as they are": (NODE, {**NODE, "legacy_reseal": False}),
    "all over": ({**NODE, "legacy_closes_at": NOW}, {"legacy_tokens": ("none",)}),
    "longer than such tokens live": (NODE, {**NODE, "legacy_closes_at": NOW + 184 * DAY}),
    "another spelling of a Fernet key": (
        FERNET,
        {**FERNET, "legacy_secrets": (Secret(FERNET_KEY[:43]),)},
    ),
    "from another service, as it should be": (
        {"encryption_secret": NOT_OURS},
        # That service held nothing back.
        {"legacy_tokens": ("node",), "legacy_secrets": (SECRET,), "unknown_key": "reject"},
    ),
    "from a service that never sealed": (
        {"encryption_secret": None, "legacy_tokens": ("plain",)},
        {"legacy_tokens": ("plain",), "legacy_closes_at": None},
    ),
}
LACKING = {
    "neither": ({}, ["LEGACY_TOKENS: lacks node or ruby", "LEGACY_SECRETS"]),
    "the secret is missing": ({"legacy_tokens": ("ruby",)}, ["LEGACY_SECRETS"]),
    "the service is missing": ({"legacy_secrets": (SECRET,)}, ["LEGACY_TOKENS"]),
}


@pytest.mark.parametrize(("old", "new", "what", "fate"), LOSSES.values(), ids=LOSSES)
def test_what_is_lost_is_named_without_the_secret(old, new, what, fate):
    [loss] = losses(settings(**old), settings(**new), NOW)

    assert loss.what.startswith(what)
    assert loss.fate is fate
    assert "s3cret" not in str(loss)
    assert "another" not in loss.what


@pytest.mark.parametrize(("old", "new"), NO_LOSSES.values(), ids=NO_LOSSES)
def test_what_costs_nobody_anything_is_no_loss(old, new):
    assert losses(settings(**old), settings(**new), NOW) == []


@pytest.mark.parametrize(("new", "what"), LACKING.values(), ids=LACKING)
def test_from_another_service_both_its_name_and_its_secret_are_needed(new, what):
    told = losses(settings(encryption_secret=NOT_OURS), settings(**new), NOW)

    assert all(loss.what.startswith(begins) for loss, begins in zip(told, what, strict=True))
