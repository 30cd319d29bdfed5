"""Every fault, seen from the other end of a real connection."""

import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

import pytest

from fake_spotify import FakeSpotify, Match
from fake_spotify.faults import (
    Cancel,
    CloseBeforeHead,
    ContentType,
    Garbage,
    GzipBomb,
    Huge,
    InformationalFlood,
    LongBody,
    Redirected,
    ResetBeforeHead,
    ResetInBody,
    ResetInHead,
    Rotate,
    ShortBody,
    Silence,
    SlowBody,
    SlowHead,
    Status,
    TooManyRequests,
    UpstreamReset,
)
from tests.fake.browser import ask, post_form

PATIENCE_SECONDS = 20


@pytest.fixture
def spotify():
    with FakeSpotify(redirect_uris=["https://app.example/callback"]) as running:
        yield running


def _form(spotify, **more):
    return {"client_id": spotify.client_id, "client_secret": spotify.client_secret, **more}


def _refresh(spotify, refresh_token=None):
    refresh_token = refresh_token or spotify.grant().refresh_token
    form = _form(spotify, grant_type="refresh_token", refresh_token=refresh_token)
    return post_form(spotify.accounts_url, "/api/token", form)


@contextmanager
def _connected(spotify):
    """A raw connection over which a token was asked for."""
    parts = urlsplit(spotify.accounts_url)
    body = urlencode(_form(spotify, grant_type="client_credentials"))
    with socket.create_connection((parts.hostname, parts.port), PATIENCE_SECONDS) as connection:
        connection.sendall(
            "POST /api/token HTTP/1.1\r\nHost: fake\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        yield connection


def _read_all(spotify):
    """Give every byte of the answer, and how the connection ended."""
    with _connected(spotify) as connection:
        received = bytearray()
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            return bytes(received), "reset"
        return bytes(received), "closed"


def _parts(received):
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


def test_the_connection_is_reset_before_a_byte(spotify):
    spotify.fault(ResetBeforeHead())

    assert _read_all(spotify) == (b"", "reset")


def test_the_connection_is_closed_before_a_byte(spotify):
    spotify.fault(CloseBeforeHead())

    assert _read_all(spotify) == (b"", "closed")


def test_the_connection_is_reset_inside_the_head(spotify):
    spotify.fault(ResetInHead())
    received, ending = _read_all(spotify)

    assert ending == "reset"
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in received


def test_the_connection_is_reset_inside_the_body(spotify):
    spotify.fault(ResetInBody())
    received, ending = _read_all(spotify)

    assert ending == "reset"
    assert _parts(received)[1].startswith(b'{"access_token"')


@pytest.mark.parametrize(("fault", "difference"), [(ShortBody(10), -10), (LongBody("abc"), 3)])
def test_the_body_has_another_length_than_announced(spotify, fault, difference):
    spotify.fault(fault)
    received, ending = _read_all(spotify)
    head, body = _parts(received)
    announced = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])

    assert (len(body) - announced, ending) == (difference, "closed")


def test_garbage_is_no_http(spotify):
    spotify.fault(Garbage(100))
    received, _ = _read_all(spotify)

    assert len(received) == 100
    assert not received.startswith(b"HTTP")


def test_the_whole_answer_comes_late(spotify):
    spotify.fault(SlowHead(0.3))
    began = time.monotonic()

    assert _refresh(spotify).status == 200
    assert time.monotonic() - began >= 0.3


def test_the_body_comes_late(spotify):
    spotify.fault(SlowBody(0.3))
    with _connected(spotify) as connection:
        received = connection.recv(65536)
        began = time.monotonic()
        while not _parts(received)[1]:
            received += connection.recv(65536)

    assert time.monotonic() - began >= 0.2


def test_silence_lasts_until_the_client_gives_up(spotify):
    spotify.fault(Silence())
    with _connected(spotify) as connection:
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)

    assert _refresh(spotify).status == 200


def test_stopping_does_not_wait_for_the_silent():
    with FakeSpotify() as spotify:
        spotify.fault(Silence())
        with _connected(spotify) as connection:
            connection.settimeout(0.1)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            began = time.monotonic()
            spotify.stop()

    assert time.monotonic() - began < 5


def test_the_real_answer_follows_a_flood_of_1xx(spotify):
    spotify.fault(InformationalFlood(500))
    with _connected(spotify) as connection:
        received = b""
        while b"HTTP/1.1 200 OK" not in received:
            received += connection.recv(65536)

    assert received.count(b"HTTP/1.1 103 Early Hints\r\n\r\n") == 500


