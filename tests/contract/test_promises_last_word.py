"""What must hold over everything that was answered and logged before; and what ends it all."""

import pytest

from .swap_service import SwapService, tokens
from .troubles import throttled


@pytest.mark.promise("sealing")
def test_last_word_no_answer_ever_held_a_plain_refresh_token_or_the_client_secret(
    service: SwapService,
) -> None:
    leaks = service.leaks
    service.show_as(", the first: ".join([f"{len(leaks)} answers that did", *leaks[:1]]))

    assert not leaks, "secrets were given away"


@pytest.mark.promise("log")
def test_last_word_no_secret_code_or_token_is_in_the_log(service: SwapService) -> None:
    assert service.log, "asked only of a service that the suite has started"

    found = service.logged_secrets()

    service.show_as(f"{len(found)} of them, {len(service.log())} characters of log")
    assert not found, "secrets were logged"


@pytest.mark.promise("trouble: answers")
def test_last_word_the_service_is_still_alive(service: SwapService) -> None:
    deaths = list(service.deaths)
    if deaths:
        service.show_as(f"it died {len(deaths)} times, first during: {deaths[0]}")

    assert not deaths, "it has died"
    tokens(service.swap(), "a login does not work any more")


@pytest.mark.promise("trouble: waiting")
def test_last_word_apps_learn_of_a_wait_of_a_day_and_no_longer(service: SwapService) -> None:
    # The last of all: for a while now the service may leave Spotify alone.
    heard = throttled(service, 999_999).headers.get("Retry-After")

    assert heard == "86400", "not Retry-After: 86400"
