"""Rates as operators write them: `60/minute`, several separated by commas."""

import re

from sanic_swap.limits import Rate

_WANTED = "must be a rate such as 60/minute, or several separated by commas, or off"
_ZERO = re.compile(r"(?<![0-9])0+(?![0-9])")


def rates(text: str) -> tuple[Rate, ...]:
    """
    Read rates in the notation of the library `limits`; `off` is none.

    Raises:
        ValueError: If it is something else, or has a zero in it.
    """
    if text.strip().lower() == "off":
        return ()
    # Imported here: most services have no limit, and start-up time counts.
    from limits import parse_many

    try:
        parsed = parse_many(text)
    except ValueError:
        raise ValueError(_WANTED) from None
    if _ZERO.search(text):
        raise ValueError(_WANTED)
    return tuple(Rate(item.get_expiry(), item.amount) for item in parsed)
