"""What should come and what should not, and a journal that does not grow without end."""

import pytest

from fake_spotify.apps.expectations import Expectations
from fake_spotify.apps.journal import MOST_BODY_BYTES, MOST_ENTRIES, Entry, Journal
from fake_spotify.matching import Match, Request

REFRESH = Request("POST", "/api/token", "an-app", {"grant_type": "refresh_token"})


def _entry(request=REFRESH, status=200, error="", fault=""):
    return Entry(request, status=status, error=error, fault=fault)


@pytest.mark.parametrize(
    ("times", "seen", "complains"),
    [
        (None, 0, True),
        (None, 1, False),
        (None, 5, False),
        (2, 1, True),
        (2, 2, False),
        (2, 3, True),
    ],
)
def test_what_is_expected_must_come_as_often_as_said(times, seen, complains):
    expectations = Expectations()
    expectations.expect(Match(grant_type="refresh_token"), times=times)
    for _ in range(seen):
        expectations.add_entry(_entry())

    assert bool(expectations.complaints()) is complains


def test_never_can_be_expected():
    expectations = Expectations()
    expectations.expect(Match(path="/v1/me"), times=0)

    assert not expectations.complaints()


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/token", 400, "invalid_client"),
        ("/api/token", 400, "invalid_request"),
        ("/api/token", 400, "unsupported_grant_type"),
        ("/api/token", 415, "server_error"),
        ("/authorize", 400, "INVALID_CLIENT: Invalid redirect URI"),
        ("/v1/me", 400, "Only valid bearer authentication supported"),
        ("/nowhere", 404, "Not Found"),
    ],
)
def test_what_no_client_should_ever_send_is_unexpected(path, status, error):
    expectations = Expectations()
    expectations.add_entry(_entry(Request("POST", path, None), status, error))

    assert len(expectations.complaints()) == 1


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/token", 200, ""),
        ("/api/token", 400, "invalid_grant"),
        ("/v1/me", 401, "The access token expired"),
        ("/authorize", 302, ""),
    ],
)
def test_what_happens_to_every_client_is_not_unexpected(path, status, error):
    expectations = Expectations()
    expectations.add_entry(_entry(Request("POST", path, None), status, error))

    assert not expectations.complaints()


def test_a_mistake_that_was_announced_is_not_unexpected():
    expectations = Expectations()
    expectations.expect(Match(error="invalid_client"))
    expectations.add_entry(_entry(status=400, error="invalid_client"))

    assert not expectations.complaints()


def test_a_fault_is_nobodys_mistake():
    expectations = Expectations()
    expectations.add_entry(_entry(Request("GET", "/v1/me", None), status=400, fault="status"))

    assert not expectations.complaints()


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


def test_the_journal_keeps_the_latest_in_order():
    numbers = [entry.number for entry in _journal(MOST_ENTRIES + 3).entries()]

    assert numbers == list(range(4, MOST_ENTRIES + 4))


def test_the_journal_does_not_fill_the_memory_with_large_requests():
    numbers = [entry.number for entry in _journal(100, b"x" * 1_000_000).entries()]

    assert numbers == list(range(37, 101))


def test_the_journal_cuts_long_bodies():
    (entry,) = _journal(1, b"x" * 1_000_000).entries()

    assert len(entry.body) == MOST_BODY_BYTES


def test_a_cleared_journal_counts_on():
    journal = _journal(2)
    journal.clear()
    journal.add(Entry(REFRESH))

    assert [entry.number for entry in journal.entries()] == [3]


def test_entries_are_picked_by_request_and_answer():
    journal = _journal(1)
    journal.add(Entry(REFRESH, status=400, error="invalid_grant"))

    assert len(journal.entries(Match(grant_type="refresh_token"))) == 2
    assert len(journal.entries(Match(error="invalid_grant"))) == 1
    assert not journal.entries(Match(method="GET"))
