"""Logs people in and refreshes their tokens, many at once if need be."""

import socket
from contextlib import ExitStack
from urllib.parse import urlencode

from fake_spotify import FakeSpotify, Match
from tests.contract import patience
from tests.contract.http_client import Answer, post_form
from tests.service.running import Running

REFRESHES = Match(grant_type="refresh_token")


def log_in(service: Running, spotify: FakeSpotify) -> str:
    """Return a sealed token of somebody who has just logged in; Spotify forgets the requests."""
    answer = post_form(f"{service.url}/swap", {"code": spotify.code()})
    spotify.clear_requests()
    return str(answer.json()["refresh_token"])


def refresh(service: Running, sealed: str) -> Answer:
    """Refresh as an app does."""
    return post_form(f"{service.url}/refresh", {"refresh_token": sealed})


def begin_refresh(service: Running, sealed: str) -> socket.socket:
    """Send a request, and wait for nothing."""
    body = urlencode({"refresh_token": sealed}).encode()
    connection = socket.create_connection(service.address, patience.seconds(20))
    head = b"POST /refresh HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % len(body) + body)
    return connection


def answer_on(connection: socket.socket) -> Answer:
    """Return the answer that comes, without its headers."""
    with connection, connection.makefile("rb") as stream:
        head, _, body = stream.read().partition(b"\r\n\r\n")
        return Answer(int(head.split()[1]), {}, body)


def refresh_at_once(services: list[Running], sealed: str, count: int) -> list[Answer]:
    """Send *count* equal requests, to each service in turn, before the first is answered."""
    connections = [begin_refresh(services[n % len(services)], sealed) for n in range(count)]
    return answers_on(connections)


def answers_on(connections: list[socket.socket]) -> list[Answer]:
    """Return the answers, and leave no connection open whatever they are."""
    with ExitStack() as stack:
        for connection in connections:
            stack.enter_context(connection)
        return [answer_on(connection) for connection in connections]
