"""The state of one registered app, and the lock that guards it."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fake_spotify.apps.journal import Expectations, Journal
from fake_spotify.apps.ledger import Grant, Ledger
from fake_spotify.choices import ChoiceError
from fake_spotify.clock import Clock
from fake_spotify.facts.registrations import (
    DEFAULT_USERS,
    MOST_LISTED_USERS,
    Policy,
    Registration,
    User,
)
from fake_spotify.facts.shapes import TokenShapes
from fake_spotify.faults.queue import FaultQueue


class AppState:
    """What is registered, issued, planned and received for one app.

    Apps share nothing but the *lock*, which is held while state is read or changed; so tests that
    register an app each can share one fake. A *seed* makes codes, tokens and ids repeatable.
    """

    def __init__(
        self,
        registration: Registration,
        policy: Policy,
        users: Iterable[User] = DEFAULT_USERS,
        *,
        seed: str | None = None,
        lock: "threading.RLock | None" = None,
    ) -> None:
        self.lock = threading.RLock() if lock is None else lock
        self.seed = seed
        self.clock = Clock()  # by which the app's codes and tokens expire
        self.is_registered = True
        self.configure(registration, policy, users)

    def configure(self, registration: Registration, policy: Policy, users: Iterable[User]) -> None:
        """Register the app again, without anything that it was given before."""
        with self.lock:
            self.client_id = registration.client_id
            self.client_secret = registration.client_secret
            self.redirect_uris = registration.redirect_uris
            self.name = registration.name
            self.developer = registration.developer
            self._first_policy = policy
            self._first_users = {user.id: user for user in users}
            self.reset()

    def reset(self) -> None:
        """Forget all that was given, received and planned; set the clock to the real time."""
        with self.held():
            self.policy = self._first_policy
            self.users_by_id = dict(self._first_users)
            seed = None if self.seed is None else f"{self.seed} {self.client_id}"
            self.shapes = TokenShapes(seed)
            self.ledger = Ledger(self.shapes, self.clock)
            self.clock.reset()
            self.fault_queue = FaultQueue()
            # When its tokens were used at the Web API; kept only if there is a quota.
            self.api_calls: deque[float] = deque()
            self.expectations = Expectations()
            self.journal = Journal(on_entry=self.expectations.add_entry)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; a ChoiceError if the app is no longer registered."""
        with self.lock:
            if not self.is_registered:
                raise ChoiceError("client_id", f"{self.client_id} is not registered")
            yield

    @property
    def users(self) -> list[User]:
        """The users who can log in; the first is logged in unless another is chosen."""
        with self.held():
            return list(self.users_by_id.values())

    def add_user(self, user: User) -> None:
        """Let one more user log in; one with the same id is replaced."""
        with self.held():
            self.users_by_id[user.id] = user

    def is_listed(self, user_id: str) -> bool:
        """Return whether *user_id* is on the app's list, which counts in development mode."""
        listed = self.policy.listed_users
        return user_id in (
            list(self._first_users)[:MOST_LISTED_USERS] if listed is None else listed
        )

    def ends_at(self, grant: Grant) -> float | None:
        """Return when *grant*'s refresh token expires, in Unix seconds; None is never."""
        lifetime = self.policy.refresh_token_lifetime
        return None if lifetime is None else grant.authorized_at + lifetime

    def has_aged_out(self, grant: Grant) -> bool:
        ends_at = self.ends_at(grant)
        return ends_at is not None and self.clock.now() >= ends_at
