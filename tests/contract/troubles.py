"""Spotify's troubles by kind, and what the service did in each; played once for all promises."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from fake_spotify.faults import (
    BadGateway,
    BadRequest,
    BrokenJson,
    CaptivePortal,
    CloseBeforeHead,
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
from .deadline_client import listens
from .http_client import Answer
from .swap_service import SwapService

JSON = {"Content-Type": "application/json"}
_TWICE = '{"access_token":"an-access-token","access_token":"another","expires_in":3600}'
_OTHERS = 8
_POLL_SECONDS = 0.1
_SLACK_SECONDS = 1.0
FAILS = (503, "temporarily_unavailable")
THROTTLED = (429, "temporarily_unavailable")
NONSENSE = (502, "server_error")
LOST = (502, "temporarily_unavailable")
LATE = (504, "temporarily_unavailable")
_REFUSED = "connection refused"
_FLOOD_OF_HEADS = "a thousand 1xx"
_SURPLUS = "more bytes than announced"
# Good tokens come with these, and HTTP allows to take them.
_TOLERABLE = (_FLOOD_OF_HEADS, _SURPLUS)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Faults of one kind by their names, and the contract's status and error for them."""

    expected: tuple[int, str]
    faults: dict[str, Fault | None]


TROUBLES = {
    "Spotify answers 5xx": Trouble(
        FAILS,
        {
            "500": Status(500, '{"error":"server_error"}', JSON),
            "502 HTML from the edge": BadGateway(),
            "503 from Envoy": UpstreamReset(),
            "503 no healthy upstream": NoHealthyUpstream(),
            "504 from Envoy": UpstreamTimeout(),
            "503 without a body": Status(503, "", JSON),
        },
    ),
    "Spotify answers 429": Trouble(
        THROTTLED,
        {
            "429": TooManyRequests(1),
            "429 as JSON": TooManyRequests(1, as_json=True),
            "429 until a date": TooManyRequestsUntil(1),
            "429 until nonsense": Status(429, "", {"Retry-After": "soon", **JSON}),
        },
    ),
    "Spotify answers an HTML error page": Trouble(
        NONSENSE,
        {"403 HTML": Forbidden(), "400 HTML": BadRequest(), "418": Status(418, "", JSON)},
    ),
    "Spotify redirects": Trouble(
        NONSENSE, {str(code): Redirected(code) for code in (301, 302, 303, 307, 308)}
    ),
    "Spotify answers 2xx without usable tokens": Trouble(
        NONSENSE,
        {
            "201": Status(201, '{"access_token":"a"}', JSON),
            "200 without a body": EmptyAnswer(),
            "200 and a page": CaptivePortal(),
            "half of the JSON": BrokenJson(),
            "no access token": Members(drop=("access_token",)),
            "a number for an access token": Members(add={"access_token": 7}),
            "an empty access token": Members(add={"access_token": ""}),
            "a number for a refresh token": Members(add={"refresh_token": 7}),
            "a list": Status(200, '["access_token"]', JSON),
            "a member twice": Status(200, _TWICE, JSON),
        },
    ),
    "Spotify breaks HTTP": Trouble(NONSENSE, {"garbage": Garbage(), _SURPLUS: LongBody()}),
    "the connection is lost": Trouble(
        LOST,
        {
            "reset before the head": ResetBeforeHead(),
            "closed before the head": CloseBeforeHead(),
            "reset inside the head": ResetInHead(),
            "reset inside the body": ResetInBody(),
            "a short body": ShortBody(),
            _REFUSED: None,
        },
    ),
    "Spotify hangs": Trouble(
        LATE,
        {
            "silence": Silence(),
            "a head that comes too late": SlowHead(60),
            "a body that comes too late": SlowBody(60),
            "byte by byte": Dribble(0.2),
        },
    ),
    "Spotify floods": Trouble(
        NONSENSE,
        {
            _FLOOD_OF_HEADS: InformationalFlood(1000),
            "a gzip bomb of 400 MB": GzipBomb(400),
            "400 MB": Huge(400),
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the service did to one request in trouble; *failure* says why there is no answer."""

    fault: str
    answer: Answer | None
    failure: str
    has_died: bool
    is_fine_again: bool
    words: str
    curl: str

    @property
    def has_usable_tokens(self) -> bool:
        """Say whether the service took tokens that it was free to take."""
        return self.fault in _TOLERABLE and bool(self.answer and self.answer.status == 200)


def outcomes(service: SwapService, name: str) -> list[Outcome]:
    """Refresh and swap in every trouble of one kind; a second time the same is returned."""
    if name not in service.outcomes:
        found = service.outcomes[name] = []
        for fault_name, fault in TROUBLES[name].faults.items():
            if not service.revive():
                break
            found += _play(service, fault_name, fault)
    return service.outcomes[name]


def answered(ask: Callable[[], Answer]) -> tuple[Answer | None, str]:
    """Return the answer, or None and why there was none."""
    try:
        return ask(), ""
    except AssertionError as failure:
        return None, str(failure)


def is_fine_again(service: SwapService, last: Answer | None) -> bool:
    """Log in once more; who was asked to wait tries until that time is over."""
    seconds = last.headers.get("Retry-After", "0") if last and last.status in (429, 503) else "0"
    wait = min(int(seconds), 5) if seconds.isdigit() else 0
    ends_at = time.monotonic() + wait + patience.seconds(_SLACK_SECONDS)
    while True:
        answer, failure = answered(service.swap)
        if answer and answer.status == 200:
            return True
        if failure or time.monotonic() > ends_at:
            return False
        time.sleep(_POLL_SECONDS)


def _play(service: SwapService, name: str, fault: Fault | None) -> list[Outcome]:
    spotify = service.spotify
    try:
        # Most calls go well, so that a service with a circuit breaker has no reason to open it.
        for _ in range(1 if service.least_seconds else _OTHERS):
            sealed = service.sealed()
    except AssertionError as failure:
        return [Outcome(name, None, str(failure), False, False, service.last_seen, "")]
    code = spotify.code()
    played = []
    if fault is None:
        spotify.begin_outage("connection_refused", 60)
    else:
        spotify.fault(fault, times=None)
    try:
        for ask in (lambda: service.refresh(sealed), lambda: service.swap(code)):
            answer, failure = answered(ask)
            played.append((answer, failure, service.last_seen, service.last_curl))
            if failure and not listens(service.url):
                break
    finally:
        spotify.clear_faults()
        if fault is None:
            spotify.begin_outage("connection_refused", 0)
    is_fine = is_fine_again(service, played[-1][0])
    has_died = not service.end()
    return [
        Outcome(name, answer, failure, has_died, is_fine, f"{name}: {words}", curl)
        for answer, failure, words, curl in played
    ]
