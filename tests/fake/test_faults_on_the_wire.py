"""Every fault, seen from the other end of a real connection."""

import json
import re
import socket
import struct
import time
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

import pytest

from fake_spotify import FakeSpotify, faults
from tests.fake.browser import Browser, ask_token, login_query, refresh

PATIENCE_SECONDS = 20


def _refresh(spotify):
    return refresh(spotify, spotify.grant().refresh_token)


@contextmanager
def _connected(spotify):
    """A raw connection over which a token was asked for."""
    parts = urlsplit(spotify.accounts_url)
    form = {"client_id": spotify.client_id, "client_secret": spotify.client_secret}
    body = urlencode({**form, "grant_type": "client_credentials"})
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


@pytest.mark.parametrize(
    ("fault", "pattern", "ending"),
    [
        (faults.ResetBeforeHead(), b"", "reset"),
        (faults.CloseBeforeHead(), b"", "closed"),
        (faults.ResetInHead(), rb"HTTP/1\.1 200 OK\r\n(.(?!\r\n\r\n))*", "reset"),
        (faults.ResetInBody(), rb'HTTP/1\.1 200 .*\r\n\r\n{"access_token".*[^}]', "reset"),
        (faults.Garbage(100), rb"(?!HTTP).{100}", "closed"),
    ],
    ids=str,
)
def test_the_connection_ends_where_the_fault_says(spotify, fault, pattern, ending):
    spotify.fault(fault)
    received, ended = _read_all(spotify)

    assert ended == ending
    assert re.fullmatch(pattern, received, re.DOTALL)


@pytest.mark.parametrize(
    ("fault", "difference"), [(faults.ShortBody(10), -10), (faults.LongBody("abc"), 3)]
)
def test_the_body_has_another_length_than_announced(spotify, fault, difference):
    spotify.fault(fault)
    received, ending = _read_all(spotify)
    head, _, body = received.partition(b"\r\n\r\n")
    [announced] = re.findall(rb"content-length: (\d+)", head.lower())

    assert (len(body) - int(announced), ending) == (difference, "closed")


def test_the_body_comes_late(spotify):
    spotify.fault(faults.SlowBody(0.3))
    with _connected(spotify) as connection:
        received = connection.recv(65536)
        began = time.monotonic()
        while received.endswith(b"\r\n\r\n"):
            received += connection.recv(65536)

    assert time.monotonic() - began >= 0.2


def test_silence_lasts_and_neither_others_nor_stopping_wait_for_it():
    with FakeSpotify() as spotify:
        spotify.fault(faults.Silence())
        with _connected(spotify) as connection:
            connection.settimeout(0.3)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            status = _refresh(spotify).status
            began = time.monotonic()
            spotify.stop()

    assert status == 200
    assert time.monotonic() - began < 5


def test_the_real_answer_follows_a_flood_of_1xx(spotify):
    spotify.fault(faults.InformationalFlood(500))
    with _connected(spotify) as connection:
        received = b""
        while b"HTTP/1.1 200 OK" not in received:
            received += connection.recv(65536)

    assert received.count(b"HTTP/1.1 103 Early Hints\r\n\r\n") == 500


@pytest.mark.parametrize(
    ("fault", "least"),
    [(faults.Huge(40), 40_000_000), (faults.GzipBomb(40), 30_000)],
    ids=["huge", "gzip bomb"],
)
def test_much_is_sent_to_whoever_reads_it(spotify, fault, least):
    spotify.fault(fault)
    received, ending = _read_all(spotify)

    assert (len(received) > least, ending) == (True, "closed")


def test_a_client_that_has_enough_of_400_megabytes_hurts_nobody(spotify):
    spotify.fault(faults.Huge(400))
    with _connected(spotify) as connection:
        connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert _refresh(spotify).status == 200


@pytest.mark.parametrize(
    ("fault", "status", "header", "body"),
    [
        *(
            (faults.Redirected(status, "https://a.example/"), status, "location: https://a.ex", "")
            for status in (301, 302, 303, 307, 308)
        ),
        (faults.Status(418, "short and stout", {"x-pot": "tea"}), 418, "x-pot: tea", "stout"),
        (faults.ContentType("text/html"), 200, "content-type: text/html", '"token_type":"Bearer"'),
    ],
)
def test_an_answer_is_what_the_fault_says(spotify, fault, status, header, body):
    spotify.fault(fault)
    seen = _refresh(spotify)
    name, _, value = header.partition(": ")

    assert seen.status == status
    assert seen.header(name).startswith(value)
    assert body in seen.text


def test_rotation_once_revokes_the_old_token_and_does_not_go_on(spotify):
    first = spotify.grant().refresh_token
    spotify.fault(faults.Rotate())
    second = json.loads(refresh(spotify, first).body)["refresh_token"]

    assert refresh(spotify, first).status == 400
    assert "refresh_token" not in json.loads(refresh(spotify, second).body)


@pytest.mark.parametrize(("is_processed", "again"), [(True, 400), (None, 200)])
def test_a_request_whose_answer_is_lost_takes_effect_only_if_asked(spotify, is_processed, again):
    form = {"code": spotify.code(), "redirect_uri": spotify.redirect_uris[0]}
    form["grant_type"] = "authorization_code"
    spotify.fault(faults.ResetBeforeHead(), is_processed=is_processed)

    assert ask_token(spotify, **form).status == 0
    assert ask_token(spotify, **form).status == again


def test_the_user_can_say_no_without_a_page(spotify):
    spotify.fault(faults.Cancel())
    seen = Browser(spotify.accounts_url).open("/authorize", login_query(spotify))

    assert seen.header("location").endswith("?error=access_denied")


def test_an_outage_ends_connections_that_were_open(spotify):
    parts = urlsplit(spotify.accounts_url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE_SECONDS) as connection:
        connection.sendall(b"GET /v1/me HTTP/1.1\r\nHost: fake\r\n\r\n")
        while b"No token provided" not in connection.recv(65536):
            pass
        spotify.begin_outage("connection_refused", 60)

        assert connection.recv(1) == b""


def test_faults_are_noted_in_the_journal(spotify):
    spotify.fault(faults.UpstreamReset())
    spotify.fault(faults.Silence())
    _refresh(spotify)
    with _connected(spotify):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while spotify.count() < 2 and time.monotonic() < deadline:
            time.sleep(0.01)

    assert [(entry.fault, entry.status) for entry in spotify.requests()] == [
        ("upstream_reset", 503),
        ("silence", 0),
    ]
