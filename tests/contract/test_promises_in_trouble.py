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
    TooManyRequests,
)

from .http_client import Answer
from .swap_service import SwapService, members, tokens
from .troubles import TROUBLES, Outcome, is_fine_again, outcomes

FLOODS = "Spotify floods"
KINDS = pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.flood] if kind == FLOODS else []) for kind in TROUBLES],
)
ERROR_MEMBERS = ("error", "error_description")
WITH_A_WAIT = pytest.mark.parametrize("kind", ["Spotify answers 5xx", "Spotify answers 429"])


def assert_all(
    service: SwapService, kind: str, complaint_about: Callable[[Outcome], str], *, of_answers: bool
) -> None:
    """Fail with the first complaint; say of how many requests it is one."""
    played = outcomes(service, kind)
    if of_answers:
        played = [each for each in played if each.answer and not each.has_usable_tokens]
    if not played:
        service.show_as("there was no answer that could be judged")
        pytest.skip(service.last_seen)
    bad = [(complaint, each) for each in played if (complaint := complaint_about(each))]
    service.show_as(f"{len(played)} of {len(played)} requests", played[0].curl)
    if bad:
        complaint, first = bad[0]
        service.show_as(f"{len(bad)} of {len(played)} requests, first {first.words}", first.curl)
        raise AssertionError(complaint)


def complain(condition: object, complaint: str) -> str:
    return "" if condition else complaint


@pytest.mark.promise("trouble: answers")
@KINDS
def test_every_request_is_answered_in_time_and_the_service_lives_on(
    swap_service: SwapService, kind: str
) -> None:
    def complaint(outcome: Outcome) -> str:
        if outcome.has_died:
            return "the service died"
        return complain(not outcome.failure, "no answer")

    assert_all(swap_service, kind, complaint, of_answers=False)


@pytest.mark.promise("trouble: blame")
@KINDS
def test_the_user_is_neither_blamed_nor_logged_out(swap_service: SwapService, kind: str) -> None:
    def complaint(outcome: Outcome) -> str:
        answer = answer_of(outcome)
        if b"invalid_grant" in answer.body:
            return "the body says invalid_grant"
        if answer.status < 400:
            return f"{answer.status} says that it worked"
        return complain(
            answer.status >= 500 or answer.status == 429, f"{answer.status} blames the request"
        )

    assert_all(swap_service, kind, complaint, of_answers=True)


@pytest.mark.promise("trouble: words")
@KINDS
def test_the_answer_is_an_error_object_in_json(swap_service: SwapService, kind: str) -> None:
    def complaint(outcome: Outcome) -> str:
        answer = answer_of(outcome)
        if answer.headers.get_content_type() != "application/json":
            return "the content type is not application/json"
        try:
            value = members(answer)
        except AssertionError as failure:
            return str(failure)
        is_text = [value.get(name) and isinstance(value[name], str) for name in ERROR_MEMBERS]
        return complain(all(is_text), "error or error_description is missing")

    assert_all(swap_service, kind, complaint, of_answers=True)


@pytest.mark.promise("trouble: recovery")
@KINDS
def test_the_next_login_works_again(swap_service: SwapService, kind: str) -> None:
    def complaint(outcome: Outcome) -> str:
        return complain(outcome.is_fine_again, "the next login does not work")

    assert_all(swap_service, kind, complaint, of_answers=False)


@pytest.mark.promise("trouble: waiting")
@WITH_A_WAIT
def test_apps_learn_when_to_come_back(swap_service: SwapService, kind: str) -> None:
    def complaint(outcome: Outcome) -> str:
        heard = answer_of(outcome).headers.get("Retry-After", "")
        return complain(heard.isdigit(), f"Retry-After is {heard!r}")

    assert_all(swap_service, kind, complaint, of_answers=True)


@pytest.mark.promise("trouble: exact")
@KINDS
def test_status_and_error_are_those_of_the_contract(swap_service: SwapService, kind: str) -> None:
    status, error = TROUBLES[kind].expected

    def complaint(outcome: Outcome) -> str:
        answer = answer_of(outcome)
        return complain((answer.status, answer.error) == (status, error), f"not {status} {error}")

    assert_all(swap_service, kind, complaint, of_answers=True)


@pytest.mark.promise("trouble: waiting")
@pytest.mark.parametrize("seconds", [1, 2])
def test_apps_learn_how_long_spotify_wants_them_to_wait(
    swap_service: SwapService, seconds: int
) -> None:
    sealed = swap_service.sealed()
    swap_service.spotify.fault(TooManyRequests(seconds), times=None)

    answer = swap_service.refresh(sealed)

    heard = answer.headers.get("Retry-After")
    swap_service.spotify.clear_faults()
    swap_service.show_as(f"{swap_service.last_seen}, Retry-After: {heard}")
    assert answer.status == 429, "not 429"
    assert heard == str(seconds), f"not Retry-After: {seconds}"
    assert is_fine_again(swap_service, answer), "a login after that does not work"


@pytest.mark.promise("main job")
def test_tokens_with_another_content_type_are_taken_all_the_same(
    swap_service: SwapService,
) -> None:
    sealed = swap_service.sealed()
    swap_service.spotify.fault(ContentType("text/html"), times=None)

    tokens(swap_service.refresh(sealed), "the refresh does not work")
    tokens(swap_service.swap(), "the swap does not work")


@pytest.mark.promise("trouble: codes")
def test_a_redirect_is_never_followed(swap_service: SwapService) -> None:
    code = swap_service.spotify.code()
    swap_service.spotify.fault(Redirected(307, "/elsewhere"))
    with suppress(AssertionError):  # that it has to answer is another promise
        swap_service.swap(code)

    assert swap_service.spotify.count(Match(path="/elsewhere")) == 0, "it is followed"
    assert swap_service.spotify.count() > 0, "Spotify was not asked"


@pytest.mark.promise("trouble: codes")
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(ResetInBody(), id="inside the body"),
        pytest.param(ResetInHead(), id="inside the head"),
        pytest.param(BadGateway(), id="at the edge"),
    ],
)
def test_a_code_whose_answer_was_lost_is_not_sent_again(
    swap_service: SwapService, fault: Fault
) -> None:
    code = swap_service.spotify.code()
    swap_service.spotify.fault(fault, is_processed=True)
    with suppress(AssertionError):  # that it has to answer is another promise
        swap_service.swap(code)

    sent = swap_service.spotify.count(Match(token=code))
    assert sent == 1, f"Spotify got it {sent} times"


def answer_of(outcome: Outcome) -> Answer:
    """Return the answer that those without one were taken out for."""
    assert outcome.answer
    return outcome.answer
