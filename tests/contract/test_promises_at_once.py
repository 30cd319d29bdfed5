"""What holds when many ask at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from fake_spotify import Match
from fake_spotify.faults import SlowHead

from .http_client import Answer
from .showing import answer_in_words
from .swap_service import SwapService, tokens
from .troubles import answered

MANY = 20
FEW = 4


def swap_at_once(service: SwapService, codes: list[str]) -> list[Answer | None]:
    with ThreadPoolExecutor(len(codes)) as pool:
        asks = [partial(service.swap, code) for code in codes]
        answers = [answer for answer, _ in pool.map(answered, asks)]
    words = [answer_in_words(answer) if answer else "no answer" for answer in answers]
    counts = [f"{count} times {what}" for what, count in Counter(words).items()]
    service.show_as(", ".join(counts))
    return answers


@pytest.mark.flood
@pytest.mark.promise("at once")
def test_twenty_logins_at_once_all_succeed_each_with_its_own_tokens(
    service: SwapService,
) -> None:
    codes = [service.spotify.code() for _ in range(MANY)]

    answers = [answer for answer in swap_at_once(service, codes) if answer]

    assert len(answers) == MANY, f"{MANY - len(answers)} got no answer"
    brought = [tokens(answer, "some failed") for answer in answers]
    assert len({each["access_token"] for each in brought}) == MANY, "access tokens were shared"
    assert len({each.get("refresh_token") for each in brought}) == MANY, "tokens were shared"


@pytest.mark.promise("at once")
def test_of_four_equal_codes_exactly_one_wins(service: SwapService) -> None:
    code = service.spotify.code()
    # Slow enough that all of them are under way together.
    service.spotify.fault(SlowHead(0.5), times=FEW, match=Match(token=code))

    answers = [answer for answer in swap_at_once(service, [code] * FEW) if answer]

    assert len(answers) == FEW, f"{FEW - len(answers)} got no answer"
    losers = [answer for answer in answers if answer.status != 200]
    assert len(losers) == FEW - 1, f"{FEW - len(losers)} of {FEW} were answered 200"
    others = [each for each in losers if (each.status, each.error) != (400, "invalid_grant")]
    assert not others, f"{len(others)} of {FEW - 1} losers did not get 400 invalid_grant"
