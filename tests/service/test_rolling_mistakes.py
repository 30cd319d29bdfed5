"""Three machines behind a balancer, one of them restarted with a mistake: who is logged out?"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from fake_spotify import FakeSpotify
from tests.contract.http_client import Answer, post_form
from tests.contract.profiles import CLIENT_ID, REDIRECT_URI
from tests.service.refreshing import log_in, refresh
from tests.service.running import NOWHERE, Running, running_service
from tests.service.seals import new_secret

USERS = 6
OTHER_APP = {"CLIENT_ID": "fedcba9876543210fedcba9876543210", "CLIENT_SECRET": "canary-other-app"}
HELD, GONE = (503, "temporarily_unavailable"), (400, "invalid_grant")


@dataclass
class Fleet:
    """Two machines as they should be, and users who have logged in there."""

    machines: list[Running]
    tokens: list[str]

    def refresh_all(self, machine: Running, **form: str) -> list[Answer]:
        """Refresh every user's token at *machine*, and keep the token of a good answer."""
        fields = [{"refresh_token": token, **form} for token in self.tokens]
        answers = [post_form(f"{machine.url}/refresh", one) for one in fields]
        for place, answer in enumerate(answers):
            if answer.status == 200:
                self.tokens[place] = answer.json()["refresh_token"]
        return answers


@pytest.fixture(scope="module")
def fleet(spotify: FakeSpotify) -> Iterator[Fleet]:
    with ExitStack() as stack:
        machines = [stack.enter_context(running_service(spotify.accounts_url)) for _ in range(2)]
        yield Fleet(machines, [log_in(machines[place % 2], spotify) for place in range(USERS)])


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("changes", "late", "reason"),
    [
        pytest.param({"ENCRYPTION_SECRET": None}, GONE, "", id="a temporary key"),
        pytest.param(
            {"ENCRYPTION_SECRET": new_secret()},
            HELD,
            "PREVIOUS_ENCRYPTION_SECRETS",
            id="another key",
        ),
        pytest.param(OTHER_APP, HELD, "CLIENT_ID", id="another app"),
        pytest.param(
            {"SPOTIFY_ACCOUNTS_URL": "localhost"},
            HELD,
            "same secret and app at http://localhost:",
            id="another spelling of Spotify",
        ),
        pytest.param({"CLIENT_SECRET": "canary-slip"}, None, "", id="a slip in the client secret"),
        pytest.param({"SPOTIFY_ACCOUNTS_URL": NOWHERE}, None, "", id="another Spotify"),
    ],
)
def test_a_mistake_on_one_machine_logs_nobody_out(
    fleet: Fleet,
    spotify: FakeSpotify,
    changes: dict[str, str | None],
    late: tuple[int, str] | None,
    reason: str,
) -> None:
    """
    Refresh everywhere, and log in where the mistake is.

    Args:
        late: What a good machine answers who has logged in there; None if nobody can.
        reason: What it logs of a token that it holds.
    """
    if changes is OTHER_APP:
        named = {name.lower(): value for name, value in OTHER_APP.items()}
        spotify.register(**named, redirect_uris=[REDIRECT_URI])
    code = spotify.app(changes.get("CLIENT_ID") or CLIENT_ID).code()
    with running_service(spotify.accounts_url, **meant(changes, spotify)) as third:
        answers = [
            answer
            for machine in (*fleet.machines, third)
            for form in ({}, {"client_id": CLIENT_ID})
            for answer in fleet.refresh_all(machine, **form)
        ]
        login = post_form(f"{third.url}/swap", {"code": code})
    good = fleet.machines[0]
    after = fleet.refresh_all(good)

    assert {(answer.status, answer.error) for answer in answers} <= {(200, None), HELD}
    assert [answer.status for answer in after] == [200] * USERS
    assert (login.status == 200) == (late is not None)
    if late is None:
        return
    token = login.json()["refresh_token"]
    answer, key_id = refresh(good, token), token.split(".")[1]
    assert (answer.status, answer.error) == late
    if late == HELD:
        [line] = [line for line in good.lines() if f"key {key_id} " in line["message"]]
        assert reason in line["message"]


def meant(changes: dict[str, str | None], spotify: FakeSpotify) -> dict[str, str | None]:
    """Return settings in which `localhost` is where the fake is."""
    if changes.get("SPOTIFY_ACCOUNTS_URL") != "localhost":
        return changes
    other = spotify.accounts_url.replace("127.0.0.1", "localhost")
    return {**changes, "SPOTIFY_ACCOUNTS_URL": other}
