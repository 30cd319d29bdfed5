"""What every swap service owes the apps that use it: tokens, sealed, whatever Spotify sends."""

import re

import pytest

from fake_spotify import Match
from fake_spotify.faults import DoNotRotate, EmptyRefreshToken, Fault, Members, Rotate

from .swap_service import SwapService, members, tokens

REFRESHES = Match(grant_type="refresh_token")
SPOTIFYS_OWN = re.compile(r"AQ[A-Za-z0-9_-]{100,}\Z")
ROUNDS = 50
PLACES = 12
CHANGED_BY_FORMS = set("+%&; \r\n")
MODES = {
    "Spotify sends none": DoNotRotate(),
    "Spotify sends an empty one": EmptyRefreshToken(),
    "Spotify rotates": Rotate(),
    "Spotify sends null": Members(add={"refresh_token": None}),
}


@pytest.mark.promise("main job")
def test_a_code_becomes_tokens_with_a_numeric_expiry(service: SwapService) -> None:
    answer = service.swap(service.spotify.code(scope="user-read-email"))

    brought = tokens(answer, "the code was not swapped")
    assert brought.get("expires_in") == 3600, "expires_in is not the number 3600"
    assert brought.get("scope") == "user-read-email", "the scope is lost"


@pytest.mark.promise("main job")
def test_a_refresh_brings_a_new_access_token(service: SwapService) -> None:
    first = tokens(service.swap(), "a login does not work")

    answer = service.refresh(str(first.get("refresh_token")))

    new = tokens(answer, "the refresh token was not accepted")["access_token"]
    assert new != first["access_token"], "it brings the old access token"


@pytest.mark.promise("main job")
def test_members_that_nobody_knows_yet_are_handed_on(service: SwapService) -> None:
    service.spotify.fault(Members(add={"of_tomorrow": {"a": [1.50, None, "ü"]}}))

    answer = service.swap()

    assert members(answer).get("of_tomorrow") == {"a": [1.50, None, "ü"]}, "a member is lost"


@pytest.mark.promise("main job")
def test_each_refresh_asks_spotify_anew(service: SwapService) -> None:
    token = service.sealed()

    answers = [service.refresh(token) for _ in range(3)]

    brought = {tokens(answer, "a refresh does not work")["access_token"] for answer in answers}

    assert len(brought) == 3, "an access token came twice"
    assert service.spotify.count(REFRESHES) == 3, "Spotify was not asked each time"


@pytest.mark.promise("sealing")
def test_the_real_refresh_token_stays_in_the_service(service: SwapService) -> None:
    token = service.sealed()
    living = {grant.refresh_token for grant in service.spotify.grants()}
    is_plain = token in living or SPOTIFYS_OWN.match(token)

    assert not is_plain, "the app has Spotify's own refresh token"


@pytest.mark.promise("sealing")
def test_a_rotated_refresh_token_is_sealed_too(service: SwapService) -> None:
    token = service.sealed()
    service.spotify.fault(Rotate(), match=REFRESHES)

    answer = service.refresh(token)

    new = str(tokens(answer, "a refresh does not work").get("refresh_token"))
    assert not SPOTIFYS_OWN.match(new), "the app has Spotify's own refresh token"
    tokens(service.refresh(new), "the new token does not work")


@pytest.mark.promise("sealing")
def test_a_sealed_token_survives_an_unescaped_form(service: SwapService) -> None:
    for _ in range(5):
        token = service.sealed()

        answer = service.post(service.profile.refresh, f"refresh_token={token}".encode())

        assert not set(token) & CHANGED_BY_FORMS, "characters that forms change are in it"
        tokens(answer, "it did not arrive whole")


@pytest.mark.promise("sealing")
def test_an_altered_token_is_refused_and_spotify_is_not_asked(service: SwapService) -> None:
    token = service.sealed()
    tokens(service.refresh(token), "the token does not work unaltered")
    accepted = []
    # Many places, for without authentication it is chance whether one alteration is noticed.
    places = sorted({int(share * (len(token) - 1) / PLACES) for share in range(PLACES + 1)})
    for place in places:
        other = "a" if token[place] != "a" else "b"
        altered = token[:place] + other + token[place + 1 :]
        service.curls.name(altered, f"${{TOKEN:0:{place}}}{other}${{TOKEN:{place + 1}}}")
        service.spotify.clear_requests()
        answer = service.refresh(altered)
        if service.spotify.count() or answer.status < 400:
            accepted.append(place)
            service.show(1)
        else:
            assert isinstance(members(answer).get("error"), str), "no error is named"
    if accepted:
        words = f"{len(accepted)} of {len(places)} alterations; {service.last_seen}"
        service.show_as(words)

    assert not accepted, f"Spotify was asked with character {accepted[0] + 1} altered"


@pytest.mark.promise("sealing")
def test_spotifys_own_refresh_token_is_refused_and_spotify_is_not_asked(
    service: SwapService,
) -> None:
    stolen = service.spotify.grant().refresh_token
    service.curls.name(stolen, "$PLAIN")

    answer = service.refresh(stolen)

    assert service.spotify.count() == 0, "Spotify was asked"
    assert 400 <= answer.status < 600, "it was accepted"


@pytest.mark.promise("sealing")
def test_equal_refresh_tokens_are_never_sealed_alike(service: SwapService) -> None:
    equal = Members(add={"refresh_token": "same-token-" * 12})
    service.spotify.fault(equal, times=2)
    first, second = service.sealed(), service.sealed()
    same = sum(a == b for a, b in zip(first, second, strict=False))
    service.show_as(f"{same} of {len(first)} characters equal at their places")

    # Equal means that keystream or IV are used again: one known token opens others.
    assert same < len(first) / 4, "they are too much alike"


@pytest.mark.promise("always a refresh token")
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_fifty_refreshes_always_bring_a_usable_refresh_token(
    service: SwapService, mode: Fault
) -> None:
    token = service.sealed()
    service.spotify.fault(mode, times=None, match=REFRESHES)
    for round_ in range(1, ROUNDS + 1):
        answer = service.refresh(token)
        brought = tokens(answer, f"refresh {round_} does not work").get("refresh_token")

        assert brought, f"refresh {round_} brings {brought!r} for a refresh token"
        token = str(brought)


@pytest.mark.promise("age")
def test_a_refresh_token_that_is_half_a_year_old_is_an_invalid_grant(
    service: SwapService,
) -> None:
    token = service.sealed()
    service.spotify.clock.advance(days=181)
    try:
        answer = service.refresh(token)
    finally:
        service.spotify.reset()

    assert (answer.status, answer.error) == (400, "invalid_grant"), "not 400 invalid_grant"
