"""Faults that are normal answers of a rarer kind: the rules are followed under another policy."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from fake_spotify.facts.registrations import Policy
from fake_spotify.faults.queue import Fault


class Variation(Fault):
    """A normal answer under a policy that differs in `changes`."""

    changes: ClassVar[Mapping[str, object]] = {}

    def vary(self, policy: Policy) -> Policy:
        return replace(policy, **self.changes)  # type: ignore[arg-type]  # names and types of fields


class Rotate(Variation):
    """A refresh brings a new refresh token, and revokes the old one."""

    changes: ClassVar = {"rotation": "all"}


class DoNotRotate(Variation):
    """A refresh brings no new refresh token, even where it usually would."""

    changes: ClassVar = {"rotation": "off"}


class EmptyRefreshToken(Variation):
    """A refresh answers `"refresh_token": ""`."""

    changes: ClassVar = {"rotation": "off", "unchanged": "empty"}


class BlankScope(Variation):
    """Where no scope was asked for, `scope` is a blank."""

    changes: ClassVar = {"no_scope": "blank"}


class AbsentScope(Variation):
    """Where no scope was asked for, there is no `scope`."""

    changes: ClassVar = {"no_scope": "absent"}


class AgedIsRevoked(Variation):
    """A refresh token that is too old is called revoked."""

    changes: ClassVar = {"aged": "revoked"}


class Agree(Variation):
    """The user agrees without being asked."""

    path = "/authorize"
    changes: ClassVar = {"consent": "agree"}


class Cancel(Variation):
    """The user presses Cancel without being asked."""

    path = "/authorize"
    changes: ClassVar = {"consent": "cancel"}
