"""What apps are told when Spotify talks nonsense below HTTP, beyond the faults of the fake."""

from collections.abc import Iterator

import pytest

from tests.contract.http_client import Answer, post_form
from tests.contract.processes import wait_until
from tests.service.broken_upstream import BrokenUpstream, Script, endless, says
from tests.service.running import Running, running_service

OTHERS = 8
OK = b"HTTP/1.1 200 OK\r\n"
HEAD = OK + b"Content-Type: application/json\r\n"
GOOD = b'{"access_token":"a","refresh_token":"AQplain"}'


@pytest.fixture(scope="module")
def broken() -> Iterator[BrokenUpstream]:
    """One for all of these tests, like the service in front of it."""
    with BrokenUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def patient_service(broken: BrokenUpstream) -> Iterator[Running]:
    """The service, in front of it; its deadline would be a 504."""
    with running_service(broken.url) as service:
        yield service


def both_endpoints(service: Running, broken: BrokenUpstream) -> list[Answer]:
    """Swap with the script that is set, and refresh a good token with it."""
    script, broken.script = broken.script, says(HEAD + b"Content-Length: 46\r\n\r\n" + GOOD)
    # Most go well, so that Spotify does not seem to fail for everyone.
    for _ in range(OTHERS):
        sealed = post_form(f"{service.url}/swap", {"code": "c"}).json()["refresh_token"]
    answers = []
    for path, form in (("/swap", {"code": "c"}), ("/refresh", {"refresh_token": sealed})):
        # No connection is left that the service could use again just as it is closed.
        wait_until(broken.is_quiet)
        broken.script = script
        answers.append(post_form(f"{service.url}{path}", form))
    return answers


FAILS = (503, "temporarily_unavailable")
NONSENSE = (502, "server_error")
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param(
            says(b"HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\ncut"), FAILS, id="a short 503"
        ),
        pytest.param(endless(b"", b"x"), NONSENSE, id="an endless first line"),
        pytest.param(endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), NONSENSE, id="endless 1xx"),
        pytest.param(endless(CHUNKED, b"4\r\nxxxx\r\n"), NONSENSE, id="a body without end"),
        pytest.param(
            says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
            NONSENSE,
            id="another protocol, politely",
        ),
    ],
)
def test_what_breaks_below_http_is_answered_before_the_deadline(
    patient_service: Running, broken: BrokenUpstream, script: Script, told: tuple[int, str]
) -> None:
    broken.script = script

    answers = both_endpoints(patient_service, broken)

    assert [(answer.status, answer.error) for answer in answers] == [told] * 2
    assert patient_service.process.poll() is None
