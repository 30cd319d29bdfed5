"""What should come and what should not, and a journal that does not grow without end."""

from dataclasses import replace

import pytest

from fake_spotify.apps.journal import MOST_BODY_BYTES, MOST_ENTRIES, Entry, Expectations, Journal
from fake_spotify.matching import Match, Request
from fake_spotify.replies import Reply

REFRESH = Request("POST", "/api/token", "an-app", {"grant_type": "refresh_token"})


def _entry(request=REFRESH, status=200, error=""):
    return Entry(request, answer=Reply(status), error=error)


@pytest.mark.parametrize(
    ("times", "good"),
    [(None, {1, 2, 3, 4, 5}), (2, {2}), (0, {0})],
    ids=["at least once", "twice", "never"],
)
@pytest.mark.parametrize("seen", range(6))
def test_what_is_expected_must_come_as_often_as_said(times, good, seen):
    expectations = Expectations()
    expectations.expect(Match(grant_type="refresh_token"), times=times)
    for _ in range(seen):
        expectations.add_entry(_entry())

    assert (not expectations.complaints()) is (seen in good)


@pytest.mark.parametrize(
    ("path", "status", "error", "is_mistake"),
    [
        ("/api/token", 400, "invalid_client", True),
        ("/api/token", 400, "invalid_request", True),
        ("/api/token", 400, "unsupported_grant_type", True),
        ("/api/token", 415, "server_error", True),
        ("/authorize", 400, "INVALID_CLIENT: Invalid redirect URI", True),
        ("/v1/me", 400, "Only valid bearer authentication supported", True),
        ("/nowhere", 404, "Not Found", True),
        ("/api/token", 200, "", False),
        ("/api/token", 400, "invalid_grant", False),
        ("/v1/me", 401, "The access token expired", False),
        ("/authorize", 302, "", False),
    ],
)
def test_what_no_client_should_ever_send_is_unexpected_unless_announced(
    path, status, error, is_mistake
):
    entry = _entry(Request("POST", path, None), status, error)
    plain, announced = Expectations(), Expectations()
    announced.expect(Match(path=path))
    for expectations in (plain, announced):
        expectations.add_entry(entry)
        # A fault is nobody's mistake.
        expectations.add_entry(replace(entry, fault="status"))

    assert len(plain.complaints()) == is_mistake
    assert not announced.complaints()


def test_nothing_else_makes_everything_else_unexpected():
    expectations = Expectations()
    expectations.expect(Match(status=200))
    expectations.expect_nothing_else()
    expectations.add_entry(_entry())
    expectations.add_entry(_entry(status=400, error="invalid_grant"))

    [complaint] = expectations.complaints()

    assert complaint == (
        "did not expect POST /api/token (refresh_token) -> 400 invalid_grant; to expect it: "
        "fake_spotify.expect(Match(path='/api/token', grant_type='refresh_token', "
        "error='invalid_grant'))"
    )


def test_a_client_gone_mad_does_not_fill_the_complaints():
    expectations = Expectations()
    for _ in range(1000):
        expectations.add_entry(_entry(status=400, error="invalid_client"))

    assert len(expectations.complaints()) == 21
    assert "980 more" in expectations.complaints()[-1]


def _journal(count, body=b""):
    journal = Journal(on_entry=lambda _: None)
    for _ in range(count):
        journal.add(Entry(REFRESH, body=body))
    return journal


@pytest.mark.parametrize(
    ("count", "body", "kept"),
    [
        pytest.param(MOST_ENTRIES + 3, b"", range(4, MOST_ENTRIES + 4), id="many"),
        pytest.param(100, b"x" * 1_000_000, range(37, 101), id="large"),
    ],
)
def test_the_journal_keeps_the_latest_in_order_and_does_not_fill_the_memory(count, body, kept):
    entries = _journal(count, body).entries()

    assert [entry.number for entry in entries] == list(kept)
    assert max(len(entry.body) for entry in entries) <= MOST_BODY_BYTES
