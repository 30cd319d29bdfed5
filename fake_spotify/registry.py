"""Registers apps while the fake runs, and finds the controls of each."""

import threading
from collections.abc import Mapping

from fake_spotify.apps import App, Directory
from fake_spotify.choices import (
    POLICY_NAMES,
    REGISTRATION_NAMES,
    ChoiceError,
    only,
    policy,
    registration,
)
from fake_spotify.controls import AppControls


class Registry:
    """
    Registers apps, and finds their controls.

    Args:
        seed: Makes what later apps are given repeatable.
    """

    def __init__(self, directory: Directory, *, seed: str | None, lock: threading.RLock) -> None:
        self._directory = directory
        self._seed = seed
        self._lock = lock

    def first(self) -> AppControls:
        """Give the controls of the app that was there from the start."""
        return self._controls(self._directory.first)

    def apps(self) -> list[AppControls]:
        """Give the controls of every app."""
        with self._lock:
            return [self._controls(app) for app in self._directory]

    def find(self, client_id: str) -> AppControls:
        """
        Give the controls of the app *client_id*.

        Raises:
            ChoiceError: If it is not registered.
        """
        with self._lock:
            app = self._directory.find(client_id)
            if app is None:
                raise ChoiceError("client_id", f"{client_id} is not registered")
            return self._controls(app)

    def register(self, choices: Mapping[str, object]) -> AppControls:
        """
        Register one more app; what is not chosen is made, or as the first app has it.

        An app with the same client id gives way, with all that it was given.

        Raises:
            ChoiceError: If something was chosen that cannot be.
        """
        only(choices, REGISTRATION_NAMES | POLICY_NAMES, "an app")
        with self._lock:
            first = self._directory.first
            app = App(
                registration(choices, first.dice),
                policy(choices, first.policy),
                first.users.values(),
                seed=self._seed,
            )
            self._directory.add(app)
            return self._controls(app)

    def unregister(self, client_id: str) -> bool:
        """Forget an app and all that it was given; False if there is none, or it is the first."""
        with self._lock:
            return self._directory.remove(client_id)

    def _controls(self, app: App) -> AppControls:
        return AppControls(self._directory, app.registration.client_id, self._lock)
