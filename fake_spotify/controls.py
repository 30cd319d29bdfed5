"""What a test may do to one app: the same from Python and over HTTP, safe from any thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fake_spotify import redirects
from fake_spotify.apps import App, Directory, User
from fake_spotify.choices import ChoiceError
from fake_spotify.clock import Clock
from fake_spotify.fault_queue import Planned
from fake_spotify.faults import Fault
from fake_spotify.journal import Entry
from fake_spotify.ledger import Grant
from fake_spotify.matching import ANY, Match
from fake_spotify.policy import Policy

# Enough to see what came in place of what was expected.
_LATEST = 5


class AppControls:
    """
    Reads and changes one app's state.

    Nothing here reaches another app, so tests that register an app each can share one fake.
    """

    def __init__(self, directory: Directory, client_id: str, lock: threading.RLock) -> None:
        self._directory = directory
        self._client_id = client_id
        self._lock = lock

    @contextmanager
    def _held(self) -> Iterator[App]:
        with self._lock:
            app = self._directory.find(self._client_id)
            if app is None:
                raise ChoiceError("client_id", f"{self._client_id} is not registered")
            yield app

    @property
    def client_id(self) -> str:
        """The app's client id."""
        return self._client_id

    @property
    def client_secret(self) -> str:
        """The app's client secret."""
        with self._held() as app:
            return app.registration.client_secret

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """The app's registered redirect URIs; the first is the default here."""
        with self._held() as app:
            return app.registration.redirect_uris

    @property
    def name(self) -> str:
        """What users read on the consent page."""
        with self._held() as app:
            return app.registration.name

    @property
    def policy(self) -> Policy:
        """The era, the lifetimes, and what else was chosen."""
        with self._held() as app:
            return app.policy

    @property
    def clock(self) -> Clock:
        """The time that this app's codes and tokens live by."""
        with self._held() as app:
            return app.clock

    @property
    def users(self) -> list[User]:
        """The users who can log in; the first is logged in unless another is chosen."""
        with self._held() as app:
            return list(app.users.values())

    def add_user(self, user: User) -> None:
        """Let one more user log in; one with the same id gives way."""
        with self._held() as app:
            app.users[user.id] = user

    def code(
        self,
        *,
        user: str | None = None,
        scope: str = "",
        redirect_uri: str | None = None,
        code_challenge: str | None = None,
    ) -> str:
        """
        Make an authorization code without a browser, as if *user* had just agreed.

        Args:
            user: A user's id; the first user if None.
            redirect_uri: The first registered one if None.
            code_challenge: Binds the code (RFC 7636, S256).

        Raises:
            ChoiceError: If there is no such user, or the redirect URI is not registered.
        """
        with self._held() as app:
            registered = app.registration.redirect_uris
            uri = registered[0] if redirect_uri is None else redirect_uri
            if not redirects.is_registered_for_any_port(uri, registered):
                raise ChoiceError("redirect_uri", "is not registered for this app")
            code = app.ledger.issue_code(
                _user(app, user).id, scope, uri, challenge=code_challenge, now=app.clock.now()
            )
            return code.value

    def grant(self, *, user: str | None = None, scope: str = "", is_public: bool = False) -> Grant:
        """
        Make a grant with its refresh token, as if *user* had agreed and the code were exchanged.

        With *is_public* it belongs to a client without secret (PKCE).
        """
        with self._held() as app:
            return app.ledger.add_grant(
                _user(app, user).id, scope, authorized_at=app.clock.now(), is_public=is_public
            )

    def grants(self) -> list[Grant]:
        """Give the grants whose refresh token still works, oldest first."""
        with self._held() as app:
            return app.living_grants()

    def ends_at(self, grant: Grant) -> float | None:
        """Tell when *grant*'s refresh token dies of age, in Unix seconds; None is never."""
        with self._held() as app:
            return app.ends_at(grant)

    def revoke(self, grant_id: str) -> Grant | None:
        """Revoke a grant and its access tokens; None if there is no such living one."""
        with self._held() as app:
            return app.ledger.revoke(grant_id)

    def revoke_user(self, user_id: str) -> list[Grant]:
        """Revoke all that a user gave this app, as on the page where users manage their apps."""
        with self._held() as app:
            return app.revoke_user(user_id)

    def fault(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        match: Match = ANY,
        is_processed: bool | None = None,
    ) -> Planned:
        """
        Plan *fault* for the next *times* requests that *match* picks; None is for ever.

        Args:
            match: Without a path, the endpoint that such a fault is usually for: the token
                endpoint for most.
            is_processed: True lets the request take effect (the code is spent) although its
                answer is lost.

        Raises:
            ValueError: If that cannot be.
        """
        with self._held() as app:
            return app.faults.add(fault, times=times, match=match, is_processed=is_processed)

    def faults(self) -> list[Planned]:
        """Give the faults that may still be played, in order."""
        with self._held() as app:
            return app.faults.waiting()

    def clear_faults(self) -> None:
        """Plan no fault any more."""
        with self._held() as app:
            app.faults.clear()

    def requests(self, match: Match = ANY) -> list[Entry]:
        """
        Give the requests that *match* picks, oldest first.

        The first app's journal also has those that name no registered app.
        """
        with self._held() as app:
            return app.journal.entries(match)

    def count(self, match: Match = ANY) -> int:
        """Count the requests that *match* picks."""
        return len(self.requests(match))

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        with self._held() as app:
            app.journal.clear()

    def expect(self, match: Match = ANY, *, times: int | None = None) -> None:
        """Expect what *match* picks, exactly *times* times, or at least once if that is None."""
        with self._held() as app:
            app.expectations.expect(match, times=times)

    def expect_nothing_else(self) -> None:
        """From now on, whatever no expectation picks is unexpected."""
        with self._held() as app:
            app.expectations.expect_nothing_else()

    def complaints(self) -> list[str]:
        """
        Say what did not come, what came unexpectedly, and which faults were not reached.

        Unexpected are, besides what `expect_nothing_else` makes so, requests that Spotify refuses
        whatever the user does: wrong credentials, parameters, grant types, content types, paths.
        """
        with self._held() as app:
            found = [*app.expectations.complaints(), *app.faults.complaints()]
            if found:
                came = [str(entry) for entry in app.journal.entries()[-_LATEST:]]
                found.append("the latest that came: " + ("; ".join(came) or "nothing"))
            return found

    def check(self) -> None:
        """
        Raise if anything is wrong with what came.

        Raises:
            AssertionError: With all of `complaints`.
        """
        complaints = self.complaints()
        if complaints:
            raise AssertionError("\n".join(["fake_spotify:", *complaints]))

    def reset(self) -> None:
        """Leave nothing behind: as if the app were registered just now."""
        with self._held() as app:
            app.reset()


def _user(app: App, user_id: str | None) -> User:
    if user_id is None:
        return app.first_user
    user = app.users.get(user_id)
    if user is None:
        raise ChoiceError("user", f"is not one of {', '.join(app.users)}")
    return user
