"""Faults that are none: honest answers of a rarer kind."""

from dataclasses import dataclass, replace
from typing import ClassVar

from fake_spotify.faults import Variation
from fake_spotify.policy import Aged, Consent, NoScope, Policy, Rotation, Unchanged


@dataclass(frozen=True, slots=True)
class Rotate(Variation):
    """A refresh brings a new refresh token, and revokes the old one."""

    def vary(self, policy: Policy) -> Policy:
        """Rotate for every client."""
        return replace(policy, rotation=Rotation.ALL)


@dataclass(frozen=True, slots=True)
class DoNotRotate(Variation):
    """A refresh brings no new refresh token, even where it usually would."""

    def vary(self, policy: Policy) -> Policy:
        """Rotate for nobody."""
        return replace(policy, rotation=Rotation.OFF)


@dataclass(frozen=True, slots=True)
class EmptyRefreshToken(Variation):
    """A refresh answers `"refresh_token": ""`."""

    def vary(self, policy: Policy) -> Policy:
        """Send it empty."""
        return replace(policy, rotation=Rotation.OFF, unchanged=Unchanged.EMPTY)


@dataclass(frozen=True, slots=True)
class BlankScope(Variation):
    """Where no scope was asked for, `scope` is a blank."""

    def vary(self, policy: Policy) -> Policy:
        """Send a blank."""
        return replace(policy, no_scope=NoScope.BLANK)


@dataclass(frozen=True, slots=True)
class AbsentScope(Variation):
    """Where no scope was asked for, there is no `scope`."""

    def vary(self, policy: Policy) -> Policy:
        """Leave it out."""
        return replace(policy, no_scope=NoScope.ABSENT)


@dataclass(frozen=True, slots=True)
class AgedIsRevoked(Variation):
    """A refresh token that is too old is called revoked."""

    def vary(self, policy: Policy) -> Policy:
        """Choose the other words."""
        return replace(policy, aged=Aged.REVOKED)


@dataclass(frozen=True, slots=True)
class Agree(Variation):
    """The user agrees without being asked."""

    path: ClassVar[str] = "/authorize"

    def vary(self, policy: Policy) -> Policy:
        """Agree."""
        return replace(policy, consent=Consent.AGREE)


@dataclass(frozen=True, slots=True)
class Cancel(Variation):
    """The user presses Cancel without being asked."""

    path: ClassVar[str] = "/authorize"

    def vary(self, policy: Policy) -> Policy:
        """Say no."""
        return replace(policy, consent=Consent.CANCEL)
