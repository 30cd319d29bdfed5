"""A client that always gets an answer, and a browser that clicks on plain HTML forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPException
from urllib.parse import urlencode

from tests.contract.http_client import FORM, send


@dataclass(frozen=True)
class Seen:
    """An answer; status 0 if there was none."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


def ask(url, method, target, *, headers=None, body=None, cafile=None) -> Seen:
    """Send one request on a connection of its own; redirects are not followed."""
    sent = body.encode() if isinstance(body, str) else body
    try:
        answer = send(method, url + target, sent, headers, cafile=cafile)
    except (OSError, HTTPException):
        return Seen(0)
    return Seen(answer.status, answer.headers.items(), answer.body)


def post_form(url, target, form) -> Seen:
    return ask(url, "POST", target, headers={"content-type": FORM}, body=urlencode(form))


def ask_token(spotify, app=None, **form) -> Seen:
    """Ask the token endpoint with the credentials of *app*, which is the fake's first one."""
    app = app or spotify
    own = {"client_id": app.client_id, "client_secret": app.client_secret}
    return post_form(spotify.accounts_url, "/api/token", {**own, **form})


def refresh(spotify, refresh_token, app=None) -> Seen:
    return ask_token(spotify, app, grant_type="refresh_token", refresh_token=refresh_token)


def login_query(app, **more):
    """Give the parameters with which an app begins a login."""
    return {
        "client_id": app.client_id,
        "response_type": "code",
        "redirect_uri": app.redirect_uris[0],
        "scope": "user-read-email streaming",
        **more,
    }


class _Forms(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.forms = {}
        self._fields = None
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._fields = {}
            self.forms[attributes.get("id")] = (attributes, self._fields)
        elif tag == "input" and self._fields is not None:
            is_radio = attributes.get("type") == "radio"
            if not is_radio or "checked" in attributes:
                self._fields[attributes["name"]] = attributes["value"]

    def handle_endtag(self, tag):
        if tag == "form":
            self._fields = None

    def handle_data(self, data):
        self.text += data


def text_of(page: str) -> str:
    """Give what a person reads on *page*."""
    return _Forms(page).text


class Browser:
    """Keeps cookies, and presses buttons."""

    def __init__(self, url):
        self._url = url
        self._cookies = {}

    def open(self, path, query) -> Seen:
        return self._send("GET", f"{path}?{urlencode(query)}")

    def press(self, button, page: Seen, **choices) -> Seen:
        """Submit the form with this id, its fields as they stand but for *choices*."""
        attributes, fields = _Forms(page.text).forms[button]
        return self._send(
            attributes["method"].upper(),
            attributes["action"],
            headers={"content-type": FORM},
            body=urlencode({**fields, **choices}),
        )

    def _send(self, method, target, *, headers=None, body=None) -> Seen:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        sent = {**(headers or {}), **({"cookie": cookies} if cookies else {})}
        seen = ask(self._url, method, target, headers=sent, body=body)
        for name, value in seen.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        return seen
