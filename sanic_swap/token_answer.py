"""What Spotify's token endpoint answers, judged without any network.

A 200 becomes a `TokenAnswer`, whose members are kept as they were spelled; everything
else becomes one of the errors below `SpotifyError`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil

from sanic_swap.errors import (
    CredentialsRefused,
    GrantRefused,
    SpotifyError,
    SpotifyFails,
    SpotifyNonsense,
    SpotifyThrottles,
)
from sanic_swap.json_text import Member, NotStrictJson, quoted, read_members, strings_in
from sanic_swap.secret import Secret

LONGEST_RETRY_AFTER = 86_400  # seconds
JUDGED_BY_BODY = frozenset({200, 400, 401, 403})  # of every other status the number says all
_REFRESH_TOKEN = re.compile(r"[\x20-\x7e]{1,2925}\Z")
_SECONDS = re.compile(r"[0-9]+\Z")
# RFC 6749 section 5.2: what `error`, `error_description` and `error_uri` may hold.
_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+\Z")
_URI = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z")


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """
    Spotify's tokens, ready to be handed on with another refresh token in its place.

    Attributes:
        refresh_token: The plain one that Spotify sent, None if it sent none.
    """

    refresh_token: Secret | None
    tells_expiry: bool
    _members: tuple[Member, ...]

    def render(self, sealed: str | None, expires_in: int | None = None) -> bytes:
        """
        Return the JSON body for the app: every member as it came, but the refresh token.

        Args:
            sealed: Takes the refresh token's place, or stands last if Spotify sent none.
            expires_in: Seconds until the refresh token dies, if it is to be told.
        """
        written = [
            _refresh_member(sealed) if member.name == "refresh_token" and sealed else member.text
            for member in self._members
        ]
        if expires_in is not None and not self.tells_expiry:
            written.append(f'"refresh_token_expires_in":{expires_in}')
        if sealed and self.refresh_token is None:
            written.append(_refresh_member(sealed))
        return ("{" + ",".join(written) + "}").encode()


def read_answer(
    status: int,
    body: bytes | None,
    *,
    retry_after: str | None,
    sent: Sequence[Secret],
    now: datetime | None = None,
) -> TokenAnswer:
    """
    Judge one answer of Spotify's.

    Args:
        status: HTTP status.
        body: None if it was larger than any token answer.
        retry_after: The header of that name.
        sent: The plain refresh token that we sent, if any: it may not come back in clear.
        now: For a Retry-After that is a date.

    Raises:
        SpotifyError: One of those below it, for everything but tokens.
    """
    if status == 429:
        raise SpotifyThrottles(seconds_to_wait(retry_after, now))
    if status >= 500:
        raise SpotifyFails(status, seconds_to_wait(retry_after, now))
    if status not in JUDGED_BY_BODY:
        raise SpotifyNonsense(f"status {status}")
    if body is None:
        raise SpotifyNonsense("too large")
    members = _object(body)
    if status == 200:
        return _tokens(members, sent)
    raise _refusal(status, {member.name: member.value for member in members}, sent)


def seconds_to_wait(retry_after: str | None, now: datetime | None = None) -> int | None:
    """
    Return a Retry-After header as whole seconds, at most a day; None if it is nonsense.

    Source: RFC 9110, section 10.2.3: seconds or an HTTP date.
    """
    if retry_after is None:
        return None
    if _SECONDS.match(retry_after):
        return min(int(retry_after.lstrip("0")[:9] or "0"), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(retry_after)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        left = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(0, min(ceil(left), LONGEST_RETRY_AFTER))


def _object(body: bytes) -> list[Member]:
    try:
        members = read_members(body)
    except NotStrictJson:
        raise SpotifyNonsense("not a JSON object") from None
    if len({member.name for member in members}) != len(members):
        raise SpotifyNonsense("a member twice")
    return members


def _tokens(members: list[Member], sent: Sequence[Secret]) -> TokenAnswer:
    values = {member.name: member.value for member in members}
    access_token = values.get("access_token")
    if type(access_token) is not str or not access_token:
        raise SpotifyNonsense("no usable access_token")
    refresh_token = values.get("refresh_token")
    if refresh_token is None or refresh_token == "":
        plain = None
    elif type(refresh_token) is str and _REFRESH_TOKEN.match(refresh_token):
        plain = Secret(refresh_token)
    else:
        raise SpotifyNonsense("an unusable refresh_token")
    others = tuple(member for member in members if member.name != "refresh_token")
    for secret in (*sent, plain):
        if secret is not None and _tells(others, secret.reveal()):
            raise SpotifyNonsense("the plain refresh token elsewhere in the body")
    kept = tuple(members) if plain else others
    return TokenAnswer(plain, "refresh_token_expires_in" in values, kept)


def _tells(members: Sequence[Member], plain: str) -> bool:
    # Almost always decided by the text alone; escapes in it need a closer look.
    if not any(plain in member.text or "\\" in member.text for member in members):
        return False
    return any(
        plain in string for member in members for string in (member.name, *strings_in(member.value))
    )


def _refusal(status: int, values: dict[str, object], sent: Sequence[Secret]) -> SpotifyError:
    error = values.get("error")
    if type(error) is not str or not error:
        return SpotifyNonsense(f"status {status} without an error")
    if error == "invalid_client":
        return CredentialsRefused(f"Spotify refused our credentials ({status})")

    def relayable(value: object, pattern: re.Pattern[str]) -> str | None:
        # Some clients search the raw body for `invalid_grant` and log the user out.
        if type(value) is not str or not pattern.match(value):
            return None
        if "invalid_grant" in value and error != "invalid_grant":
            return None
        return None if any(secret.reveal() in value for secret in sent) else value

    if relayable(error, _DESCRIPTION) is None:
        return SpotifyNonsense(f"status {status} with an unusable error")
    return GrantRefused(
        403 if status == 403 else 400,
        error,
        relayable(values.get("error_description"), _DESCRIPTION),
        relayable(values.get("error_uri"), _URI),
    )


def _refresh_member(sealed: str) -> str:
    return f'"refresh_token":{quoted(sealed)}'
