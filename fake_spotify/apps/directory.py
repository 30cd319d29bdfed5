"""The registered apps, by client id."""

from collections.abc import Iterator, Mapping

from fake_spotify import choices
from fake_spotify.apps.app import App
from fake_spotify.choices import ChoiceError
from fake_spotify.facts.registrations import Policy, Registration

# Test jobs register apps and seldom remove them.
_MOST_APPS = 1000


class Directory:
    """Registers and finds apps.

    *first* also answers for requests that name no registered app; later apps get its users and
    its seed.
    """

    def __init__(self, first: App) -> None:
        self.first = first
        self.lock = first.lock
        self._apps = {first.client_id: first}

    def register(self, given: Mapping[str, object]) -> App:
        """Register an app as `FakeSpotify.register` says; a ChoiceError if that is not possible."""
        choices.only(given, choices.REGISTRATION_NAMES | choices.POLICY_NAMES, "an app")
        with self.lock:
            registration = choices.registration(given, self.first.shapes)
            return self.add(registration, choices.policy(given, self.first.policy))

    def add(self, registration: Registration, policy: Policy) -> App:
        """Register an app; one with the same client id is replaced, with all that it was given.

        Past 1,000 apps the oldest is forgotten, but not the first.
        """
        users = self.first.users_by_id.values()
        with self.lock:
            app = self._apps.get(registration.client_id)
            if app is not None:
                app.configure(registration, policy, users)
                return app
            app = App(registration, policy, users, seed=self.first.seed, lock=self.lock)
            self._apps[app.client_id] = app
            if len(self._apps) > _MOST_APPS:
                _, oldest, *_ = self._apps  # the first app comes first
                self.remove(oldest)
            return app

    def remove(self, client_id: str) -> bool:
        """Forget an app and all it was given; False if there is none, or it is the first one."""
        with self.lock:
            if client_id == self.first.client_id or client_id not in self._apps:
                return False
            self._apps.pop(client_id).is_registered = False
            return True

    def get(self, client_id: str) -> App:
        """Return an app; a ChoiceError if it is not registered."""
        app = self._apps.get(client_id)
        if app is None:
            raise ChoiceError("client_id", f"{client_id} is not registered")
        return app

    def find(self, client_id: str) -> App | None:
        return self._apps.get(client_id)

    def __iter__(self) -> Iterator[App]:
        return iter(list(self._apps.values()))

    def owner_of_refresh_token(self, refresh_token: str) -> App | None:
        return next((app for app in self if app.ledger.grant_of(refresh_token)), None)

    def owner_of_access_token(self, access_token: str) -> App | None:
        return next((app for app in self if app.ledger.access_tokens.get(access_token)), None)
