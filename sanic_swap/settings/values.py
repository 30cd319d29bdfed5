"""Readers of settings: a variable's text in, a value out.

Each raises ValueError with a text that follows the variable's name and says what the value
must be. It never repeats the value: a secret may stand in the wrong variable.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from sanic_swap.sealing.keys import RootKey, UnusableSecret, is_key, root_key
from sanic_swap.secret import Secret
from sanic_swap.swap.limits import Rate

# Patterns are compiled when they are first used: most settings are not set.
_NUMBER = r"(?=\.?[0-9])[0-9]*\.?[0-9]*"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_RATE = (
    r"\s*(0*[1-9][0-9]{0,17})\s*(?:/|per)\s*(0*[1-9][0-9]{0,8})?\s*"
    r"(second|minute|hour|day|month|year)s?\s*"
)
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_UNITS |= {"month": 30 * 86_400, "year": 360 * 86_400}
_LONGEST_WAIT = 3600.0  # seconds
_LAST_SECOND = 253_402_300_799  # of the year 9999, the last one that a date can have
# What stands around a value and cannot belong to it.
_QUOTES = ("'", '"')
_COMMENT = r"(?s:\s#.*\Z)"
_NAME = r"\s*(?:export\s+)?[A-Z_]+="
_AROUND = r"(?:\\[nrt]|[\s\"'`,;\ufeff\u200b])+"


class SealingSecret(NamedTuple):
    """An operator's secret, and its key; None if it is too short or published."""

    secret: Secret
    key: RootKey | None

    def __str__(self) -> str:
        return "set" if self.key else "set, makes no key"


def surroundings(text: str) -> str:
    """Name what stands around a value and cannot belong to it; "" if nothing does."""
    found = {
        "a comment": re.search(_COMMENT, text),
        "its name": re.match(_NAME, text),
        "quotes": text.startswith(_QUOTES) or text.endswith(_QUOTES),
        "a line end": re.search(r"[\r\n]|\\[rn]\Z", text),
        "an invisible character": re.search("[\ufeff\u200b]", text),
        "blanks": text != text.strip(" \t\xa0"),
    }
    return " and ".join(name for name, is_there in found.items() if is_there)


def visible_text(text: str) -> str:
    """Read printable ASCII without blanks, and without quotes around it."""
    is_visible = text.isascii() and text.isprintable() and " " not in text
    if not text or not is_visible or text.startswith(_QUOTES):
        raise ValueError("must be printable ASCII without blanks")
    return text


def address(text: str) -> str:
    """Read an address to listen on; IPv6 with or without brackets."""
    return visible_text(text.removeprefix("[").removesuffix("]") if ":" in text else text)


def client_id(text: str) -> str:
    """Read a client id; HTTP Basic allows no colon in it (RFC 7617 section 2)."""
    if ":" in text or len(text) > 1000:
        raise ValueError("must be a Spotify client id: no colon, at most 1000 characters")
    return visible_text(text)


def secret(text: str) -> Secret:
    return Secret(visible_text(text))


def sealing_secret(text: str) -> SealingSecret:
    """Read the secret of the current key, which must make one.

    A key and more is refused: it would silently be another key, and hold every token of the first.
    """
    if not is_key(text):
        bare = re.sub(_NAME, "", re.sub(_COMMENT, "", text), count=1)
        keys = [part for part in re.split(_AROUND, bare) if part]
        if keys and all(map(is_key, keys)):
            if len(keys) > 1:
                raise ValueError("has several keys; PREVIOUS_ENCRYPTION_SECRETS takes one a line")
            around = surroundings(text) or "something"
            raise ValueError(f"has {around} next to the key; write the key alone")
    return SealingSecret(Secret(text), root_key(text))


def opening_secrets(text: str) -> tuple[SealingSecret, ...]:
    """Read the secrets of previous keys, one a line; of those that make no key, too."""
    secrets = []
    for line in _lines(text):
        try:
            secrets.append(sealing_secret(line))
        except UnusableSecret:
            secrets.append(SealingSecret(Secret(line), None))
    return tuple(secrets)


