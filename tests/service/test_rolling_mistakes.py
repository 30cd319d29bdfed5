"""Three machines behind a balancer, one of them restarted with a mistake: who is logged out?"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from fake_spotify import FakeSpotify
from tests.contract.http_client import Answer, post_form
from tests.contract.profiles import CLIENT_ID, REDIRECT_URI
from tests.service.refreshing import log_in, refresh
from tests.service.running import Running, running_service
from tests.service.seals import new_secret

USERS = 6
OTHER_APP = {"client_id": "0123456789abcdef0123456789abcdef", "client_secret": "canary-other-app"}


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


MISTAKES = {
    "the key is forgotten": {"ENCRYPTION_SECRET": None},
    "the key is another": {"ENCRYPTION_SECRET": new_secret()},
    "another app": {
        "CLIENT_ID": OTHER_APP["client_id"],
        "CLIENT_SECRET": OTHER_APP["client_secret"],
    },
    "a slip in the client secret": {"CLIENT_SECRET": "canary-slip"},
    "another Spotify": {"SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:9"},
    "another spelling of Spotify": {"SPOTIFY_ACCOUNTS_URL": "localhost"},
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("changes", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_on_one_machine_logs_nobody_out(
    fleet: Fleet, spotify: FakeSpotify, changes: dict[str, str | None]
) -> None:
    with running_service(spotify.accounts_url, **meant(changes, spotify)) as third:
        answers = [
            answer
            for machine in (*fleet.machines, third)
            for form in ({}, {"client_id": CLIENT_ID})
            for answer in fleet.refresh_all(machine, **form)
        ]
    outcomes = {(answer.status, answer.error) for answer in answers}
    after = fleet.refresh_all(fleet.machines[0])

    assert outcomes <= {(200, None), (503, "temporarily_unavailable")}
    assert [answer.status for answer in after] == [200] * USERS


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        pytest.param({"ENCRYPTION_SECRET": None}, 400, None, id="a temporary key"),
        pytest.param(
            {"SPOTIFY_ACCOUNTS_URL": "localhost"},
            503,
            "same secret and app at http://localhost:",
            id="another spelling",
        ),
        pytest.param(MISTAKES["another app"], 503, "CLIENT_ID", id="another app"),
        pytest.param(
            MISTAKES["the key is another"], 503, "PREVIOUS_ENCRYPTION_SECRETS", id="another key"
        ),
    ],
)
def test_logins_on_the_wrong_machine_are_held_unless_their_key_is_gone(
    fleet: Fleet,
    spotify: FakeSpotify,
    changes: dict[str, str | None],
    status: int,
    reason: str | None,
) -> None:
    good = fleet.machines[0]
    if changes.get("CLIENT_ID"):
        spotify.register(**OTHER_APP, redirect_uris=[REDIRECT_URI])
    with running_service(spotify.accounts_url, **meant(changes, spotify)) as wrong:
        app = spotify.app(changes.get("CLIENT_ID") or CLIENT_ID)
        answer = post_form(f"{wrong.url}/swap", {"code": app.code()})
        token = answer.json()["refresh_token"]
        assert refresh(wrong, token).status == 200
    afterwards = refresh(good, token)
    key_id = token.split(".")[1]

    assert (afterwards.status, afterwards.error) == (
        (400, "invalid_grant") if status == 400 else (503, "temporarily_unavailable")
    )
    if reason is not None:
        [line] = [line for line in good.lines() if f"key {key_id} " in line["message"]]
        assert reason in line["message"]


def meant(changes: dict[str, str | None], spotify: FakeSpotify) -> dict[str, str | None]:
    """Return settings in which `localhost` is where the fake is."""
    if changes.get("SPOTIFY_ACCOUNTS_URL") != "localhost":
        return changes
    other = spotify.accounts_url.replace("127.0.0.1", "localhost")
    return {**changes, "SPOTIFY_ACCOUNTS_URL": other}
