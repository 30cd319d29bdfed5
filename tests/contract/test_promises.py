"""What every swap service owes the apps that use it: tokens, sealed, whatever Spotify sends."""

import re

import pytest

from fake_spotify import Match
from fake_spotify.faults import DoNotRotate, EmptyRefreshToken, Fault, Members, Rotate

from .http_client import FORM
from .swap_service import SwapService, members, tokens

REFRESHES = Match(grant_type="refresh_token")
SPOTIFYS_OWN = re.compile(r"AQ[A-Za-z0-9_-]{100,}\Z")
ROUNDS = 50
PLACES = 12
CHANGED_BY_FORMS = set("+%&; \r\n")


@pytest.mark.promise("main job")
def test_a_code_becomes_tokens_with_a_numeric_expiry(swap_service: SwapService) -> None:
    answer = swap_service.swap(swap_service.spotify.code(scope="user-read-email"))

    brought = tokens(answer, "the code was not swapped")
    assert brought.get("expires_in") == 3600, "expires_in is not the number 3600"
    assert brought.get("scope") == "user-read-email", "the scope is lost"


@pytest.mark.promise("main job")
def test_a_refresh_brings_a_new_access_token(swap_service: SwapService) -> None:
    first = tokens(swap_service.swap(), "a login does not work")

    answer = swap_service.refresh(str(first.get("refresh_token")))

    new = tokens(answer, "the refresh token was not accepted")["access_token"]
    assert new != first["access_token"], "it brings the old access token"


@pytest.mark.promise("main job")
def test_members_that_nobody_knows_yet_are_handed_on(swap_service: SwapService) -> None:
    swap_service.spotify.fault(Members(add={"of_tomorrow": {"a": [1.50, None, "ü"]}}))

    answer = swap_service.swap()

    assert members(answer).get("of_tomorrow") == {"a": [1.50, None, "ü"]}, "a member is lost"


@pytest.mark.promise("main job")
def test_each_refresh_asks_spotify_anew(swap_service: SwapService) -> None:
    token = swap_service.sealed()

    answers = [swap_service.refresh(token) for _ in range(3)]

    brought = {tokens(answer, "a refresh does not work")["access_token"] for answer in answers}

    assert len(brought) == 3, "an access token came twice"
    assert swap_service.spotify.count(REFRESHES) == 3, "Spotify was not asked each time"


@pytest.mark.promise("sealing")
def test_the_real_refresh_token_stays_in_the_service(swap_service: SwapService) -> None:
    token = swap_service.sealed()
    living = {grant.refresh_token for grant in swap_service.spotify.grants()}

    assert not SPOTIFYS_OWN.match(token), "the app has Spotify's own refresh token"
    assert token not in living, "the app has Spotify's own refresh token"


@pytest.mark.promise("sealing")
def test_a_rotated_refresh_token_is_sealed_too(swap_service: SwapService) -> None:
    token = swap_service.sealed()
    swap_service.spotify.fault(Rotate(), match=REFRESHES)

    answer = swap_service.refresh(token)

    new = str(tokens(answer, "a refresh does not work").get("refresh_token"))
    assert not SPOTIFYS_OWN.match(new), "the app has Spotify's own refresh token"
    tokens(swap_service.refresh(new), "the new token does not work")


@pytest.mark.promise("sealing")
def test_a_sealed_token_survives_an_unescaped_form(swap_service: SwapService) -> None:
    for _ in range(5):
        token = swap_service.sealed()

        answer = swap_service.send(
            "POST",
            swap_service.profile.refresh,
            f"refresh_token={token}".encode(),
            {"Content-Type": FORM},
        )

        assert not set(token) & CHANGED_BY_FORMS, "characters that forms change are in it"
        tokens(answer, "it did not arrive whole")


@pytest.mark.promise("sealing")
def test_an_altered_token_is_refused_and_spotify_is_not_asked(swap_service: SwapService) -> None:
    token = swap_service.sealed()
    tokens(swap_service.refresh(token), "the token does not work unaltered")
    accepted = []
    # Many places, for without authentication it is chance whether one alteration is noticed.
    places = sorted({int(share * (len(token) - 1) / PLACES) for share in range(PLACES + 1)})
    for place in places:
        other = "a" if token[place] != "a" else "b"
        altered = token[:place] + other + token[place + 1 :]
        swap_service.curls.name(altered, f"${{TOKEN:0:{place}}}{other}${{TOKEN:{place + 1}}}")
        swap_service.spotify.clear_requests()
        answer = swap_service.refresh(altered)
        if swap_service.spotify.count() or answer.status < 400:
            accepted.append(place)
            swap_service.show(1)
        else:
            assert isinstance(members(answer).get("error"), str), "no error is named"
    if accepted:
        words = f"{len(accepted)} of {len(places)} alterations; {swap_service.last_seen}"
        swap_service.show_as(words)

    assert not accepted, f"Spotify was asked with character {accepted[0] + 1} altered"


@pytest.mark.promise("sealing")
def test_spotifys_own_refresh_token_is_refused_and_spotify_is_not_asked(
    swap_service: SwapService,
) -> None:
    stolen = swap_service.spotify.grant().refresh_token
    swap_service.curls.name(stolen, "$PLAIN")

    answer = swap_service.refresh(stolen)

    assert swap_service.spotify.count() == 0, "Spotify was asked"
    assert 400 <= answer.status < 600, "it was accepted"


@pytest.mark.promise("sealing")
def test_equal_refresh_tokens_are_never_sealed_alike(swap_service: SwapService) -> None:
    equal = Members(add={"refresh_token": "same-token-" * 12})
    swap_service.spotify.fault(equal, times=2)
    first, second = swap_service.sealed(), swap_service.sealed()
    same = sum(a == b for a, b in zip(first, second, strict=False))
    swap_service.show_as(f"{same} of {len(first)} characters equal at their places")

    # Equal means that keystream or IV are used again: one known token opens others.
    assert same < len(first) / 4, "they are too much alike"


@pytest.mark.promise("always a refresh token")
@pytest.mark.parametrize(
    "mode",
    [
        pytest.param(DoNotRotate(), id="Spotify sends none"),
        pytest.param(EmptyRefreshToken(), id="Spotify sends an empty one"),
        pytest.param(Rotate(), id="Spotify rotates"),
        pytest.param(Members(add={"refresh_token": None}), id="Spotify sends null"),
    ],
)
def test_fifty_refreshes_always_bring_a_usable_refresh_token(
    swap_service: SwapService, mode: Fault
) -> None:
    token = swap_service.sealed()
    swap_service.spotify.fault(mode, times=None, match=REFRESHES)
    for round_ in range(1, ROUNDS + 1):
        answer = swap_service.refresh(token)
        brought = tokens(answer, f"refresh {round_} does not work").get("refresh_token")

        assert brought, f"refresh {round_} brings {brought!r} for a refresh token"
        token = str(brought)


@pytest.mark.promise("age")
def test_a_refresh_token_that_is_half_a_year_old_is_an_invalid_grant(
    swap_service: SwapService,
) -> None:
    token = swap_service.sealed()
    swap_service.spotify.clock.advance(days=181)
    try:
        answer = swap_service.refresh(token)
    finally:
        swap_service.spotify.reset()

    assert (answer.status, answer.error) == (400, "invalid_grant"), "not 400 invalid_grant"
