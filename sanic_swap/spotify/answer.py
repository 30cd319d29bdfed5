"""What Spotify's token endpoint answers, judged without any network.

A 200 becomes a `TokenAnswer`, whose members are kept as they were spelled; everything
else becomes one of the errors below `SpotifyError`.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any, NamedTuple, Self

from sanic_swap.errors import (
    CredentialsRefused,
    GrantRefused,
    SpotifyError,
    SpotifyFails,
    SpotifyNonsense,
    SpotifyThrottles,
)
from sanic_swap.sealing.key_ring import LONGEST_REFRESH_TOKEN, PREFIX
from sanic_swap.secret import Secret
from sanic_swap.strict_json import NotStrictJson, read_members, read_object, strings_in

LONGEST_RETRY_AFTER = 86_400  # seconds
JUDGED_BY_BODY = frozenset({200, 400, 401, 403})  # of every other status the number says all
# The name in draft-ietf-oauth-refresh-token-expiration, and the older one that is widespread.
EXPIRY = ("authorization_expires_in", "refresh_token_expires_in")
# Whatever was sent, an error name of RFC 6749 section 5.2 does not repeat it.
_STANDARD = (
    *("invalid_request", "invalid_grant", "invalid_scope"),
    *("unauthorized_client", "unsupported_grant_type"),
)
_LONGEST_LOGGED = 64  # characters of an `error`


class Sent(NamedTuple):
    """
    The secrets in a request to Spotify.

    Attributes:
        private: The plain refresh token and our credentials: no app may get them back.
        codes: What the app itself had sent: it may get them back, the log may not.
    """

    private: Sequence[Secret] = ()
    codes: Sequence[Secret] = ()


class TokenAnswer:
    """
    Spotify's tokens, ready to be handed on with another refresh token in its place.

    Args:
        before: The object's text up to the value of its refresh token.
        after: And behind it, up to the brace; None if it had none.

    Attributes:
        refresh_token: The plain one that Spotify sent, None if it sent none.
        unsaid: Those names of `EXPIRY` that Spotify did not send itself.
    """

    __slots__ = ("_after", "_before", "refresh_token", "unsaid")

    def __init__(
        self, refresh_token: Secret | None, unsaid: Sequence[str], before: str, after: str | None
    ) -> None:
        self.refresh_token = refresh_token
        self.unsaid = unsaid
        self._before = before
        self._after = after

    def parts(self) -> list[str | Sequence[str] | None]:
        """Return what `from_parts` makes the same answer of; a plain refresh token is in it."""
        plain = None if self.refresh_token is None else self.refresh_token.reveal()
        return [plain, self.unsaid, self._before, self._after]

    @classmethod
    def from_parts(cls, parts: Sequence[Any]) -> Self:
        """Return the answer that `parts` took apart."""
        plain, unsaid, before, after = parts
        return cls(None if plain is None else Secret(plain), unsaid, before, after)

    @property
    def size(self) -> int:
        """The characters of its text."""
        return len(self._before) + len(self._after or "")

    def render(self, sealed: str | None, expires_in: int | None = None) -> bytes:
        """
        Return the JSON body for the app: every member as it came, but the refresh token.

        Args:
            sealed: Takes the refresh token's place, or stands last if Spotify sent none.
            expires_in: Seconds until the authorization ends, if apps are to know.
        """
        expiry = ""
        if expires_in is not None:
            expiry = "".join(f',"{name}":{expires_in}' for name in self.unsaid)
        if sealed is None:
            return f"{self._before}{expiry}}}".encode()
        # Our own seals are base64url, which needs no escapes.
        quoted = f'"{sealed}"' if sealed.startswith(PREFIX) else json.dumps(sealed)
        if self._after is None:
            return f'{self._before}{expiry},"refresh_token":{quoted}}}'.encode()
        return f"{self._before}{quoted}{self._after}{expiry}}}".encode()


def read_answer(
    status: int,
    body: bytes | None,
    *,
    retry_after: str | None,
    sent: Sent,
    now: datetime | None = None,
) -> TokenAnswer:
    """
    Judge one answer of Spotify's.

    Args:
        body: None if it was larger than any token answer.
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
    try:
        text, members = read_object(body)
    except NotStrictJson:
        raise SpotifyNonsense("not a JSON object, or a member twice") from None
    if status == 200:
        return _tokens(body, text, members, sent.private)
    raise _refusal(status, members, sent)


