"""The apps that are registered, the users who may log in, and what each app has been given."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fake_spotify.clock import Clock
from fake_spotify.expectations import Expectations
from fake_spotify.fault_queue import FaultQueue
from fake_spotify.journal import Journal
from fake_spotify.ledger import Code, Grant, Ledger
from fake_spotify.policy import Policy
from fake_spotify.randomness import Dice

# Test jobs register apps and seldom remove them.
_MOST_APPS = 1000


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a Spotify account."""

    id: str
    display_name: str
    email: str
    country: str = "SE"
    product: str = "premium"


DEFAULT_USERS = (
    User("ada", "Ada Lovelace", "ada@example.com"),
    User("grace", "Grace Hopper", "grace@example.com", country="US"),
    User("linus", "Linus Free", "linus@example.com", country="FI", product="free"),
)


@dataclass(frozen=True, slots=True)
class Registration:
    """What Spotify's dashboard knows of an app."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    name: str = "An app"


@dataclass(frozen=True, slots=True)
class Approval:
    """What one browser's user has agreed to before."""

    user_id: str
    scopes: frozenset[str]


class App:
    """
    One registered app with everything that it has been given.

    Nothing is shared with another app, so that tests which use an app each cannot disturb each
    other.
    """

    def __init__(
        self,
        registration: Registration,
        policy: Policy,
        users: Iterable[User] = DEFAULT_USERS,
        *,
        seed: str | None = None,
    ) -> None:
        self.registration = registration
        self.users = {user.id: user for user in users}
        self.clock = Clock()
        self._first_policy = policy
        self._seed = None if seed is None else f"{seed} {registration.client_id}"
        self.reset()

    def reset(self) -> None:
        """Start anew: nothing was ever given, asked or planned, and the clock is right."""
        self.policy = self._first_policy
        self.dice = Dice(self._seed)
        self.ledger = Ledger(self.dice)
        self.approvals: dict[str, Approval] = {}
        self.clock.reset()
        self.faults = FaultQueue()
        self.expectations = Expectations()
        self.journal = Journal(on_entry=self.expectations.see)

    @contextmanager
    def under(self, policy: Policy) -> Iterator[None]:
        """Follow *policy* for a while."""
        usual, self.policy = self.policy, policy
        try:
            yield
        finally:
            self.policy = usual

    @property
    def first_user(self) -> User:
        """The user who is logged in unless another is chosen."""
        return next(iter(self.users.values()))

    def has_expired(self, code: Code) -> bool:
        """Tell whether *code* is too old."""
        return self.clock.now() >= code.issued_at + self.policy.code_lifetime

    def has_aged_out(self, grant: Grant) -> bool:
        """Tell whether *grant*'s refresh token is older than its life."""
        ends_at = self.ends_at(grant)
        return ends_at is not None and self.clock.now() >= ends_at

    def ends_at(self, grant: Grant) -> float | None:
        """Tell when *grant*'s refresh token dies of age, in Unix seconds; None is never."""
        lifetime = self.policy.refresh_token_lifetime
        return None if lifetime is None else grant.authorized_at + lifetime

    def living_grants(self) -> list[Grant]:
        """Give the grants whose refresh token still works, oldest first."""
        return [grant for grant in self.ledger.grants() if not self.has_aged_out(grant)]

    def revoke_user(self, user_id: str) -> list[Grant]:
        """Take back all that *user_id* gave this app, as on Spotify's "Manage apps" page."""
        self.approvals = {
            browser: approval
            for browser, approval in self.approvals.items()
            if approval.user_id != user_id
        }
        grants = [grant for grant in self.ledger.grants() if grant.user_id == user_id]
        for grant in grants:
            self.ledger.revoke(grant.id)
        return grants


class Directory:
    """
    Every registered app, by client id.

    The first one also answers for what names no registered app.
    """

    def __init__(self, first: App) -> None:
        self._first = first
        self._apps = {first.registration.client_id: first}

    @property
    def first(self) -> App:
        """The app that was there from the start."""
        return self._first

    def add(self, app: App) -> None:
        """
        Register *app*; one with the same client id gives way, with all it was given.

        Past 1,000 apps the oldest is forgotten, but not the first.
        """
        client_id = app.registration.client_id
        if client_id == self._first.registration.client_id:
            self._first = app
        self._apps[client_id] = app
        if len(self._apps) > _MOST_APPS:
            _, oldest, *_ = self._apps  # the first was there from the start
            del self._apps[oldest]

    def remove(self, client_id: str) -> bool:
        """Forget an app and all it was given; False if there is none, or it is the first one."""
        if client_id == self._first.registration.client_id:
            return False
        return self._apps.pop(client_id, None) is not None

    def find(self, client_id: str) -> App | None:
        """Find an app."""
        return self._apps.get(client_id)

    def __iter__(self) -> Iterator[App]:
        return iter(list(self._apps.values()))

    def owner_of_refresh_token(self, refresh_token: str) -> App | None:
        """Find the app that *refresh_token* was issued to."""
        return next((app for app in self if app.ledger.grant_of(refresh_token)), None)

    def owner_of_access_token(self, access_token: str) -> App | None:
        """Find the app that *access_token* was issued to."""
        return next((app for app in self if app.ledger.access_token(access_token)), None)
