"""What apps are owed when Spotify is in trouble: one promise at a time, for every kind of it."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from fake_spotify import Match
from fake_spotify.faults import (
    BadGateway,
    ContentType,
    Fault,
    Redirected,
    ResetInBody,
    ResetInHead,
)

from .http_client import Answer
from .swap_service import SwapService, members, tokens
from .troubles import TROUBLES, Outcome, is_fine_again, outcomes, throttled

FLOODS = "Spotify floods"
KINDS = pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.flood] if kind == FLOODS else []) for kind in TROUBLES],
)
WITH_A_WAIT = pytest.mark.parametrize("kind", ["Spotify answers 5xx", "Spotify answers 429"])


def check_all(
    service: SwapService, played: list[Outcome], check: Callable[[Outcome], None]
) -> None:
    """Fail with the first complaint; say of how many requests it is one."""
    if not played:
        service.show_as("there was no answer that could be judged")
        pytest.skip(service.last_seen)
    bad: list[tuple[AssertionError, Outcome]] = []
    for outcome in played:
        try:
            check(outcome)
        except AssertionError as failure:
            bad.append((failure, outcome))
    service.show_as(f"{len(played)} of {len(played)} requests", played[0].curl)
    if bad:
        complaint, first = bad[0]
        service.show_as(f"{len(bad)} of {len(played)} requests, first {first.words}", first.curl)
        raise complaint


def check_answers(service: SwapService, kind: str, check: Callable[[Answer], None]) -> None:
    """Leave out requests without an answer, and tokens that the service was free to take."""

    def check_answer(outcome: Outcome) -> None:
        if outcome.answer:
            check(outcome.answer)

    played = outcomes(service, kind)
    answers = [each for each in played if each.answer and not each.has_usable_tokens]
    check_all(service, answers, check_answer)


@pytest.mark.promise("trouble: answers")
@KINDS
def test_every_request_is_answered_in_time_and_the_service_lives_on(
    service: SwapService, kind: str
) -> None:
    def check(outcome: Outcome) -> None:
        assert not outcome.has_died, "the service died"
        assert not outcome.failure, "no answer"

    check_all(service, outcomes(service, kind), check)


@pytest.mark.promise("trouble: blame")
@KINDS
def test_the_user_is_neither_blamed_nor_logged_out(service: SwapService, kind: str) -> None:
    def check(answer: Answer) -> None:
        status = answer.status
        assert b"invalid_grant" not in answer.body, "the body says invalid_grant"
        assert status >= 400, f"{status} says that it worked"
        assert status >= 500 or status == 429, f"{status} blames the request"

    check_answers(service, kind, check)


@pytest.mark.promise("trouble: words")
@KINDS
def test_the_answer_is_an_error_object_in_json(service: SwapService, kind: str) -> None:
    def check(answer: Answer) -> None:
        is_json = answer.headers.get_content_type() == "application/json"
        assert is_json, "the content type is not application/json"
        texts = [members(answer).get(name) for name in ("error", "error_description")]
        is_whole = all(text and isinstance(text, str) for text in texts)
        assert is_whole, "error or error_description is missing"

    check_answers(service, kind, check)


@pytest.mark.promise("trouble: recovery")
@KINDS
def test_the_next_login_works_again(service: SwapService, kind: str) -> None:
    def check(outcome: Outcome) -> None:
        assert outcome.is_fine_again, "the next login does not work"

    check_all(service, outcomes(service, kind), check)


@pytest.mark.promise("trouble: waiting")
@WITH_A_WAIT
def test_apps_learn_when_to_come_back(service: SwapService, kind: str) -> None:
    def check(answer: Answer) -> None:
        heard = answer.headers.get("Retry-After", "")
        assert heard.isdigit(), f"Retry-After is {heard!r}"

    check_answers(service, kind, check)


@pytest.mark.promise("trouble: exact")
@KINDS
def test_status_and_error_are_those_of_the_contract(service: SwapService, kind: str) -> None:
    status, error = expected = TROUBLES[kind].expected

    def check(answer: Answer) -> None:
        assert (answer.status, answer.error) == expected, f"not {status} {error}"

    check_answers(service, kind, check)


@pytest.mark.promise("trouble: waiting")
@pytest.mark.parametrize("seconds", [1, 2])
def test_apps_learn_how_long_spotify_wants_them_to_wait(service: SwapService, seconds: int) -> None:
    answer = throttled(service, seconds)

    assert answer.headers.get("Retry-After") == str(seconds), f"not Retry-After: {seconds}"
    assert is_fine_again(service, answer), "a login after that does not work"


@pytest.mark.promise("main job")
def test_tokens_with_another_content_type_are_taken_all_the_same(
    service: SwapService,
) -> None:
    sealed = service.sealed()
    service.spotify.fault(ContentType("text/html"), times=None)

    tokens(service.refresh(sealed), "the refresh does not work")
    tokens(service.swap(), "the swap does not work")


@pytest.mark.promise("trouble: codes")
def test_a_redirect_is_never_followed(service: SwapService) -> None:
    code = service.spotify.code()
    service.spotify.fault(Redirected(307, "/elsewhere"))
    with suppress(AssertionError):  # that it has to answer is another promise
        service.swap(code)

    assert service.spotify.count(Match(path="/elsewhere")) == 0, "it is followed"
    assert service.spotify.count() > 0, "Spotify was not asked"


@pytest.mark.promise("trouble: codes")
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(ResetInBody(), id="inside the body"),
        pytest.param(ResetInHead(), id="inside the head"),
        pytest.param(BadGateway(), id="at the edge"),
    ],
)
def test_a_code_whose_answer_was_lost_is_not_sent_again(service: SwapService, fault: Fault) -> None:
    code = service.spotify.code()
    service.spotify.fault(fault, is_processed=True)
    with suppress(AssertionError):  # that it has to answer is another promise
        service.swap(code)

    sent = service.spotify.count(Match(token=code))
    assert sent == 1, f"Spotify got it {sent} times"
