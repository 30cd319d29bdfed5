"""What apps are owed when Spotify is in trouble: every fault, on both endpoints."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from fake_spotify import Match
from fake_spotify.faults import (
    BadGateway,
    BadRequest,
    BrokenJson,
    CaptivePortal,
    CloseBeforeHead,
    ContentType,
    Dribble,
    EmptyAnswer,
    Fault,
    Forbidden,
    Garbage,
    GzipBomb,
    Huge,
    InformationalFlood,
    LongBody,
    Members,
    NoHealthyUpstream,
    Redirected,
    ResetBeforeHead,
    ResetInBody,
    ResetInHead,
    ShortBody,
    Silence,
    SlowBody,
    SlowHead,
    Status,
    TooManyRequests,
    TooManyRequestsUntil,
    UpstreamReset,
    UpstreamTimeout,
)

from . import patience
from .http_client import Answer
from .swap_service import SwapService

FAILS = (503, "temporarily_unavailable")
NONSENSE = (502, "server_error")
LOST = (502, "temporarily_unavailable")
LATE = (504, "temporarily_unavailable")
THROTTLED = (429, "temporarily_unavailable")
TOKENS = (200, None)
_OTHERS = 8
_POLL_SECONDS = 0.1
_SLACK_SECONDS = 1.0
TWICE = '{"access_token":"an-access-token","access_token":"another","expires_in":3600}'

FAULTS = [
    pytest.param(Status(500, '{"error":"server_error"}'), FAILS, id="500"),
    pytest.param(BadGateway(), FAILS, id="502 HTML from the edge"),
    pytest.param(UpstreamReset(), FAILS, id="503 from Envoy"),
    pytest.param(NoHealthyUpstream(), FAILS, id="503 no healthy upstream"),
    pytest.param(UpstreamTimeout(), FAILS, id="504 from Envoy"),
    pytest.param(Status(503), FAILS, id="503 and nothing"),
    pytest.param(TooManyRequests(1), THROTTLED, id="429"),
    pytest.param(TooManyRequests(1, as_json=True), THROTTLED, id="429 as JSON"),
    pytest.param(TooManyRequestsUntil(1), THROTTLED, id="429 until a date"),
    pytest.param(Status(429, "", {"Retry-After": "soon"}), THROTTLED, id="429 until soon"),
    pytest.param(Forbidden(), NONSENSE, id="403 HTML from the edge"),
    pytest.param(BadRequest(), NONSENSE, id="400 HTML from the edge"),
    pytest.param(Status(418), NONSENSE, id="a status of teapots"),
    pytest.param(Status(201, '{"access_token":"a"}'), NONSENSE, id="201"),
    *(pytest.param(Redirected(code), NONSENSE, id=str(code)) for code in (301, 302, 303, 307, 308)),
    pytest.param(EmptyAnswer(), NONSENSE, id="200 and nothing"),
    pytest.param(CaptivePortal(), NONSENSE, id="200 and a page"),
    pytest.param(BrokenJson(), NONSENSE, id="half of the JSON"),
    pytest.param(Members(drop=("access_token",)), NONSENSE, id="no access token"),
    pytest.param(Members(add={"access_token": 7}), NONSENSE, id="a number for an access token"),
    pytest.param(Members(add={"access_token": ""}), NONSENSE, id="an empty access token"),
    pytest.param(Members(add={"refresh_token": 7}), NONSENSE, id="a number for a refresh token"),
    pytest.param(Status(200, '["access_token"]'), NONSENSE, id="a list"),
    pytest.param(Status(200, TWICE), NONSENSE, id="a member twice"),
    pytest.param(Garbage(), NONSENSE, id="garbage"),
    pytest.param(InformationalFlood(1000), NONSENSE, id="a thousand 1xx"),
    pytest.param(GzipBomb(400), NONSENSE, id="a gzip bomb"),
    pytest.param(Huge(400), NONSENSE, id="400 MB"),
    pytest.param(ResetBeforeHead(), LOST, id="reset before the head"),
    pytest.param(CloseBeforeHead(), LOST, id="closed before the head"),
    pytest.param(ResetInHead(), LOST, id="reset inside the head"),
    pytest.param(ResetInBody(), LOST, id="reset inside the body"),
    pytest.param(ShortBody(), LOST, id="a short body"),
    pytest.param(Silence(), LATE, id="silence"),
    pytest.param(SlowHead(60), LATE, id="a head that comes too late"),
    pytest.param(SlowBody(60), LATE, id="a body that comes too late"),
    pytest.param(Dribble(0.2), LATE, id="byte by byte"),
    pytest.param(LongBody(), NONSENSE, id="more bytes than announced"),
    pytest.param(ContentType("text/html"), TOKENS, id="another content type"),
]


def ask_both(service: SwapService, before: Callable[[], object]) -> list[Answer]:
    """Refresh and swap while Spotify is in trouble; what is not answered is an error of its own."""
    # Most calls go well, so that a service with a circuit breaker has no reason to open it.
    for _ in range(_OTHERS):
        sealed = service.sealed()
    code = service.spotify.code()
    before()
    answers, failures = [], []
    try:
        for ask in (lambda: service.refresh(sealed), lambda: service.swap(code)):
            try:
                answers.append(ask())
            except AssertionError as failure:
                failures.append(str(failure))
    finally:
        service.spotify.clear_faults()
        service.show(2)
    assert not failures, failures[0]
    return answers


def assert_told_truly(service: SwapService, answers: list[Answer], expected: object) -> None:
    for answer in answers:
        assert (answer.status, answer.error) == expected, f"wanted {_words(expected)}"
        assert answer.headers.get_content_type() == "application/json", "wanted application/json"
        if answer.status != 200:
            assert isinstance(answer.json().get("error_description"), str), "no error_description"
            assert b"invalid_grant" not in answer.body, "the body says invalid_grant"
        if answer.status in (429, 503):
            assert answer.headers.get("Retry-After", "").isdigit(), "no Retry-After"
    assert _is_fine_again(service, answers[-1]), "the next request is not fine"


def _is_fine_again(service: SwapService, last: Answer) -> bool:
    """Ask once more; who was told to wait asks until that time is over."""
    told = last.headers.get("Retry-After", "0") if last.status in (429, 503) else "0"
    patience_ends = time.monotonic() + int(told) + patience.seconds(_SLACK_SECONDS)
    while not (is_fine := service.swap().status == 200) and time.monotonic() < patience_ends:
        time.sleep(_POLL_SECONDS)
    return is_fine


def _words(expected: object) -> str:
    return " ".join(str(part) for part in expected if part)


@pytest.mark.promise("trouble")
@pytest.mark.parametrize(("fault", "expected"), FAULTS)
def test_trouble_is_told_truly_in_time_and_the_next_request_is_fine(
    swap_service: SwapService, fault: Fault, expected: tuple[int, str | None]
) -> None:
    spotify = swap_service.spotify

    answers = ask_both(swap_service, lambda: spotify.fault(fault, times=None))

    assert_told_truly(swap_service, answers, expected)


@pytest.mark.promise("trouble")
def test_a_spotify_that_refuses_connections_is_told_truly(swap_service: SwapService) -> None:
    spotify = swap_service.spotify
    try:
        answers = ask_both(swap_service, lambda: spotify.refuse_connections(60))
    finally:
        spotify.refuse_connections(0)

    assert_told_truly(swap_service, answers, LOST)


@pytest.mark.promise("trouble")
@pytest.mark.parametrize("seconds", [1, 2])
def test_apps_learn_how_long_spotify_wants_them_to_wait(
    swap_service: SwapService, seconds: int
) -> None:
    sealed = swap_service.sealed()
    swap_service.spotify.fault(TooManyRequests(seconds), times=None)

    answer = swap_service.refresh(sealed)

    heard = answer.headers.get("Retry-After")
    swap_service.spotify.clear_faults()
    swap_service.last_seen = f"{swap_service.last_seen}, Retry-After: {heard}"
    assert answer.status == 429, "wanted 429"
    assert heard == str(seconds), f"wanted Retry-After: {seconds}"
    assert _is_fine_again(swap_service, answer), "a request after that is not fine"


@pytest.mark.promise("trouble")
def test_a_redirect_is_never_followed(swap_service: SwapService) -> None:
    code = swap_service.spotify.code()
    swap_service.spotify.fault(Redirected(307, "/elsewhere"))
    with suppress(AssertionError):  # that it has to answer is another promise
        swap_service.swap(code)

    assert swap_service.spotify.count(Match(path="/elsewhere")) == 0, "it was"


@pytest.mark.promise("trouble")
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
