"""What must hold over everything that was answered before."""

import pytest

from tests.contract.swap_service import SwapService


@pytest.mark.promise("sealing")
def test_last_word_no_answer_ever_held_a_plain_refresh_token(swap_service: SwapService) -> None:
    assert not swap_service.leaks


@pytest.mark.promise("trouble")
def test_last_word_the_service_is_still_alive(swap_service: SwapService) -> None:
    assert swap_service.is_alive()
    assert swap_service.swap().status == 200
