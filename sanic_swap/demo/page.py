"""The command `demo`: an app's four steps, in front of a real service and the fake.

A page plays the app: this process serves it, and forwards its requests to the other two.
"""

import json
import os
import signal
import sys
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from textwrap import indent
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sanic_swap.demo.pair import SCOPE, Answer, LocalPair, PairFailed, running_pair, send
from sanic_swap.sealing.keys import SealingContext, new_secret, root_key

_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data:; script-src 'unsafe-inline';"
    " style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SHOWN = 24  # characters of a token; the rest is counted
# A short timeout, to see a slow Spotify soon; no guard, to see every revocation.
_SETTINGS = {"SPOTIFY_TIMEOUT": "3", "REVOCATION_GUARD": "off"}


def demo(*, once: bool, browser: bool) -> int:
    """Run a page, in a *browser* if there is one, or the flow *once*; return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options, settings = (["--auto-approve"], {}) if once else ([], _SETTINGS)
    try:
        with DemoServer() as page, running_pair([page.callback], options, **settings) as pair:
            print(f"Fake Spotify  {pair.fake.control_url}/   <- make it misbehave here")
            print(f"The service   {pair.service_url}")
            if once:
                run_all(pair)
                return 0
            hint = "<- open this and click through; Ctrl-C ends it all"
            print(f"The app       {page.url}   {hint}\n")
            for number, step in enumerate(steps(pair), 1):
                announce(number, *step)
            if browser and (sys.platform == "darwin" or os.environ.get("DISPLAY")):
                webbrowser.open(page.url)
            page.run(pair)
    except PairFailed as error:
        print(f"sanic-swap demo: {error}", file=sys.stderr)
        return 1
    return 0


def steps(pair: LocalPair) -> tuple[tuple[str, str], ...]:
    """Return each step's title, and the shell command for it."""
    control, service, api = pair.fake.control_url, pair.service_url, pair.fake.api_url
    # The fake's endpoint for scripts; a person logs in at /authorize instead.
    code = f"curl -s -d '{json.dumps({'scope': SCOPE})}' {control}/codes"
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
    """Do each step, and print it; raise PairFailed at the first that fails."""
    service = pair.service_url
    log_in, swap, refresh, profile = steps(pair)
    announce(1, *log_in)
    answer = send("GET", pair.authorize_url())
    query = parse_qs(urlsplit(answer.headers.get("location", "")).query)
    if "code" not in query:
        raise PairFailed(f"/authorize answered {answer.status} without a code")
    [code] = query["code"]
    print(f"   302, back to the app with code={_shortened(code)}\n")
    announce(2, *swap)
    sealed = _print(send("POST", f"{service}/swap", _FORM, f"code={code}"), "refresh_token")
    announce(3, *refresh)
    form = f"refresh_token={sealed}"
    access = _print(send("POST", f"{service}/refresh", _FORM, form), "access_token")
    announce(4, *profile)
    bearer = {"Authorization": f"Bearer {access}"}
    _print(send("GET", f"{pair.fake.api_url}/v1/me", bearer), "display_name")
    print("The whole flow works: the app never saw the client secret or the real refresh token.")
    print("Now your own app: sanic-swap dev --callback my-app://callback")


def announce(number: int, title: str, command: str) -> None:
    """Print what a step does, and its shell command."""
    print(f"{number}. {title}\n   $ {command}", flush=True)


def _print(answer: Answer, member: str) -> str:
    """Print *answer*, and return the member of it that the next step needs."""
    if answer.status != 200 or member not in (members := json.loads(answer.body)):
        raise PairFailed(f"no {member}, but {answer.status} {answer.body}")
    shown = {name: _shortened(value) for name, value in members.items()}
    print(indent(f"{answer.status}\n{json.dumps(shown, indent=2)}\n", "   "), flush=True)
    return str(members[member])


def _shortened(value: object) -> object:
    """Return *value*; the long tail of a token is counted rather than shown."""
    if isinstance(value, str) and len(value) > 2 * _SHOWN:
        return f"{value[:_SHOWN]}... ({len(value)} characters)"
    return value


class DemoServer(ThreadingHTTPServer):
    """Listens on a free loopback port. It opens before the pair, which must know its URL."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.callback = f"{self.url}/callback"

    def run(self, pair: LocalPair) -> None:
        """Serve the page, which controls *pair*, until KeyboardInterrupt."""
        self.pair = pair
        self._secrets = [pair.settings["ENCRYPTION_SECRET"]]
        self.serve_forever(poll_interval=0.1)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print an error, unless a browser closed its connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on

    def perform(self, command: str, fields: dict[str, str]) -> dict[str, Any]:
        """Run a command of the page; return what the page shows, or raise PairFailed."""
        fake, service = self.pair.fake, self.pair.service_url
        bases = {"service": service, "control": fake.control_url, "api": fake.api_url}
        match command, fields:
            case "/send", {"to": to, "method": method, "path": path, "body": body, **headers}:
                return send(method, bases[to] + path, headers, body)._asdict()
            case "/change-key", _:
                self._secrets.insert(0, new_secret())
                changes = {"ENCRYPTION_SECRET": self._secrets[0], "PREVIOUS_ENCRYPTION_SECRETS": ""}
                self.pair.start_service(**changes)
            case "/restore-key", _:
                self.pair.start_service(PREVIOUS_ENCRYPTION_SECRETS="\n".join(self._secrets[1:]))
            case _ if command != "/state":
                raise PairFailed(f"no command {command}")
        context = SealingContext(fake.client_id, fake.accounts_url)
        return {
            **bases,
            "authorize_url": self.pair.authorize_url(show_dialog="true"),
            "client_secret": fake.client_secret,
            "key_id": root_key(self._secrets[0]).key_id(context),
            "commands": [command for _, command in steps(self.pair)],
        }


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    timeout = 30  # seconds

    def do_GET(self) -> None:
        if self.path.partition("?")[0] in ("/", "/callback"):
            page = files(__package__ or "").joinpath("page.html").read_bytes()
            self._send(200, "text/html; charset=utf-8", page)
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        fields = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if self.headers.get("Origin") == self.server.url:
            try:
                answer, status = self.server.perform(self.path, fields), 200
            except PairFailed as error:
                answer, status = {"error": str(error)}, 502
            self._send(status, "application/json", json.dumps(answer).encode())
        else:  # a page of another site
            self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Print nothing: the terminal shows the steps."""

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", _POLICY)
        self.end_headers()
        self.wfile.write(body)
