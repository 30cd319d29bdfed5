"""Keys change under load, step by step as docs/keys.md says, and nobody notices."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

from fake_spotify import FakeSpotify
from tests.contract import patience
from tests.contract.processes import wait_until
from tests.service.refreshing import log_in, refresh
from tests.service.running import Running, running_service
from tests.service.seals import key_id, new_secret, seal

KEYS_MD = Path(__file__).parents[2] / "docs" / "keys.md"
USERS = 3
ROUNDS = 2  # refreshes of each user while two machines stand at different steps


def sealed_by(token: str) -> str:
    return token.split(".")[1]


def documented_steps() -> list[dict[str, str]]:
    """Return the rows of the table in docs/keys.md, as settings with OLD and NEW in them."""
    lines = KEYS_MD.read_text().partition("## Change a key")[2].splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    names = [cell.strip("`") for cell in rows[0][1:]]
    steps = [row for row in rows if re.match(r"\d\. ", row[0])]
    return [dict(zip(names, step[1:], strict=True)) for step in steps]


def at_step(step: dict[str, str], old: str, old_id: str, new: str, *older: str) -> dict[str, str]:
    """Fill in a step's secrets; those of earlier changes stay at the end of the list."""
    meant = {"OLD": old, "NEW": new, "OLD's id": old_id, "": ""}
    settings = {name: meant[cell] for name, cell in step.items()}
    previous = [settings["PREVIOUS_ENCRYPTION_SECRETS"], *older]
    settings["PREVIOUS_ENCRYPTION_SECRETS"] = "\n".join(filter(None, previous))
    return settings


class Fleet:
    """Two machines behind a balancer that knows which ones are to be asked."""

    def __init__(self, accounts_url: str, stack: ExitStack) -> None:
        self._accounts_url = accounts_url
        self._stack = stack
        self.machines: list[Running] = []
        self.gone: list[Running] = []

    def start(self, settings: dict[str, str]) -> Running:
        """Start a machine that nobody is sent to yet."""
        return self._stack.enter_context(
            running_service(self._accounts_url, DRAIN_DELAY=str(patience.seconds(1)), **settings)
        )

    def replace(self, place: int, settings: dict[str, str]) -> None:
        """Send everybody to a new machine, then end the old one."""
        self.gone.append(self.machines[place])
        self.machines[place] = self.start(settings)
        self.gone[-1].process.terminate()


class User(Thread):
    """Refreshes again and again, now here, now there."""

    def __init__(self, fleet: Fleet, token: str) -> None:
        super().__init__()
        self._fleet = fleet
        self._stopped = Event()
        self.token = token
        self.refreshed = 0
        self.failures: list[object] = []

    def run(self) -> None:
        while not self._stopped.wait(0.05):
            machine = self._fleet.machines[self.refreshed % 2]
            try:
                answer = refresh(machine, self.token)
            except OSError as error:
                self.failures.append(error)
                continue
            self.refreshed += 1
            if answer.status == 200:
                self.token = answer.json()["refresh_token"]
            else:
                self.failures.append((answer.status, answer.body))

    def stop(self) -> None:
        self._stopped.set()
        self.join()


@contextmanager
def living(users: list[User]) -> Iterator[None]:
    for user in users:
        user.start()
    try:
        yield
    finally:
        for user in users:
            user.stop()


def everybody_refreshes(users: list[User]) -> None:
    before = [user.refreshed for user in users]
    wait_until(
        lambda: all(
            user.refreshed >= count + ROUNDS for user, count in zip(users, before, strict=True)
        ),
        30,
    )


def test_a_change_of_keys_under_load_fails_nobody(spotify: FakeSpotify) -> None:
    oldest, old, new = new_secret(), new_secret(), new_secret()
    ids = {secret: key_id(secret, spotify.accounts_url) for secret in (oldest, old, new)}
    before, *changes = (at_step(step, old, ids[old], new, oldest) for step in documented_steps())
    sleeper = seal(spotify.grant().refresh_token, 0, spotify.accounts_url, oldest)
    with ExitStack() as stack:
        fleet = Fleet(spotify.accounts_url, stack)
        fleet.machines = [fleet.start(before) for _ in range(2)]
        users = [User(fleet, log_in(fleet.machines[0], spotify)) for _ in range(USERS)]
        late_sleeper = log_in(fleet.machines[1], spotify)

        with living(users):
            for step in changes:
                for place in (0, 1):
                    fleet.replace(place, step)
                    everybody_refreshes(users)

        assert [user.failures for user in users] == [[]] * USERS
        assert {sealed_by(user.token) for user in users} == {ids[new]}
        assert [machine.exit_code() for machine in fleet.gone] == [0] * 6

        # At the last step the old key is retired, and the oldest one still a previous one.
        machine = fleet.machines[0]
        assert logged_keys(machine) == (ids[new], ids[oldest], ids[old])
        refused = refresh(machine, late_sleeper)
        assert (refused.status, refused.error) == (400, "invalid_grant")
        assert sealed_by(refresh(machine, sleeper).json()["refresh_token"]) == ids[new]


def logged_keys(machine: Running) -> tuple[str, str, str]:
    [line] = [line for line in machine.lines() if "retired" in line]
    return line["current"], line["previous"], line["retired"]
