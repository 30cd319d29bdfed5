"""What Spotify's token endpoint answers, judged without any network.

A 200 becomes a `TokenAnswer`, whose members are kept as they were spelled; everything
else becomes one of the errors below `SpotifyError`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any, NamedTuple

from sanic_swap.errors import (
    CredentialsRefused,
    GrantRefused,
    SpotifyError,
    SpotifyFails,
    SpotifyNonsense,
    SpotifyThrottles,
)
from sanic_swap.sealing.key_ring import PREFIX, is_refresh_token
from sanic_swap.secret import Secret
from sanic_swap.strict_json import NotStrictJson, read_object, spelled_members

LONGEST_RETRY_AFTER = 86_400  # seconds
JUDGED_BY_BODY = frozenset({200, 400, 401, 403})  # of every other status the number says all
# The name in draft-ietf-oauth-refresh-token-expiration, and the older one that is widespread.
EXPIRY = ("authorization_expires_in", "refresh_token_expires_in")
# An `error` that is no such name may repeat the code that was sent, and then is not logged.
_NAME = "[a-z_]{1,40}"
_LONGEST_LOGGED = 64  # characters of an `error`
# The descriptions that the log may have: nothing that was sent is in them.
_KNOWN = (
    "Invalid (authorization code|redirect URI|refresh token)|Authorization code expired"
    "|Refresh token (revoked|expired)|code_verifier (was incorrect|required)"
)


class Reply(NamedTuple):
    """What came back; *body* is None where it does not matter, or is over the cap."""

    status: int
    retry_after: str | None
    body: bytes | None


@dataclass(slots=True, repr=False)
class TokenAnswer:
    """Spotify's tokens, ready to be handed on with another refresh token in its place."""

    refresh_token: Secret | None  # the plain one that Spotify sent, if it sent one
    unsaid: Sequence[str]  # those names of `EXPIRY` that Spotify did not send itself
    before: str  # the object's text up to the value of its refresh token
    after: str | None  # and behind it, up to the brace; None if it had none

    def render(self, sealed: str | None, expires_in: int | None = None) -> bytes:
        """Return the JSON body for the app: every member as it came, but the refresh token.

        *sealed* takes its place, or stands last if Spotify sent none; *expires_in* are the
        seconds until the authorization ends, if apps are to know.
        """
        expiry = ""
        if expires_in is not None:
            expiry = "".join(f',"{name}":{expires_in}' for name in self.unsaid)
        if sealed is None:
            return f"{self.before}{expiry}}}".encode()
        # Our own seals are base64url, which needs no escapes.
        quoted = f'"{sealed}"' if sealed.startswith(PREFIX) else json.dumps(sealed)
        if self.after is None:
            return f'{self.before}{expiry},"refresh_token":{quoted}}}'.encode()
        return f"{self.before}{quoted}{self.after}{expiry}}}".encode()


def read_answer(
    reply: Reply,
    private: Sequence[Secret] = (),  # sent, and no app may get it back: refresh token, credentials
    codes: Sequence[Secret] = (),  # sent, and no log may show it: code and verifier
    now: datetime | None = None,  # for a Retry-After that is a date
) -> TokenAnswer:
    """Judge one answer of Spotify's; raise an error below `SpotifyError` for all but tokens."""
    status, retry_after, body = reply
    if status == 429:
        wait = seconds_to_wait(retry_after, now)
        raise SpotifyThrottles("Spotify throttles us (429)", status=429, retry_after=wait)
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
        return _tokens(text, members, private)
    raise _refusal(status, members, private, codes)


def seconds_to_wait(retry_after: str | None, now: datetime | None = None) -> int | None:
    """Return a Retry-After (RFC 9110 section 10.2.3) in seconds, at most a day; nonsense: None."""
    if retry_after is None:
        return None
    try:
        if retry_after.isascii() and retry_after.isdigit():
            return min(int(retry_after), LONGEST_RETRY_AFTER)
        moment = parsedate_to_datetime(retry_after)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        left = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(0, min(ceil(left), LONGEST_RETRY_AFTER))


def _tokens(text: str, members: dict[str, Any], private: Sequence[Secret]) -> TokenAnswer:
    access_token = members.get("access_token")
    if type(access_token) is not str or not access_token:
        raise SpotifyNonsense("no usable access_token")
    unsaid = [name for name in EXPIRY if name not in members]
    refresh_token = members.get("refresh_token")
    if refresh_token is None or refresh_token == "":
        if "refresh_token" in members:  # it counts as absent
            del members["refresh_token"]
            text = "{" + ",".join(filter(None, _around_refresh_token(text))) + "}"
        _keep_secret(private, text, members)
        return TokenAnswer(None, unsaid, text[:-1], None)
    del members["refresh_token"]
    if type(refresh_token) is not str or not is_refresh_token(refresh_token):
        raise SpotifyNonsense("an unusable refresh_token")
    plain = Secret(refresh_token)
    if "\\" not in text and text.count(refresh_token) == 1:
        # As it always is: it stands there once, so it stands nowhere else.
        head, _, tail = text.partition(f'"{refresh_token}"')
        _keep_secret(private, f'{head}""{tail}', members)
        return TokenAnswer(plain, unsaid, head, tail[:-1])
    before, after = _around_refresh_token(text)
    _keep_secret((*private, plain), before + after, members)
    head = "{" + (f"{before}," if before else "") + '"refresh_token":'
    return TokenAnswer(plain, unsaid, head, f",{after}" if after else "")


def _around_refresh_token(text: str) -> tuple[str, str]:
    """Return the text of the members before and behind `refresh_token`."""
    names, texts = zip(*spelled_members(text), strict=True)
    at = names.index("refresh_token")
    return ",".join(texts[:at]), ",".join(texts[at + 1 :])


def _keep_secret(private: Sequence[Secret], text: str, members: dict[str, Any]) -> None:
    """Refuse an answer whose *members*, written as *text*, hold what is *private*."""
    tokens = [secret.reveal() for secret in private]
    if "\\" in text:  # compare it with no escapes but those that JSON demands
        try:
            text = json.dumps(members, ensure_ascii=False)
        except RecursionError:
            raise SpotifyNonsense("nested too deeply") from None
        tokens = [json.dumps(token)[1:-1] for token in tokens]
    for token in tokens:
        if token in text:
            raise SpotifyNonsense("a plain refresh token or our credentials in the body")


def _refusal(
    status: int, values: dict[str, Any], private: Sequence[Secret], codes: Sequence[Secret]
) -> SpotifyError:
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
        return None if any(secret.reveal() in value for secret in private) else value

    if relayable(error) is None:
        return SpotifyNonsense(f"status {status} with an unusable error")
    uri = relayable(values.get("error_uri"))
    is_repeated = not re.fullmatch(_NAME, error) and any(code.reveal() in error for code in codes)
    logged = "(the code that was sent)" if is_repeated else error[:_LONGEST_LOGGED]
    description = relayable(values.get("error_description"))
    reason = description if re.fullmatch(_KNOWN, description or "") else None
    return GrantRefused(
        f"Spotify refused: {logged}" + (f" ({reason})" if reason else ""),
        status=403 if status == 403 else 400,
        error=error,
        description=description,
        uri=None if uri is None or " " in uri else uri,
        logged=logged,
        reason=reason,
    )
