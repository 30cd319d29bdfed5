"""The four steps of an app that uses the service, over plain HTTP, as the app would do them."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import parse_qs, urlencode, urlsplit

from sanic_swap.demo.pair import LocalPair, PairFailed

_SCOPE = "user-read-private user-read-email"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SHOWN = 24  # characters of a token; the rest is counted
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer; names of headers are in lower case."""

    status: int
    reason: str
    headers: dict[str, str]
    body: str


def send(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: str = ""
) -> Answer:
    """Send one request, follow no redirect, and return the answer.

    Raises:
        PairFailed: If no answer came.
    """
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, url.partition(parts.netloc)[2], body, dict(headers or {}))
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, answer.reason, named, text)
    except (OSError, HTTPException) as error:
        raise PairFailed(f"{method} {parts.netloc}{parts.path}: {error}") from error
    finally:
        connection.close()


def authorize_url(pair: LocalPair, **parameters: str) -> str:
    """Return the URL where the app sends its user to log in."""
    query = {
        "client_id": pair.fake.client_id,
        "response_type": "code",
        "redirect_uri": pair.fake.redirect_uris[0],
        "scope": _SCOPE,
        **parameters,
    }
    return f"{pair.fake.accounts_url}/authorize?{urlencode(query)}"


def steps(pair: LocalPair) -> tuple[tuple[str, str], ...]:
    """Return each step's title, and the shell command for it."""
    control, service, api = pair.fake.control_url, pair.service_url, pair.fake.api_url
    # The fake's endpoint for scripts; a person logs in at /authorize instead.
    code = f"curl -s -d '{json.dumps({'scope': _SCOPE})}' {control}/codes"
    swap = f'curl -s -d code="$CODE" {service}/swap'
    refresh = f'curl -s -d refresh_token="$REFRESH_TOKEN" {service}/refresh'
    profile = f'curl -s -H "Authorization: Bearer $ACCESS_TOKEN" {api}/v1/me'
    pick = "tee /dev/stderr | jq -r"
    return (
        ("The user logs in at Spotify; the app gets a code", f"CODE=$({code} | jq -r .code)"),
        (
            "The app trades the code for tokens; its refresh token is sealed",
            f"REFRESH_TOKEN=$({swap} | {pick} .refresh_token)",
        ),
        (
            "An hour later: the app trades the sealed token for a new access token",
            f"ACCESS_TOKEN=$({refresh} | {pick} .access_token)",
        ),
        ("The access token works at Spotify's Web API", profile),
    )


def run_all(pair: LocalPair) -> None:
    """Log in, swap, refresh and get the user's profile; print each step.

    Raises:
        PairFailed: At the first step that fails.
    """
    log_in, swap, refresh, profile = steps(pair)
    announce(1, *log_in)
    code = _log_in(pair)
    print(f"   302, back to the app with code={_shortened(code)}\n")
    announce(2, *swap)
    swapped = send("POST", f"{pair.service_url}/swap", headers=_FORM, body=f"code={code}")
    form = urlencode({"refresh_token": _print(swapped, "refresh_token")})
    announce(3, *refresh)
    refreshed = send("POST", f"{pair.service_url}/refresh", headers=_FORM, body=form)
    bearer = {"Authorization": f"Bearer {_print(refreshed, 'access_token')}"}
    announce(4, *profile)
    _print(send("GET", f"{pair.fake.api_url}/v1/me", headers=bearer), "display_name")
    print("The whole flow works: the app never saw the client secret or the real refresh token.")
    print("Now your own app: sanic-swap dev --callback my-app://callback")


def announce(number: int, title: str, command: str) -> None:
    """Print what a step does, and its shell command."""
    print(f"{number}. {title}\n   $ {command}", flush=True)


def _log_in(pair: LocalPair) -> str:
    """Return the code that Spotify redirects to the app with."""
    state = secrets.token_urlsafe(8)
    answer = send("GET", authorize_url(pair, state=state))
    query = parse_qs(urlsplit(answer.headers.get("location", "")).query)
    if answer.status != 302 or query.get("state") != [state] or "code" not in query:
        raise PairFailed(f"/authorize answered {answer.status} without a code")
    return query["code"][0]


def _print(answer: Answer, member: str) -> str:
    """Print *answer*, and return the member of it that the next step needs."""
    if answer.status != 200 or member not in (members := json.loads(answer.body)):
        raise PairFailed(f"no {member}, but {answer.status} {answer.body}")
    shown = {name: _shortened(value) for name, value in members.items()}
    for line in f"{answer.status}\n{json.dumps(shown, indent=2)}".splitlines():
        print(f"   {line}")
    print(flush=True)
    return str(members[member])


def _shortened(value: object) -> object:
    """Return *value*; the long tail of a token is counted rather than shown."""
    if isinstance(value, str) and len(value) > 2 * _SHOWN:
        return f"{value[:_SHOWN]}... ({len(value)} characters)"
    return value
