"""What the service owes those who are waiting when it is told to end."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_spotify import Match
from fake_spotify.faults import SlowHead

from .processes import wait_until
from .swap_service import SwapService, tokens

SPOTIFY_SECONDS = 0.5


@pytest.mark.promise("ending")
def test_a_login_under_way_is_finished_before_the_service_ends(service: SwapService) -> None:
    assert service.program, "asked only of a service that the suite has started"
    spotify, code = service.spotify, service.spotify.code()
    spotify.fault(SlowHead(SPOTIFY_SECONDS), match=Match(token=code))
    with ThreadPoolExecutor(1) as pool:
        swapping = pool.submit(service.swap, code)
        try:
            wait_until(lambda: not spotify.faults())
        finally:
            service.program.stop()
    service.program.start()

    tokens(swapping.result(), "it was dropped")


@pytest.mark.promise("ending")
def test_a_service_that_ends_leaves_no_process_behind(service: SwapService) -> None:
    assert service.program, "asked only of a service that the suite has started"
    tokens(service.swap(), "a login does not work")

    has_ended_whole = service.program.stop()

    service.program.start()
    service.show_as("it was sent SIGTERM", "")
    assert has_ended_whole, "processes that it had started went on or kept its port"
