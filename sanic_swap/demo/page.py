"""The command `demo`: a page that plays the app, in front of a real service and the fake.

This process serves the page, and forwards its requests to the other two.
"""

import json
import os
import signal
import sys
import webbrowser
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from sanic_swap.demo.flow import announce, authorize_url, run_all, send, steps
from sanic_swap.demo.pair import LocalPair, PairFailed, running_pair
from sanic_swap.sealing.keys import SealingContext, new_secret, root_key

_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data:; script-src 'unsafe-inline';"
    " style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
)
# A short timeout, to see a slow Spotify soon; no guard, to see every revocation.
_SETTINGS = {"SPOTIFY_TIMEOUT": "3", "REVOCATION_GUARD": "off"}


def demo(*, once: bool, browser: bool) -> int:
    """Run the demo; return the exit code.

    Args:
        once: Run the flow without a person, print each step, and end.
        browser: Open the page in a browser, if there is a desktop.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if once:
            with running_pair(["http://127.0.0.1/callback"], ["--auto-approve"]) as pair:
                _print_places(pair)
                run_all(pair)
            return 0
        with DemoServer() as page, running_pair([f"{page.url}/callback"], **_SETTINGS) as pair:
            _print_places(pair)
            print(
                f"The app       {page.url}   <- open this and click through; Ctrl-C ends it all\n"
            )
            for number, step in enumerate(steps(pair), 1):
                announce(number, *step)
            if browser and (sys.platform == "darwin" or os.environ.get("DISPLAY")):
                webbrowser.open(page.url)
            page.run(pair)
    except PairFailed as error:
        print(f"sanic-swap demo: {error}", file=sys.stderr)
        return 1
    return 0


def _print_places(pair: LocalPair) -> None:
    print(f"Fake Spotify  {pair.fake.control_url}/   <- make it misbehave here")
    print(f"The service   {pair.service_url}")


class DemoServer(ThreadingHTTPServer):
    """Listens on a free loopback port. It opens before the pair, which must know its URL."""

    pair: LocalPair

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

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
        """Run a command of the page, and return what the page shows.

        Raises:
            PairFailed: If it fails.
        """
        fake, service = self.pair.fake, self.pair.service_url
        bases = {"service": service, "control": fake.control_url, "api": fake.api_url}
        match command, fields:
            case "/send", {"to": to, "method": method, "path": path, "body": body, **headers}:
                return asdict(send(method, bases[to] + path, headers=headers, body=body))
            case "/change-key", _:
                self._secrets.insert(0, new_secret())
                self.pair.start_service(
                    ENCRYPTION_SECRET=self._secrets[0], PREVIOUS_ENCRYPTION_SECRETS=""
                )
            case "/restore-key", _:
                self.pair.start_service(PREVIOUS_ENCRYPTION_SECRETS="\n".join(self._secrets[1:]))
            case _ if command != "/state":
                raise PairFailed(f"no command {command}")
        context = SealingContext(fake.client_id, fake.accounts_url)
        return {
            **bases,
            "authorize_url": authorize_url(self.pair, show_dialog="true"),
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
