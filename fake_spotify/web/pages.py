"""The pages that a user of an app sees: consent, and errors."""

from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from string import Template

from fake_spotify.apps.app import App
from fake_spotify.facts.registrations import User
from fake_spotify.facts.scopes import SCOPES
from fake_spotify.rules.authorization import AuthorizationRequest

# Shown even if they were not sent; all others that came are shown, too.
_PARAMETERS = ("client_id", "redirect_uri", "response_type", "scope")


def problem(
    words: str, why: str, sent: Mapping[str, str], app: App, control_page: str | None
) -> str:
    """Make the error page: Spotify's *words*, why, and what was *sent* beside what is registered.

    Its reader is the developer of *app*.
    """
    registered = {
        "client_id": [app.client_id],
        "redirect_uri": app.redirect_uris,
        "response_type": ["code"],
    }
    shown = {name: sent.get(name, "") for name in _PARAMETERS} | dict(sent)
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{_code(value) if value else 'nothing'}</td>"
        f"<td>{'<br>'.join(map(_code, registered.get(name, ())))}</td></tr>"
        for name, value in shown.items()
        if name not in {"decision", "user"}
    )
    content = _fill("problem.html", words=escape(words), why=escape(why), rows=rows)
    return _page(words, content, control_page)


def consent(
    request: AuthorizationRequest,
    users: Iterable[User],
    parameters: Mapping[str, str],
    control_page: str | None,
) -> str:
    """Make the consent page; *parameters* are those of /authorize, which its forms send back.

    Agree and Cancel are a form each. A user is selected already, so Agree alone is enough.
    """
    content = _fill(
        "consent.html",
        app=escape(request.app.name),
        redirect_uri=escape(request.redirect_uri),
        scopes=_scopes(request.scopes),
        users=_users(users),
        parameters="".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in parameters.items()
        ),
    )
    return _page(f"{request.app.name}: allow access?", content, control_page)


def _page(title: str, content: str, control_page: str | None) -> str:
    # No script, no picture, no other address: the page works in every browser and test tool.
    link = f' <a href="{control_page}">Control page</a>' if control_page else ""
    style = _read("page.css")
    return _fill("page.html", title=escape(title), style=style, content=content, control=link)


def _fill(name: str, **markup: str) -> str:
    return Template(_read(name)).substitute(markup)


def _read(name: str) -> str:
    return files("fake_spotify.web").joinpath(name).read_text("utf-8")


def _code(value: str) -> str:
    return f"<code>{escape(value)}</code>"


def _scopes(scopes: tuple[str, ...]) -> str:
    if not scopes:
        return "<li>See what everybody can see about you</li>"
    return "".join(f"<li>{escape(SCOPES[scope])} {_code(scope)}</li>" for scope in scopes)


def _users(users: Iterable[User]) -> str:
    return "".join(
        f'<label><input type="radio" name="user" value="{escape(user.id)}"'
        f"{'' if place else ' checked'}><span>{escape(user.display_name)}"
        f'<span class="soft">{escape(user.email)}</span></span></label>'
        for place, user in enumerate(users)
    )
