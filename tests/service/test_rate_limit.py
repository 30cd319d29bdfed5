"""Everybody may ask as often as the operator says, and nobody can ask in another's name."""

from collections.abc import Iterator

import pytest

from fake_spotify import FakeSpotify
from tests.contract.http_client import Answer, post_form, send
from tests.contract.processes import wait_until
from tests.service.running import Running, running_service

LIMIT = 3
SPOOF = "192.0.2.66"
LIMIT_HEADERS = {"RateLimit", "RateLimit-Policy"}


@pytest.fixture(scope="module")
def limited(spotify: FakeSpotify) -> Iterator[Running]:
    """The service behind one proxy, as on Heroku, with three requests a day for each."""
    with running_service(
        spotify.accounts_url, RATE_LIMIT=f"{LIMIT}/day", PROXIES_COUNT="1"
    ) as service:
        yield service


def swap(
    service: Running, forwarded_for: str, code: str = "guessed", path: str = "/swap"
) -> Answer:
    headers = {"X-Forwarded-For": forwarded_for}
    return post_form(service.url + path, {"code": code}, headers)


def refresh(service: Running, token: str) -> Answer:
    return post_form(
        f"{service.url}/refresh", {"refresh_token": token}, {"X-Forwarded-For": "203.0.113.99"}
    )


def statuses(answers: list[Answer]) -> list[int]:
    return [answer.status for answer in answers]


def logged_client(service: Running, headers: dict[str, str]) -> str:
    """Ask with these headers, and return the address that the access log tells."""
    request_id = f"request-{len(service.log())}"
    send("GET", f"{service.url}/", headers={**headers, "X-Request-ID": request_id})

    def clients() -> list[str]:
        return [line["client"] for line in service.lines() if line.get("request_id") == request_id]

    wait_until(clients)
    return clients()[0]


def test_an_endless_stream_of_swaps_costs_spotify_no_more_than_the_limit(
    limited: Running, spotify: FakeSpotify
) -> None:
    spotify.clear_requests()
    # Of the list only the last entry is the proxy's; an app writes the others itself.
    answers = [
        swap(limited, f"192.0.2.{number}, 203.0.113.1", path=("/swap", "/api/token/")[number % 2])
        for number in range(40)
    ]

    assert statuses(answers) == [400] * LIMIT + [429] * (40 - LIMIT)
    assert spotify.count() == LIMIT
    assert swap(limited, "203.0.113.2", spotify.code()).status == 200


def test_a_refusal_says_when_to_come_again(limited: Running) -> None:
    answers = [swap(limited, "203.0.113.3") for _ in range(LIMIT + 1)]
    refused = answers[-1]

    assert (refused.status, refused.error) == (429, "temporarily_unavailable")
    assert refused.json()["error_description"] == "Too many requests; try again later"
    assert 86_400 - 600 < int(refused.headers["Retry-After"]) <= 86_400
    assert refused.headers["RateLimit-Policy"] == '"3-per-86400s";q=3;w=86400'
    left = refused.headers["Retry-After"]
    assert refused.headers["RateLimit"] == f'"3-per-86400s";r=0;t={left}'
    assert not LIMIT_HEADERS & set(answers[0].headers)


def test_what_costs_spotify_nothing_is_not_counted(limited: Running, spotify: FakeSpotify) -> None:
    malformed = [swap(limited, "203.0.113.6", code="") for _ in range(LIMIT + 1)]
    unknown = [refresh(limited, "s1.AAAAAAAA." + "A" * 139) for _ in range(LIMIT + 1)]

    assert {answer.error for answer in malformed} == {"invalid_request"}
    assert {answer.status for answer in unknown} == {503}  # of a key that is not ours
    assert swap(limited, "203.0.113.6", spotify.code()).status == 200


def test_users_behind_one_address_refresh_without_hindering_each_other(
    limited: Running, spotify: FakeSpotify
) -> None:
    one, other = (
        swap(limited, f"203.0.113.{number}", spotify.code()).json()["refresh_token"]
        for number in (7, 8)
    )
    spotify.clear_requests()

    first = [refresh(limited, one) for _ in range(LIMIT + 5)]
    second = [refresh(limited, other) for _ in range(LIMIT)]

    assert statuses(first) == [200] * LIMIT + [429] * 5
    assert statuses(second) == [200] * LIMIT
    assert spotify.count() == 2 * LIMIT
    assert set(first[-1].headers) > LIMIT_HEADERS
    assert first[-1].error == "temporarily_unavailable"


def test_nobody_is_believed_about_addresses_unless_told_to(spotify: FakeSpotify) -> None:
    names = ["X-Forwarded-For", "X-Real-IP", "Fly-Client-IP", "Forwarded", "True-Client-IP"]
    for_sanic = {"REAL_IP_HEADER": "X-Real-IP", "PROXIES_COUNT": "1", "FORWARDED_SECRET": "x"}
    ignored = {f"SANIC_{name}": value for name, value in for_sanic.items()}
    with running_service(spotify.accounts_url, **ignored) as service:
        headers = {**dict.fromkeys(names, SPOOF), "Forwarded": f"for={SPOOF}; secret=x"}

        assert logged_client(service, headers) == "127.0.0.1"


def test_on_fly_its_own_header_is_believed(spotify: FakeSpotify) -> None:
    with running_service(spotify.accounts_url, REAL_IP_HEADER="Fly-Client-IP") as service:
        claimed = {"Fly-Client-IP": "2001:db8::7", "X-Forwarded-For": f"{SPOOF}, {SPOOF}"}

        assert logged_client(service, claimed) == "2001:db8::7"
        assert logged_client(service, {"Fly-Client-IP": f"{SPOOF}, {SPOOF}"}) == "127.0.0.1"
        assert logged_client(service, {"X-Forwarded-For": SPOOF}) == "127.0.0.1"
