"""What holds when many ask at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from fake_spotify import Match
from fake_spotify.faults import SlowHead

from .http_client import Answer
from .swap_service import SwapService

MANY = 20
FEW = 4


def swap_at_once(service: SwapService, codes: list[str]) -> list[Answer]:
    with ThreadPoolExecutor(len(codes)) as pool:
        answers = list(pool.map(service.swap, codes))
    counts = Counter(answer.status for answer in answers)
    service.last_seen = ", ".join(f"{count} times {status}" for status, count in counts.items())
    return answers


@pytest.mark.promise("at once")
def test_twenty_logins_at_once_all_succeed_each_with_its_own_tokens(
    swap_service: SwapService,
) -> None:
    codes = [swap_service.spotify.code() for _ in range(MANY)]

    answers = swap_at_once(swap_service, codes)

    assert [answer.status for answer in answers] == [200] * MANY, "some failed"
    assert len({answer.json()["access_token"] for answer in answers}) == MANY, "tokens were shared"
    assert len({answer.json()["refresh_token"] for answer in answers}) == MANY


@pytest.mark.promise("at once")
def test_of_four_equal_codes_exactly_one_wins(swap_service: SwapService) -> None:
    code = swap_service.spotify.code()
    # Slow enough that all of them are under way together.
    swap_service.spotify.fault(SlowHead(0.5), times=FEW, match=Match(token=code))

    answers = swap_at_once(swap_service, [code] * FEW)

    losers = [(answer.status, answer.error) for answer in answers if answer.status != 200]
    assert losers == [(400, "invalid_grant")] * (FEW - 1), "wanted one winner"
