"""The pages that a user of an app sees: consent, and errors."""

from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from string import Template

from fake_spotify.facts.registrations import User
from fake_spotify.facts.scopes import SCOPES
from fake_spotify.rules.authorization import AuthorizationRequest


def problem(words: str) -> str:
    """Make the error page that shows *words* instead of a redirect."""
    return _page("Something went wrong", _fill("problem.html", words=escape(words)))


def consent(
    request: AuthorizationRequest, users: Iterable[User], parameters: Mapping[str, str]
) -> str:
    """
    Make the consent page; *parameters* are those of /authorize, which its forms send back.

    Agree and Cancel are a form each. A user is selected already, so Agree alone is enough.
    """
    name = escape(request.app.name)
    content = _fill(
        "consent.html",
        app=name,
        redirect_uri=escape(request.redirect_uri),
        scopes=_scopes(request.scopes),
        users=_users(users),
        parameters="".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in parameters.items()
        ),
    )
    return _page(f"{name}: allow access?", content)


def _page(title: str, content: str) -> str:
    # No script, no picture, no other address: the page works in every browser and test tool.
    return _fill("page.html", title=title, style=_read("page.css"), content=content)


def _fill(name: str, **markup: str) -> str:
    return Template(_read(name)).substitute(markup)


def _read(name: str) -> str:
    return files("fake_spotify.web").joinpath(name).read_text("utf-8")


def _scopes(scopes: tuple[str, ...]) -> str:
    if not scopes:
        return "<li>See what everybody can see about you</li>"
    return "".join(
        f"<li>{escape(SCOPES[scope])} <code>{escape(scope)}</code></li>" for scope in scopes
    )


def _users(users: Iterable[User]) -> str:
    return "".join(
        f'<label><input type="radio" name="user" value="{escape(user.id)}"'
        f"{'' if place else ' checked'}><span>{escape(user.display_name)}"
        f'<span class="soft">{escape(user.email)}</span></span></label>'
        for place, user in enumerate(users)
    )
