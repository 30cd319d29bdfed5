"""What a refresh came to, as bytes that another machine can read: an answer or an error."""

import json
from typing import Any

from sanic_swap import errors
from sanic_swap.refreshed import Refreshed
from sanic_swap.token_answer import TokenAnswer

# Those without data of their own; any other error is not shared, and each asks for itself.
_PLAIN = {
    kind.__name__: kind
    for kind in (
        errors.CredentialsRefused,
        errors.SpotifyTooSlow,
    )
}


class UnknownOutcome(ValueError):
    """Bytes that this version did not write."""


def outcome_bytes(outcome: Refreshed | errors.SwapError) -> bytes | None:
    """Return *outcome* as bytes; None if it is nothing to share."""
    told: dict[str, Any] | None = None
    match outcome:
        case Refreshed():
            told = {"answer": outcome.answer.parts(), "seals": list(outcome.seals.items())}
        case errors.GrantRefused():
            told = {
                "refused": [outcome.status, outcome.error, outcome.description, outcome.uri],
            }
        case errors.RevocationDoubted():
            told = {"doubted": True}
        case errors.SpotifyThrottles():
            told = {"throttles": outcome.retry_after}
        case errors.SpotifyFails():
            told = {"fails": [outcome.upstream_status, outcome.retry_after]}
        case errors.SpotifyUnreachable():
            told = {"unreachable": [str(outcome), outcome.loss.name]}
        case errors.SpotifyError() if type(outcome).__name__ in _PLAIN:
            told = {"error": [type(outcome).__name__, str(outcome)]}
    return None if told is None else json.dumps(told).encode()


def read_outcome(told: bytes) -> Refreshed | errors.SwapError:
    """
    Return what `outcome_bytes` was given.

    Raises:
        UnknownOutcome: If another version wrote it.
    """
    try:
        members = json.loads(told)
    except ValueError:
        raise UnknownOutcome from None
    match members:
        case {"answer": list(parts), "seals": list(seals)}:
            return Refreshed(TokenAnswer.from_parts(parts), dict(seals))
        case {"refused": [int(status), str(error), description, uri]}:
            return errors.GrantRefused(status, error, description, uri)
        case {"doubted": True}:
            return errors.RevocationDoubted()
        case {"throttles": seconds}:
            return errors.SpotifyThrottles(seconds)
        case {"fails": [int(status), seconds]}:
            return errors.SpotifyFails(status, seconds)
        case {"unreachable": [str(text), str(name)]} if name in errors.ConnectionLoss.__members__:
            return errors.SpotifyUnreachable(text, errors.ConnectionLoss[name])
        case {"error": [str(name), str(text)]} if name in _PLAIN:
            return _PLAIN[name](text)
    raise UnknownOutcome
