"""What the settings about other services' tokens need of each other and of this machine."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec

from sanic_swap.keys import is_fernet_key
from sanic_swap.settings import Settings

CIPHERED = frozenset({"node", "ruby", "fernet"})  # what takes a secret, and a library, to open


def legacy_problems(formats: Sequence[str], everything: Mapping[str, str]) -> Iterator[str]:
    """
    Yield why the service cannot open tokens of *formats*, each naming its variable.

    Args:
        everything: Each variable that is set, and its text.
    """
    if CIPHERED & set(formats) and find_spec("cryptography") is None:
        yield (
            "LEGACY_TOKENS: node, ruby and fernet need a library that is not installed here: the"
            " extra `legacy` brings it, and so does `pip install cryptography`"
        )
    until = ("LEGACY_TOKENS_UNTIL", "LEGACY_TOKENS_UNTIL_FILE")
    if "plain" in formats and not any(everything.get(name) for name in until):
        # Whoever has stolen a plain token could have it sealed here for ever.
        yield (
            "LEGACY_TOKENS_UNTIL: is missing, and required because LEGACY_TOKENS has plain;"
            " the last day on which such tokens open, such as 2027-05-31"
        )


def legacy_warnings(settings: Settings, now: float) -> Iterator[str]:
    """Yield what will keep tokens from opening although nothing is wrong with them."""
    wanted = set(settings.legacy_tokens) - {"none"}
    if settings.legacy_secrets and not settings.legacy_tokens:
        yield "LEGACY_SECRETS: opens nothing, because LEGACY_TOKENS does not say what to open"
    if wanted and settings.revoke_before:
        yield "REVOKE_BEFORE: refuses all of LEGACY_TOKENS too, because their age is unknown"
    if wanted and settings.legacy_closes_at is not None and now >= settings.legacy_closes_at:
        yield "LEGACY_TOKENS_UNTIL: is over, so tokens of other services are refused"
    secrets = settings.legacy_opening_secrets
    if "fernet" in wanted and not any(is_fernet_key(secret.reveal()) for secret in secrets):
        yield "LEGACY_SECRETS: none is a Fernet key, so LEGACY_TOKENS=fernet opens nothing"
