"""Everything that a test may do to a registered app."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from fake_spotify.apps.journal import Expectations, Journal
from fake_spotify.apps.ledger import Grant, Ledger
from fake_spotify.apps.state import AppState
from fake_spotify.choices import ChoiceError, hint
from fake_spotify.facts import redirects
from fake_spotify.facts.scopes import SCOPES, split
from fake_spotify.facts.wordings import Era
from fake_spotify.faults import kinds
from fake_spotify.faults.queue import Fault, FaultQueue, Planned
from fake_spotify.matching import ANY, Matcher, read

_T = TypeVar("_T")
_P = ParamSpec("_P")
_R = TypeVar("_R")

# Enough to see what came instead of what was expected.
_LATEST = 5
# What the service takes from Spotify, too.
_REFRESH_TOKEN = re.compile(r"[\x21-\x7e]{1,2925}\Z")


def _locked(
    part: Callable[["App"], _T], method: Callable[Concatenate[_T, _P], _R]
) -> Callable[Concatenate["App", _P], _R]:
    """Turn *method* of a part of the app into a method of the app that holds its lock."""

    @wraps(method)
    def call(app: "App", /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with app.held():
            return method(part(app), *args, **kwargs)

    return call


class App(AppState):
    """A registered app, with controls that are safe to use from any thread."""

    def code(
        self,
        *,
        user: str | None = None,
        scope: str = "",
        redirect_uri: str | None = None,
        code_challenge: str | None = None,
    ) -> str:
        """Make an authorization code without a browser, as if *user*, an id, had just agreed.

        The user and the redirect URI are the first ones if None; *code_challenge* binds the code
        (RFC 7636, S256). A ChoiceError if there is no such user, scope or redirect URI.
        """
        with self.held():
            _check_scope(scope)
            uri = self.redirect_uris[0] if redirect_uri is None else redirect_uri
            any_port = self.policy.era is Era.Y2026
            if not redirects.fits(uri, self.redirect_uris, any_port=any_port):
                raise ChoiceError("redirect_uri", "is not registered for this app")
            user_id = self._user_id(user)
            return self.ledger.issue_code(user_id, scope, uri, challenge=code_challenge).value

    def grant(
        self,
        *,
        user: str | None = None,
        scope: str = "",
        is_public: bool = False,
        refresh_token: str | None = None,
    ) -> Grant:
        """
        Make a grant and its refresh token, as if *user* had agreed and a code had been exchanged.

        With *is_public* it belongs to a client without secret (PKCE). A *refresh_token* can be
        chosen, such as one that a client has kept from an earlier run. A ChoiceError if there is no
        such user or scope, or the token is taken or malformed.
        """
        with self.held():
            _check_scope(scope)
            if refresh_token is not None:
                if not _REFRESH_TOKEN.match(refresh_token):
                    raise ChoiceError("refresh_token", "must be 1 to 2925 visible ASCII characters")
                if self.ledger.grant_of(refresh_token):
                    raise ChoiceError("refresh_token", "belongs to another grant already")
            user_id = self._user_id(user)
            return self.ledger.add_grant(
                user_id, scope, is_public=is_public, refresh_token=refresh_token
            )

    def _user_id(self, user_id: str | None) -> str:
        if user_id is None:
            return self.users[0].id
        if user_id not in self.users_by_id:
            raise ChoiceError("user", f"is not one of {', '.join(self.users_by_id)}")
        return user_id

    def grants(self) -> list[Grant]:
        """Return the grants whose refresh token still works, oldest first."""
        with self.held():
            return [grant for grant in self.ledger.grants() if not self.has_aged_out(grant)]

    def fault(
        self,
        fault: Fault | str,
        *,
        times: int | str | None = 1,
        match: Matcher = ANY,
        is_processed: bool | None = None,
        **parameters: object,
    ) -> Planned | None:
        """Plan a fault for the next *times* requests that *match* picks.

        Args:
            fault: An object, or the name of a kind with its *parameters*, as over HTTP. The fake
                itself has those of the port, too, which begin at once and plan nothing.
            times: None and "forever" are for ever.
            match: Without a path, the endpoint that such a fault is usually for: the token
                endpoint for most.
            is_processed: True lets the request take effect (the code is spent) although its
                answer is lost.

        A ChoiceError if there is no such kind, or it has other parameters; a ValueError if *match*
        needs the answer, or *is_processed* is False for a fault that changes the normal answer.
        """
        if isinstance(fault, str):
            if fault in kinds.OUTAGES:
                self.begin_outage(fault, kinds.outage_seconds(parameters))
                return None
            fault = kinds.from_members({"kind": fault, **parameters})
        elif parameters:
            raise ChoiceError(next(iter(parameters)), "belongs into the fault, which is an object")
        return self.plan(fault, times=times, match=read(match), is_processed=is_processed)

    def begin_outage(self, kind: str, _: float, /) -> None:
        """Refuse a fault of the port, which the fake itself has, because it is not this app's."""
        raise ChoiceError("kind", f"{kind} hits the port of every app: plan it for the whole fake")

    revoke = _locked(lambda app: app.ledger, Ledger.revoke)
    revoke_user = _locked(lambda app: app.ledger, Ledger.revoke_user)
    faults = _locked(lambda app: app.fault_queue, FaultQueue.waiting)
    plan = _locked(lambda app: app.fault_queue, FaultQueue.add)
    drop_fault = _locked(lambda app: app.fault_queue, FaultQueue.drop)
    clear_faults = _locked(lambda app: app.fault_queue, FaultQueue.clear)
    requests = _locked(lambda app: app.journal, Journal.entries)
    clear_requests = _locked(lambda app: app.journal, Journal.clear)
    expect = _locked(lambda app: app.expectations, Expectations.expect)
    expect_nothing_else = _locked(lambda app: app.expectations, Expectations.expect_nothing_else)

    def count(self, match: Matcher = ANY) -> int:
        return len(self.requests(match))

    def complaints(self) -> list[str]:
        """List what did not come, what came unexpectedly, and which faults were not played.

        Unexpected are, besides what `expect_nothing_else` makes so, requests that Spotify refuses
        whatever the user does: wrong credentials, parameters, grant types, content types, paths.
        """
        with self.held():
            found = [*self.expectations.complaints(), *self.fault_queue.complaints()]
            if found:
                latest = [str(entry) for entry in self.journal.entries()[-_LATEST:]]
                found.append("the latest requests: " + ("; ".join(latest) or "nothing"))
            return found

    def mistakes(self) -> list[str]:
        """List the requests that no client should ever send, in words for any language."""
        with self.held():
            return [f"{entry}. {entry.why}".rstrip(". ") for entry in self.expectations.unexpected]

    def check(self) -> None:
        """Raise an AssertionError with all `complaints`, if there are any."""
        complaints = self.complaints()
        if complaints:
            raise AssertionError("\n".join(["fake_spotify:", *complaints]))


def _check_scope(scope: str) -> None:
    for name in split(scope):
        if name not in SCOPES:
            raise ChoiceError(
                "scope", f"{name} would be refused at /authorize; {hint(name, SCOPES)}"
            )
