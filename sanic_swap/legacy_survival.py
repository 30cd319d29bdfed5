"""Which tokens of other swap services, importable under old settings, open under new ones.

Secrets are compared, and named by their place, never shown.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from sanic_swap.keys import is_fernet_key
from sanic_swap.loss import Fate, Loss, holds_unknown
from sanic_swap.secret import Secret
from sanic_swap.settings import Settings

_PLAIN = "plain"  # the one format without a secret
_EITHER = "node or ruby"  # which of them, a file of theirs does not tell
_DAY = 86_400  # seconds
# Spotify's refresh tokens live six months from the user's authorization, and such tokens are
# made no more: what opens for so long opens for ever.
_LONGEST_LIFE = 184 * _DAY


def is_of_another_service(settings: Settings) -> bool:
    """Say whether the secret of *settings* cannot have sealed a token of ours."""
    secret = settings.encryption_secret
    return secret is not None and secret.key is None


def legacy_losses(old: Settings, new: Settings, now: float) -> Iterator[Loss]:
    """Yield everything in *new* that keeps tokens of other services from opening (`losses`)."""
    yield from _by_decision(old, new)
    formats = _formats(old, new)
    if not formats or old.revoke_before or _closes_at(old) <= now:
        return  # none opened before
    undecided = not new.legacy_tokens and holds_unknown(new) and not new.revoke_before
    fate = Fate.HELD if undecided else Fate.LOGGED_OUT
    missing = [name for name in formats if name not in new.legacy_tokens]
    if missing:
        yield Loss(
            f"LEGACY_TOKENS: lacks {', '.join(missing)}",
            _who(missing),
            fate,
            "name it there, until such tokens are gone",
        )
    yield from _by_secret(old, new, formats, fate)
    if kept := [name for name in formats if name not in missing]:
        yield from _by_date(old, new, kept, now)


def _by_decision(old: Settings, new: Settings) -> Iterator[Loss]:
    was_held = holds_unknown(old) and not old.legacy_tokens and not old.revoke_before
    if was_held and new.legacy_tokens == ("none",):
        yield Loss(
            "LEGACY_TOKENS: none, it was not set",
            "everyone who has a token of another swap service (held until now)",
            Fate.LOGGED_OUT,
            "name that service there, if there was one",
        )


def _by_secret(old: Settings, new: Settings, formats: list[str], fate: Fate) -> Iterator[Loss]:
    known = {spelled for one in new.legacy_opening_secrets for spelled in _spellings(one, formats)}
    for place, secret in _places(old):
        if missing := [
            name for name, text in _spellings(secret, formats) if (name, text) not in known
        ]:
            yield Loss(
                f"LEGACY_SECRETS: lacks {place}",
                f"{_who(missing)} that this secret sealed",
                fate,
                "add it, as it is; a short or published one too",
            )


def _by_date(old: Settings, new: Settings, formats: list[str], now: float) -> Iterator[Loss]:
    needed = min(_closes_at(old), now + _LONGEST_LIFE)
    if new.legacy_closes_at is None or new.legacy_closes_at >= needed:
        return
    last = _last_day(new.legacy_closes_at)
    was = "not set" if old.legacy_closes_at is None else _last_day(old.legacy_closes_at)
    yield Loss(
        f"LEGACY_TOKENS_UNTIL: {last}, it was {was}",
        f"{_who(formats)} after that day",
        Fate.LOGGED_OUT,
        "a later day (six months from now is enough), or no more imports in the log until then",
    )


def _formats(old: Settings, new: Settings) -> list[str]:
    """Return the formats of which tokens opened, as far as there was a secret for them."""
    named = [name for name in dict.fromkeys(old.legacy_tokens) if name != "none"]
    if not named and is_of_another_service(old):
        # Its own tokens were one of these; the new settings may say which.
        named = [name for name in ("node", "ruby") if name in new.legacy_tokens] or [_EITHER]
    secrets = old.legacy_opening_secrets
    return [
        name
        for name in named
        if name == _PLAIN or any(_spellings(secret, [name]) for secret in secrets)
    ]


def _spellings(secret: Secret, formats: list[str]) -> list[tuple[str, str]]:
    """Return each format that *secret* opens, with what two equal secrets have in common."""
    text = secret.reveal()
    return [
        (name, text[:43] if name == "fernet" else text)
        for name in formats
        if name != _PLAIN and (name != "fernet" or is_fernet_key(text))
    ]


def _places(old: Settings) -> Iterator[tuple[str, Secret]]:
    """Yield each secret that opened, and what to call it."""
    if old.legacy_secrets:
        for number, secret in enumerate(old.legacy_secrets, 1):
            yield f"line {number} of the old LEGACY_SECRETS", secret
        return
    if old.encryption_secret is not None:
        yield "the old ENCRYPTION_SECRET", old.encryption_secret.secret
    for number, previous in enumerate(old.previous_secrets, 1):
        yield f"line {number} of the old PREVIOUS_ENCRYPTION_SECRETS", previous.secret


def _who(formats: list[str]) -> str:
    return f"everyone who has a token of another swap service ({', '.join(formats)})"


def _closes_at(settings: Settings) -> float:
    return float("inf") if settings.legacy_closes_at is None else settings.legacy_closes_at


def _last_day(closes_at: int) -> str:
    return datetime.fromtimestamp(closes_at - _DAY, UTC).date().isoformat()
