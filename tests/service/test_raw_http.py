"""Every row of the table of raw requests is answered as the table says, and the service lives."""

from collections import Counter
from collections.abc import Iterator
from itertools import count
from random import Random

import pytest

from fake_spotify import FakeSpotify
from tests.contract import patience
from tests.contract.processes import wait_until
from tests.fuzz.raw_requests import is_trouble, mutants
from tests.fuzz.raw_requests import problems_of as problems_of_mutant
from tests.service.raw_client import RawConnection, raw_connection
from tests.service.raw_http_cases import GROUPS, Case
from tests.service.running import Running, running_service

LONGEST_LINE = 400
SECONDS = 5  # well before the service would end a connection by itself
_numbers = count()


@pytest.fixture(scope="module")
def raw_service(spotify: FakeSpotify) -> Iterator[Running]:
    """The service, which knows no tokens but its own, in front of the fake."""
    with running_service(spotify.accounts_url, LEGACY_TOKENS="none") as service:
        yield service


def problems_of(case: Case, url: str) -> Iterator[str]:
    with raw_connection(url, patience.seconds(SECONDS)) as connection:
        if case.name.endswith("in pieces"):
            connection.send_drop_by_drop(case.sent)
        else:
            connection.send(case.sent)
        if case.half_closes:
            connection.say_no_more()
        error = None
        for number, status in enumerate(case.outcome.statuses):
            answer = connection.read(to_head=case.sent.startswith(b"HEAD ") and not number)
            if answer is None:
                yield f"closed without answer {number + 1}, wanted {status}"
                return
            if answer.status != status:
                yield f"answered {answer.status} {answer.body!r}, wanted {status}"
                return
            yield from answer.problems(case.sent)
            error = answer.error
        wanted = case.outcome.error
        if wanted != error and not (wanted == "invalid_*" and (error or "").startswith("invalid_")):
            yield f"said {error}, wanted {wanted}"
        yield from (_problems_if_kept if case.outcome.kept else _problems_if_closed)(connection)


def _problems_if_kept(connection: RawConnection) -> Iterator[str]:
    mark = f"probe-{next(_numbers)}"
    connection.send(probe(mark))
    answer = connection.read()
    if answer is None:
        yield "was closed"
    elif f"X-Request-ID: {mark}\r\n".encode() not in answer.head:
        yield f"had an answer too many: {answer.head!r} {answer.body!r}"
    elif answer.status != 200:
        yield f"did not serve another request: {answer.status}"


def _problems_if_closed(connection: RawConnection) -> Iterator[str]:
    if (answer := connection.read()) is not None:
        yield f"had an answer too many: {answer.head!r} {answer.body!r}"


def probe(mark: str) -> bytes:
    return f"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-ID: {mark}\r\n\r\n".encode()


def tried(case: Case, url: str) -> list[str]:
    try:
        return [f"{case.name[:60]}: {problem}" for problem in problems_of(case, url)]
    except (TimeoutError, ValueError) as problem:
        return [f"{case.name[:60]}: {problem!r}"]


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_sent_is_answered_as_the_table_says(raw_service: Running, group: str) -> None:
    before = len(raw_service.log().splitlines())
    problems = [problem for case in GROUPS[group] for problem in tried(case, raw_service.url)]
    mark = f"end-{next(_numbers)}"
    with raw_connection(raw_service.url) as connection:
        connection.send(probe(mark))
        alive = connection.read()
    wait_until(lambda: mark in raw_service.log())
    told = raw_service.log().splitlines()[before:]
    others = ("probe-", "Spotify refused", "CORS_ORIGINS")
    lines = [line for line in told if not any(other in line for other in others)]
    answers = sum(status != 100 for case in GROUPS[group] for status in case.outcome.statuses)
    unsent = sum(case.half_closes for case in GROUPS[group])

    assert "\n".join(problems) == ""
    assert alive is not None
    assert alive.status == 200
    assert len(lines) - 1 <= answers + unsent
    assert [line for line in lines if len(line) > LONGEST_LINE or "Traceback" in line] == []


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        pytest.param(b"\0\r\n\r\n", "- - 400 ", id="a head that cannot be read"),
        pytest.param(
            b"BREW /nowhere?A-TOKEN HTTP/1.1\r\nHost: x\r\n\r\n",
            "BREW /nowhere 404 ",
            id="an unknown path",
        ),
        pytest.param(
            b"B" * 50 + b" /swap/?A-TOKEN HTTP/1.1\r\nHost: x\r\n\r\n",
            "B" * 16 + " /swap 405 ",
            id="another method",
        ),
    ],
)
def test_the_log_tells_what_was_refused_in_words_of_ours(
    raw_service: Running, sent: bytes, told: str
) -> None:
    before = len(raw_service.log())
    with raw_connection(raw_service.url) as connection:
        connection.send(sent)
        connection.read()
    wait_until(lambda: "\n" in raw_service.log()[before:])

    (line,) = raw_service.log()[before:].splitlines()
    assert told in line
    assert '"client": "127.0.0.1"' in line
    assert "A-TOKEN" not in line


def test_mutated_requests_get_answers_of_ours_or_none(raw_service: Running) -> None:
    problems = [
        problem
        for sent, most in mutants(Random(4), 300)
        for problem in problems_of_mutant(raw_service.url, sent, most, Counter())
    ]

    assert problems == []
    assert not any(is_trouble(line) for line in raw_service.log().splitlines())


def test_no_row_of_the_table_stands_there_twice() -> None:
    for group, cases in GROUPS.items():
        assert len({case.sent for case in cases}) == len(cases), group
