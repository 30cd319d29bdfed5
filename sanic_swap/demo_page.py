"""The app of the demo as a page: one user, four steps, plain HTML forms."""

import secrets
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from sanic_swap.demo_steps import TITLES, Answer, Places, ask, curl, readable, shortened

_STYLE = """
  :root { color-scheme: light dark }
  body { font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
  section { border-left: .25rem solid #8884; padding: 0 1rem; margin: 1.5rem 0 }
  section.done { border-color: #1a8f4c }
  section.failed { border-color: #c0392b }
  h2 { font-size: 1.05rem; margin: 0 }
  pre { background: #8882; padding: .6rem; border-radius: .3rem; white-space: pre-wrap;
        overflow-wrap: anywhere; font-size: .85rem }
  button, a.button { font: inherit; background: #1a7f43; color: #fff; border: 0;
        border-radius: 2rem; padding: .4rem 1.2rem; text-decoration: none;
        cursor: pointer; display: inline-block }
"""


class _Session:
    """What the app knows of its one user; kept here, as a real app keeps it on the device."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.state = secrets.token_urlsafe(12)
        self.answers: dict[int, str] = {}
        self.access_token = ""
        self.refresh_token = ""

    def come_back(self, query: dict[str, list[str]]) -> None:
        """Take what Spotify sent the browser back with, and swap the code."""
        if query.get("state") != [self.state]:
            self.answers = {1: "The state is not the one this app sent: nothing is swapped."}
            return
        code = query.get("code", [""])[0]
        if not code:
            self.answers = {1: f"Spotify says: {query.get('error', ['nothing'])[0]}"}
            return
        self.answers = {1: f"code={shortened(code)}"}
        self._keep(2, ask("POST", f"{self.places.service_url}/swap", {"code": code}))

    def refresh(self) -> None:
        """Trade the sealed refresh token for a new access token."""
        form = {"refresh_token": self.refresh_token}
        self._keep(3, ask("POST", f"{self.places.service_url}/refresh", form))

    def profile(self) -> None:
        """Ask the Web API who the user is."""
        answer = ask("GET", f"{self.places.api_url}/v1/me", token=self.access_token)
        self.answers[4] = readable(answer)

    def _keep(self, step: int, answer: Answer) -> None:
        self.answers[step] = readable(answer)
        members = answer.members()
        if answer.status == 200:
            self.access_token = str(members.get("access_token", ""))
            self.refresh_token = str(members.get("refresh_token", ""))


class DemoPage:
    """
    Serves the page on a free loopback port.

    Used as `with`; `open` before `serve_forever`, because the fake Spotify has to know
    the page's address first.
    """

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.server_close()

    def open(self, places: Places) -> None:
        """Say where Spotify and the service are."""
        _Handler.session = _Session(places)

    def serve_forever(self) -> None:
        """Answer until the process is told to end."""
        self._server.serve_forever(poll_interval=0.1)


class _Handler(BaseHTTPRequestHandler):
    session: _Session

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        match path:
            case "/":
                self._page(_page(self.session))
            case "/login":
                # A new session for each login, and with it a new state.
                session = _Handler.session = _Session(self.session.places)
                self._redirect(session.places.authorize_url(session.state))
            case "/callback":
                self.session.come_back(parse_qs(query))
                self._redirect("/")
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        match self.path:
            case "/refresh" if self.session.refresh_token:
                self.session.refresh()
            case "/me" if self.session.access_token:
                self.session.profile()
        self._redirect("/")

    def log_message(self, *_: object) -> None:
        """Print nothing: the terminal belongs to the explanation."""

    def _redirect(self, where: str) -> None:
        self.send_response(303)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self, page: str) -> None:
        body = page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def _page(session: _Session) -> str:
    actions = {
        1: '<p><a class="button" href="/login">Log in with the fake Spotify</a></p>',
        3: _button("/refresh", "Refresh") if session.refresh_token else "",
        4: _button("/me", "Ask who I am") if session.access_token else "",
    }
    steps = "".join(
        _section(number, session.answers.get(number), curl(number, session.places), actions)
        for number in TITLES
    )
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sanic-swap demo</title>
<style>{_STYLE}</style>
<h1>sanic-swap demo</h1>
<p>This page is an app. It talks to the service at <code>{session.places.service_url}</code>,
   which talks to a fake Spotify at <code>{session.places.accounts_url}</code>.</p>
{steps}
</html>
"""


def _section(number: int, answer: str | None, command: str, actions: dict[int, str]) -> str:
    shown = f"<pre>{escape(answer)}</pre>" if answer else ""
    return (
        f'<section class="{_outcome(answer)}"><h2>{number}. {TITLES[number]}</h2>'
        f"<pre>{escape(command)}</pre>{shown}{actions.get(number, '')}</section>"
    )


def _outcome(answer: str | None) -> str:
    if answer is None:
        return "open"
    return "done" if answer.startswith(("code=", "200")) else "failed"


def _button(action: str, says: str) -> str:
    return f'<form method="post" action="{action}"><button>{says}</button></form>'
