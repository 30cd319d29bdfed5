"""Which tokens that old settings sealed still open under new ones.

Pure: two `Settings` in, losses out. There is a loss exactly if some token fares worse
under the new settings than under the old ones.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from sanic_swap.legacy_survival import legacy_losses
from sanic_swap.loss import Fate, Loss, holds_unknown
from sanic_swap.settings import Settings

_EVERYONE = "everyone"


def losses(old: Settings, new: Settings, now: float) -> list[Loss]:
    """
    Return everything in *new* that makes tokens of *old* fare worse.

    Args:
        old: May be another swap service's: then its ENCRYPTION_SECRET makes no key.
        now: Unix seconds.
    """
    return [
        *_by_context(old, new),
        *_by_key(old, new),
        *_by_age(old, new),
        *_by_decision(old, new),
        *legacy_losses(old, new, now),
    ]


def _by_context(old: Settings, new: Settings) -> Iterator[Loss]:
    if old.client_id != new.client_id:
        yield Loss(
            "CLIENT_ID: another app than before",
            _EVERYONE,
            Fate.LOGGED_OUT,
            "none: Spotify's refresh tokens belong to the app that asked for them",
        )
    if old.accounts_url.origin != new.accounts_url.origin:
        yield Loss(
            f"SPOTIFY_ACCOUNTS_URL: {new.accounts_url.origin}, it was {old.accounts_url.origin}",
            _EVERYONE,
            Fate.LOGGED_OUT,
            "go back to the old one: tokens open for the Spotify alone that gave them",
        )


def _by_key(old: Settings, new: Settings) -> Iterator[Loss]:
    if old.encryption_secret is None and not old.legacy_tokens:
        yield Loss(
            "ENCRYPTION_SECRET: was not set, so the old key was made up and ends with its process",
            _EVERYONE,
            _fate_of_unknown(new),
            "none for these tokens"
            + ("; UNKNOWN_KEY=reject lets them log in again" if holds_unknown(new) else ""),
        )
    elif new.encryption_secret is None:
        yield Loss(
            "ENCRYPTION_SECRET: is not set, and a key made up at start opens no older token",
            _EVERYONE,
            Fate.LOGGED_OUT,
            "set it to the old one, or to a new one with the old one in"
            " PREVIOUS_ENCRYPTION_SECRETS",
        )
        return
    kept = _key_ids(new)
    for key_id in _key_ids(old):
        who = f"everyone whose token key {key_id} sealed"
        if key_id in new.retired_key_ids:
            yield Loss(
                f"RETIRED_KEY_IDS: names key {key_id}",
                who,
                Fate.LOGGED_OUT,
                "take it out, and keep its secret among PREVIOUS_ENCRYPTION_SECRETS",
            )
        elif key_id not in kept:
            yield Loss(
                f"PREVIOUS_ENCRYPTION_SECRETS: lacks key {key_id}",
                who,
                _fate_of_unknown(new),
                "add the old secret that made it",
            )


def _by_age(old: Settings, new: Settings) -> Iterator[Loss]:
    if new.revoke_before > old.revoke_before:
        was = _moment(old.revoke_before) if old.revoke_before else "not set"
        unknown = "" if old.revoke_before else ", or whose token has no known age (imported)"
        yield Loss(
            f"REVOKE_BEFORE: {_moment(new.revoke_before)}, it was {was}",
            f"everyone who authorized before that moment{unknown}",
            Fate.LOGGED_OUT,
            "put the old value back, unless this is what you want",
        )


def _by_decision(old: Settings, new: Settings) -> Iterator[Loss]:
    """Yield what becomes of tokens that the old settings held back."""
    if not holds_unknown(old) or new.encryption_secret is None:
        return
    if not holds_unknown(new):
        yield Loss(
            "UNKNOWN_KEY: reject, it was hold",
            "everyone whose token is of a key that is not configured (held until now)",
            Fate.LOGGED_OUT,
            "UNKNOWN_KEY=hold, until every old key is configured or retired",
        )
        return
    known = {*_key_ids(old), *old.retired_key_ids}
    for key_id in dict.fromkeys(new.retired_key_ids):
        if key_id not in known:
            yield Loss(
                f"RETIRED_KEY_IDS: names key {key_id}",
                f"everyone whose token key {key_id} sealed (held until now)",
                Fate.LOGGED_OUT,
                "take it out, and add its secret to PREVIOUS_ENCRYPTION_SECRETS",
            )


def _key_ids(settings: Settings) -> list[str]:
    """Return the ids of the keys that open, the current one first."""
    secrets = [settings.encryption_secret, *settings.previous_secrets]
    ids = [secret.key.key_id for secret in secrets if secret is not None and secret.key]
    return [key_id for key_id in dict.fromkeys(ids) if key_id not in settings.retired_key_ids]


def _fate_of_unknown(settings: Settings) -> Fate:
    return Fate.HELD if holds_unknown(settings) else Fate.LOGGED_OUT


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
