"""The four steps of an app's life with this service, over plain HTTP.

Written as an app would do it, with nothing of the service's own code.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlencode, urlsplit

SCOPE = "user-read-private user-read-email"
_SHOWN = 24  # characters of a token; the rest is counted
_TIMEOUT_SECONDS = 30


class DemoFailed(Exception):
    """A step did not do what it should; the text says which."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything runs, and who the app is."""

    accounts_url: str
    api_url: str
    control_url: str
    service_url: str
    client_id: str
    redirect_uri: str

    def authorize_url(self, state: str) -> str:
        """Return where the app sends its user to log in."""
        query = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": state,
        }
        return f"{self.accounts_url}/authorize?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: str

    def members(self) -> dict[str, object]:
        """Return the body's JSON object; an empty one if it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def ask(
    method: str, url: str, form: Mapping[str, str] | None = None, token: str | None = None
) -> Answer:
    """Send one request, follow nothing, and return what came back."""
    parts = urlsplit(url)
    headers = {}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = connection.getresponse()
        return Answer(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read().decode(),
        )
    except OSError as error:
        raise DemoFailed(f"{method} {parts.netloc}: {error}") from error
    finally:
        connection.close()


def run_all(places: Places) -> None:
    """
    Log in, swap, refresh and ask for the user's profile; print each step as it is done.

    Raises:
        DemoFailed: At the first step that does not give what it should.
    """
    state = secrets.token_urlsafe(8)
    _print_places(places)
    _print_step(1, places)
    code = _code_from(ask("GET", places.authorize_url(state)), state)
    print(f"   302, back to the app with code={shortened(code)}\n")

    _print_step(2, places)
    swapped = _tokens(ask("POST", f"{places.service_url}/swap", {"code": code}))
    _print_step(3, places)
    sealed = str(swapped["refresh_token"])
    refreshed = _tokens(ask("POST", f"{places.service_url}/refresh", {"refresh_token": sealed}))
    _print_step(4, places)
    answer = ask("GET", f"{places.api_url}/v1/me", token=str(refreshed["access_token"]))
    if answer.status != 200:
        raise DemoFailed(f"/v1/me answered {answer.status}")
    _print_answer(answer)
    print("The whole flow works: the app never saw the client secret or the real refresh token.")


def describe_all(places: Places) -> None:
    """Print the steps with a curl line for each, to be tried by hand."""
    for number in range(1, 5):
        _print_step(number, places)


def shortened(text: str) -> str:
    """Return *text* with the long tail of a token counted rather than shown."""
    if len(text) <= 2 * _SHOWN:
        return text
    return f"{text[:_SHOWN]}... ({len(text)} characters)"


def readable(answer: Answer) -> str:
    """Return status and body, laid out and with tokens shortened."""
    members = {
        name: shortened(value) if isinstance(value, str) else value
        for name, value in answer.members().items()
    }
    return f"{answer.status}\n{json.dumps(members, indent=2)}"


def curl(number: int, places: Places) -> str:
    """Return the command that does step *number* by hand."""
    match number:
        case 1:
            # The fake's own door for scripts; a person logs in at /authorize instead.
            asked = f'curl -s -d \'{{"scope": "{SCOPE}"}}\' {places.control_url}/codes'
            return f"CODE=$({asked} | {_member('code')})"
        case 2:
            asked = f'curl -s -d code="$CODE" {places.service_url}/swap'
            return f"REFRESH_TOKEN=$({asked} | tee /dev/stderr | {_member('refresh_token')})"
        case 3:
            asked = f'curl -s -d refresh_token="$REFRESH_TOKEN" {places.service_url}/refresh'
            return f"ACCESS_TOKEN=$({asked} | tee /dev/stderr | {_member('access_token')})"
        case _:
            return f'curl -H "Authorization: Bearer $ACCESS_TOKEN" {places.api_url}/v1/me'


def _member(name: str) -> str:
    return f"""sed -n 's/.*"{name}": *"\\([^"]*\\)".*/\\1/p'"""


TITLES = {
    1: "The user logs in at Spotify and agrees; the app gets a code",
    2: "The app trades the code for tokens; its refresh token is sealed",
    3: "An hour later: the app trades the sealed token for a new access token",
    4: "The access token works at Spotify's Web API",
}


def _print_places(places: Places) -> None:
    print(f"Fake Spotify  {places.accounts_url}")
    print(f"The service   {places.service_url}\n")


def _print_step(number: int, places: Places) -> None:
    print(f"{number}. {TITLES[number]}")
    print(f"   $ {curl(number, places)}", flush=True)


def _print_answer(answer: Answer) -> None:
    for line in readable(answer).splitlines():
        print(f"   {line}")
    print(flush=True)


def _code_from(answer: Answer, state: str) -> str:
    query = parse_qs(urlsplit(answer.headers.get("location", "")).query)
    if answer.status != 302 or query.get("state") != [state] or "code" not in query:
        raise DemoFailed(f"/authorize answered {answer.status} without a code")
    return query["code"][0]


def _tokens(answer: Answer) -> dict[str, object]:
    members = answer.members()
    if answer.status != 200 or not {"access_token", "refresh_token"} <= members.keys():
        raise DemoFailed(f"the service answered {answer.status}: {answer.body}")
    _print_answer(answer)
    return members
