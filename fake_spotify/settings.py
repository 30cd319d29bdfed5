"""Everything that is decided before the fake starts, as one value."""

from dataclasses import dataclass
from pathlib import Path

from fake_spotify.apps import DEFAULT_USERS, App, Directory, Registration, User
from fake_spotify.policy import Policy


@dataclass(frozen=True, slots=True)
class AppSettings:
    """An app that is registered from the start."""

    registration: Registration
    policy: Policy


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How a fake is set up.

    Args:
        apps: At least one; the first is meant wherever none is named.
        users: At least one; the first is logged in unless another is chosen.
        seed: Makes codes, tokens and ids repeatable.
        has_control: False hides everything below /_fake/.
        is_https: True serves HTTPS with a certificate made for the run.
        ca_file: Where to write the certificate of the authority that signed it; None is a
            temporary directory.
    """

    apps: tuple[AppSettings, ...]
    users: tuple[User, ...] = DEFAULT_USERS
    host: str = "127.0.0.1"
    port: int = 0
    seed: str | None = None
    has_control: bool = True
    is_https: bool = False
    ca_file: Path | None = None

    def directory(self) -> Directory:
        """Register the apps."""
        first, *others = (
            App(app.registration, app.policy, self.users, seed=self.seed) for app in self.apps
        )
        directory = Directory(first)
        for app in others:
            directory.add(app)
        return directory
