"""Who gives way when every place is taken."""

import pytest

from sanic_swap.server.connection import REQUEST, WAITING, Places


class Occupant:
    """A connection that can be closed, or has bytes that nobody has read."""

    def __init__(self, waits_with="idle", *, is_unread=False, client="203.0.113.7"):
        self.waits_with = waits_with
        self.client_address = client
        self.is_unread = is_unread
        self.is_aborted = False

    def abort_unless_unread(self):
        self.is_aborted = not self.is_unread
        return self.is_aborted


def places_with(*occupants):
    places = Places(len(occupants))
    for occupant in occupants:
        places.occupants.add(occupant)
        places.wait(occupant)
    return places


def test_the_one_that_has_waited_longest_gives_way_and_is_counted():
    first, second = Occupant("silent"), Occupant("head")
    places = places_with(first, second)

    assert places.make_room()
    assert (first.is_aborted, second.is_aborted) == (True, False)
    assert places.occupants == {second}
    assert places.reclaimed == {"idle": 0, "silent": 1, "head": 0, "body": 0}


def test_whoever_begins_to_wait_anew_has_waited_shortest():
    first, second = Occupant(), Occupant()
    places = places_with(first, second)
    places.leave(first)
    places.wait(first)

    assert places.make_room()
    assert (first.is_aborted, second.is_aborted) == (False, True)


def test_unread_bytes_and_complete_requests_keep_their_places():
    busy, unread, last = Occupant(), Occupant(is_unread=True), Occupant()
    places = places_with(busy, unread, last)
    places.leave(busy)

    assert places.make_room()
    assert places.occupants == {busy, unread}
    places.limit = 3
    assert places.make_room()  # below the limit nobody gives way
    places.limit = 2
    assert not places.make_room()
    assert (busy.is_aborted, unread.is_aborted, last.is_aborted) == (False, False, True)


def test_a_closed_connection_does_not_wait_any_more():
    first, second = Occupant(), Occupant()
    places = places_with(first, second)
    places.make_room()
    places.wait(first)
    places.occupants.add(third := Occupant())
    places.wait(third)

    assert places.make_room()
    assert second.is_aborted
    assert places.occupants == {third}


def test_states_are_counted_by_what_is_waited_with():
    occupants = [*map(Occupant, WAITING), Occupant("body"), Occupant("body")]
    places = places_with(*occupants)
    places.leave(occupants[-1])

    assert places.by_state() == {"idle": 1, "silent": 1, "head": 1, "body": 2, REQUEST: 1}


def test_a_line_a_minute_names_who_holds_most(caplog: pytest.LogCaptureFixture):
    crowd = [Occupant(client="198.51.100.9") for _ in range(5)]
    places = places_with(Occupant(), *crowd)
    for _ in range(3):
        places.occupants.add(Occupant())
        places.make_room()

    [record] = caplog.records
    assert record.fields == {"closed": 1, "client": "198.51.100.9", "held": 5}