def key_ids(text: str) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(comma_separated(text)))
    if not all(re.fullmatch("[A-Za-z0-9_-]{8}", key_id) for key_id in ids):
        raise ValueError("must be key ids of 8 characters, separated by commas")
    return ids


def comma_separated(text: str) -> tuple[str, ...]:
    """Read a list; blanks around entries and empty entries are dropped."""
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def legacy_secrets(text: str) -> tuple[Secret, ...]:
    """Read other services' secrets of any length, one a line, blank lines ignored."""
    secrets = tuple(map(Secret, _lines(text)))
    if not secrets:
        raise ValueError("has only blank lines")
    return secrets


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"\r?\n", text) if line.strip()]


def legacy_tokens(text: str) -> tuple[str, ...]:
    """Read which other services' tokens are opened; `none` stands alone."""
    names = comma_separated(text.lower())
    if not {*names} <= {"node", "ruby", "fernet", "plain"} and names != ("none",):
        raise ValueError("must be some of node, ruby, fernet and plain, or none")
    return names


def header_name(text: str) -> str:
    """Read the name of a header that holds addresses (RFC 9110 section 5.1)."""
    is_name = re.fullmatch(r"[!#$%&*+.^_`|~0-9A-Za-z-]{1,100}", text)
    if not is_name or text.lower() == "forwarded":
        raise ValueError("must name a header that holds addresses, such as Fly-Client-IP")
    return text


def seconds(text: str) -> float:
    """Read a time span in seconds, above zero."""
    value = seconds_or_zero(text)
    if not value:
        raise ValueError("must be above 0 seconds")
    return value


def seconds_or_zero(text: str) -> float:
    value = float(text) if re.fullmatch(_NUMBER, text) else math.inf
    if value > _LONGEST_WAIT:
        raise ValueError(f"must be a number of seconds from 0 to {_LONGEST_WAIT:g}")
    return value


def lifetime(text: str) -> int | None:
    """Read a duration such as `180d` in seconds; `off` is None."""
    if text.lower() == "off":
        return None
    match = re.fullmatch("([0-9]{1,9})([smhdw])", text)
    if match is None or int(match[1]) == 0:
        raise ValueError("must be a duration such as 180d (s, m, h, d or w), or off")
    return int(match[1]) * _SECONDS[match[2]]


def moment(text: str) -> int:
    """Read an ISO 8601 moment as Unix seconds; without a zone it is UTC."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be an ISO 8601 moment such as 2026-11-23T15:49:00Z") from None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    unix_seconds = math.ceil(value.timestamp())
    if not 0 < unix_seconds <= _LAST_SECOND:
        raise ValueError("must be after 1970 and before the year 10000")
    return unix_seconds


def end_of_day(text: str) -> int:
    """Read an ISO 8601 date as the Unix seconds at which it ends in UTC."""
    try:
        midnight = datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise ValueError("must be an ISO 8601 date such as 2027-05-31") from None
    return int(midnight.timestamp()) + _SECONDS["d"]


def switch(text: str) -> bool:
    if text.lower() in ("on", "true", "yes", "1"):
        return True
    if text.lower() in ("off", "false", "no", "0"):
        return False
    raise ValueError("must be on or off")


def not_off(text: str) -> bool:
    """Read a switch that only `off` turns off, as the 2015 service read ACCESS_LOG."""
    return text.lower() != "off"


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a reader of one of *choices*, in any case."""

    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"must be {' or '.join(choices)}")
        return text.lower()

    return read


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of a number between *lowest* and *highest*, both included."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return read


port = whole_number(0, 65_535)  # 0 takes a free one


def rates(text: str) -> tuple[Rate, ...]:
    """Read rates such as `60/minute` or `100 per 10 minutes`, or a list; `off` is none."""
    if text.strip().lower() == "off":
        return ()
    found = [re.fullmatch(_RATE, rate) for rate in re.split("[,;|]", text.lower())]
    read = [Rate(int(match[2] or 1) * _UNITS[match[3]], int(match[1])) for match in found if match]
    if len(read) < len(found):
        raise ValueError("must be a rate such as 60/minute, or several separated by commas, or off")
    return tuple(read)
