"""The keys that the settings name, told by their public ids, so that machines can be compared."""

from collections import Counter
from collections.abc import Iterable, Iterator

from sanic_swap.keys import RootKey
from sanic_swap.settings import Settings

_NONE = "-"


def key_ids_in_use(settings: Settings) -> dict[str, str]:
    """Return the ids as the log tells them at start: `current`, `previous` and `retired`."""
    key = settings.encryption_secret.key if settings.encryption_secret else None
    return {
        "current": key.key_id if key else "made up",
        "previous": ",".join(dict.fromkeys(_previous_ids(settings))) or _NONE,
        "retired": ",".join(dict.fromkeys(settings.retired_key_ids)) or _NONE,
    }


def opening_key_ids(settings: Settings) -> list[str]:
    """Return the ids of the keys that open tokens, but for one that is made up at start."""
    key = settings.encryption_secret.key if settings.encryption_secret else None
    current = [key.key_id] if key else []
    return list(dict.fromkeys([*current, *_previous_ids(settings)]))


def keys_named_twice(settings: Settings) -> Iterator[str]:
    """Yield a warning for each key that stands in two places, by id."""
    previous = _previous_ids(settings)
    for key_id, times in Counter(previous).items():
        if times > 1:
            yield (
                f"PREVIOUS_ENCRYPTION_SECRETS: key {key_id} is in it {times} times, perhaps in"
                " different spellings; once is enough"
            )
    key = settings.encryption_secret.key if settings.encryption_secret else None
    if key is not None and key.key_id in previous:
        yield (
            f"PREVIOUS_ENCRYPTION_SECRETS: key {key.key_id} is in it, and is ENCRYPTION_SECRET"
            " too; it seals. Remove it from the previous ones unless a deploy is half done"
        )
    for key_id in sorted(set(previous).intersection(settings.retired_key_ids)):
        yield (
            f"RETIRED_KEY_IDS: key {key_id} is also in PREVIOUS_ENCRYPTION_SECRETS; it is"
            " retired, and its tokens are refused"
        )


def ambiguous_key_ids(keys: Iterable[RootKey]) -> list[str]:
    """Return ids that two different keys share: their tokens could not be told apart."""
    roots: dict[str, set[bytes]] = {}
    for key in keys:
        roots.setdefault(key.key_id, set()).add(key.root)
    return [key_id for key_id, sharing in roots.items() if len(sharing) > 1]


def _previous_ids(settings: Settings) -> list[str]:
    return [secret.key.key_id for secret in settings.previous_secrets if secret.key]