def seconds_to_wait(retry_after: str | None, now: datetime | None = None) -> int | None:
    """
    Return a Retry-After header as whole seconds, at most a day; None if it is nonsense.

    Source: RFC 9110, section 10.2.3: seconds or an HTTP date.
    """
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return min(int(retry_after.lstrip("0")[:9] or "0"), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(retry_after)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        left = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(0, min(ceil(left), LONGEST_RETRY_AFTER))


def _tokens(
    body: bytes, text: str, members: dict[str, Any], private: Sequence[Secret]
) -> TokenAnswer:
    access_token = members.get("access_token")
    if type(access_token) is not str or not access_token:
        raise SpotifyNonsense("no usable access_token")
    unsaid = [name for name in EXPIRY if name not in members]
    if "refresh_token" not in members:
        _keep_secret(private, text, members)
        return TokenAnswer(None, unsaid, text[:-1], None)
    refresh_token = members.pop("refresh_token")
    if refresh_token is None or refresh_token == "":  # it counts as absent
        before, after = _around_refresh_token(body)
        _keep_secret(private, before + after, members)
        return TokenAnswer(None, unsaid, "{" + ",".join(filter(None, (before, after))), None)
    if (
        type(refresh_token) is not str
        or len(refresh_token) > LONGEST_REFRESH_TOKEN
        or not (refresh_token.isascii() and refresh_token.isprintable())
    ):
        raise SpotifyNonsense("an unusable refresh_token")
    plain = Secret(refresh_token)
    if "\\" not in text and text.count(refresh_token) == 1:
        # As it always is: it stands there once, so it stands nowhere else.
        head, _, tail = text.partition(f'"{refresh_token}"')
        _keep_secret(private, f'{head}""{tail}', members)
        return TokenAnswer(plain, unsaid, head, tail[:-1])
    before, after = _around_refresh_token(body)
    _keep_secret((*private, plain), before + after, members)
    head = "{" + (f"{before}," if before else "") + '"refresh_token":'
    return TokenAnswer(plain, unsaid, head, f",{after}" if after else "")


def _around_refresh_token(body: bytes) -> tuple[str, str]:
    """Return the text of the members before and behind `refresh_token`."""
    written = read_members(body)
    at = [member.name for member in written].index("refresh_token")
    before, after = written[:at], written[at + 1 :]
    return ",".join(member.text for member in before), ",".join(member.text for member in after)


def _keep_secret(private: Sequence[Secret], text: str, members: dict[str, Any]) -> None:
    """Refuse an answer whose *members*, written as *text*, hold what is *private*."""
    for secret in private:
        # Almost always decided by the text alone; escapes in it need a closer look.
        token = secret.reveal()
        may_hold = token in text or "\\" in text
        if may_hold and any(token in string for string in strings_in(members)):
            raise SpotifyNonsense("a plain refresh token or our credentials in the body")


def _refusal(status: int, values: dict[str, object], sent: Sent) -> SpotifyError:
    error = values.get("error")
    if type(error) is not str or not error:
        return SpotifyNonsense(f"status {status} without an error")
    if error == "invalid_client":
        return CredentialsRefused(f"Spotify refused our credentials ({status})")

    def relayable(value: object) -> str | None:
        """Return what is printable and not empty (RFC 6749 section 5.2), and tells no token."""
        if type(value) is not str or not value or not value.isascii() or not value.isprintable():
            return None
        if '"' in value or "\\" in value:
            return None
        # Some clients search the raw body for `invalid_grant` and log the user out.
        if "invalid_grant" in value and error != "invalid_grant":
            return None
        return None if any(secret.reveal() in value for secret in sent.private) else value

    if relayable(error) is None:
        return SpotifyNonsense(f"status {status} with an unusable error")
    uri = relayable(values.get("error_uri"))
    is_repeated = error not in _STANDARD and any(code.reveal() in error for code in sent.codes)
    return GrantRefused(
        403 if status == 403 else 400,
        error,
        relayable(values.get("error_description")),
        None if uri is None or " " in uri else uri,
        logged="(the code that was sent)" if is_repeated else error[:_LONGEST_LOGGED],
    )