@pytest.mark.parametrize(
    ("fault", "least"), [(Huge(40), 40_000_000), (GzipBomb(40), 30_000)], ids=["huge", "gzip bomb"]
)
def test_much_is_sent_to_whoever_reads_it(spotify, fault, least):
    spotify.fault(fault)
    received, ending = _read_all(spotify)

    assert (len(received) > least, ending) == (True, "closed")


def test_a_client_that_has_enough_of_400_megabytes_hurts_nobody(spotify):
    spotify.fault(Huge(400))
    with _connected(spotify) as connection:
        connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert _refresh(spotify).status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_of_every_kind(spotify, status):
    spotify.fault(Redirected(status, "https://elsewhere.example/"))
    seen = _refresh(spotify)

    assert (seen.status, seen.header("location")) == (status, "https://elsewhere.example/")


def test_any_status_header_and_body(spotify):
    spotify.fault(Status(418, "short and stout", {"x-pot": "tea"}))
    seen = _refresh(spotify)

    assert (seen.status, seen.text, seen.header("x-pot")) == (418, "short and stout", "tea")


def test_the_right_body_under_a_wrong_content_type(spotify):
    spotify.fault(ContentType("text/html"))
    seen = _refresh(spotify)

    assert seen.header("content-type") == "text/html"
    assert json.loads(seen.body)["token_type"] == "Bearer"


def test_a_fault_can_be_played_for_ever_until_it_is_taken_back(spotify):
    spotify.fault(TooManyRequests(7), times=None)
    limited = {_refresh(spotify).status for _ in range(5)}
    spotify.clear_faults()

    assert (limited, _refresh(spotify).status) == ({429}, 200)


def test_a_fault_can_wait_for_one_token(spotify):
    unlucky, lucky = spotify.grant(), spotify.grant()
    spotify.fault(UpstreamReset(), match=Match(token=unlucky.refresh_token))

    assert _refresh(spotify, lucky.refresh_token).status == 200
    assert _refresh(spotify, unlucky.refresh_token).status == 503


def test_rotation_once_revokes_the_old_token_and_does_not_go_on(spotify):
    first = spotify.grant().refresh_token
    spotify.fault(Rotate())
    second = json.loads(_refresh(spotify, first).body)["refresh_token"]

    assert _refresh(spotify, first).status == 400
    assert "refresh_token" not in json.loads(_refresh(spotify, second).body)


def test_a_lost_answer_can_leave_its_request_in_effect(spotify):
    code = spotify.code()
    form = _form(
        spotify,
        grant_type="authorization_code",
        code=code,
        redirect_uri=spotify.redirect_uris[0],
    )
    spotify.fault(ResetBeforeHead(), is_processed=True)

    assert post_form(spotify.accounts_url, "/api/token", form).status == 0
    assert b"Invalid authorization code" in post_form(spotify.accounts_url, "/api/token", form).body


def test_a_reset_before_the_answer_leaves_the_request_without_effect(spotify):
    code = spotify.code()
    form = _form(
        spotify,
        grant_type="authorization_code",
        code=code,
        redirect_uri=spotify.redirect_uris[0],
    )
    spotify.fault(ResetBeforeHead())

    assert post_form(spotify.accounts_url, "/api/token", form).status == 0
    assert post_form(spotify.accounts_url, "/api/token", form).status == 200


def test_the_user_can_say_no_without_a_page(spotify):
    spotify.fault(Cancel())
    query = {
        "client_id": spotify.client_id,
        "response_type": "code",
        "redirect_uri": spotify.redirect_uris[0],
    }
    seen = ask(spotify.accounts_url, "GET", f"/authorize?{urlencode(query)}")

    assert seen.header("location").endswith("?error=access_denied")


def test_the_port_is_open_again_after_an_outage(spotify):
    spotify.refuse_connections(2)
    during = _refresh(spotify).status
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (after := _refresh(spotify).status) == 0 and time.monotonic() < deadline:
        threading.Event().wait(0.05)

    assert (during, after) == (0, 200)


def test_an_outage_ends_connections_that_were_open(spotify):
    parts = urlsplit(spotify.accounts_url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE_SECONDS) as connection:
        connection.sendall(b"GET /v1/me HTTP/1.1\r\nHost: fake\r\n\r\n")
        while b"No token provided" not in connection.recv(65536):
            pass
        spotify.refuse_connections(60)

        assert connection.recv(1) == b""


def test_faults_are_noted_in_the_journal(spotify):
    spotify.fault(UpstreamReset())
    spotify.fault(Silence())
    _refresh(spotify)
    with _connected(spotify):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while spotify.count() < 2 and time.monotonic() < deadline:
            threading.Event().wait(0.01)

    assert [(entry.fault, entry.status) for entry in spotify.requests()] == [
        ("upstream_reset", 503),
        ("silence", 0),
    ]
