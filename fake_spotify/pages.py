"""The pages that a person sees: the question whether an app may have access, and what is wrong."""

from collections.abc import Iterable, Mapping
from html import escape

from fake_spotify.apps import User
from fake_spotify.authorization import AuthorizationRequest
from fake_spotify.scopes import SCOPES

# No script, no picture, nothing from elsewhere: the page works in every browser and test tool.
_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #16181d; --soft: #5b616e;
  --line: #d9dce3; --back: #eef0f4; --go: #137a3c; --wrong: #a3261d; }
@media (prefers-color-scheme: dark) { :root { --paper: #17191e; --ink: #f1f2f4; --soft: #a4aab6;
  --line: #343841; --back: #0c0d10; --go: #1f9d53; --wrong: #ff8a80; } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 34rem; padding: 1.5rem 1.75rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 1rem }
h1 { margin: 0 0 .25rem; font-size: 1.4rem; line-height: 1.25; overflow-wrap: anywhere }
h2, legend { margin: 0 0 .4rem; padding: 1rem 0 0; font-size: 1rem; font-weight: 600 }
p { margin: .5rem 0; overflow-wrap: anywhere } .soft { color: var(--soft); font-size: .9rem }
ul { margin: 0; padding-left: 1.2rem } li { margin: .2rem 0 }
code { font-size: .8rem; color: var(--soft); white-space: nowrap }
fieldset { margin: 0; padding: 0; border: 0 }
label { display: flex; gap: .75rem; align-items: center; padding: .4rem .75rem; margin: .35rem 0;
  border: 1px solid var(--line); border-radius: .6rem; cursor: pointer }
label:has(:checked) { border-color: var(--go); box-shadow: inset 0 0 0 1px var(--go) }
input { accent-color: var(--go); width: 1.1rem; height: 1.1rem; flex: none }
label span { display: block; min-width: 0; overflow-wrap: anywhere }
button { width: 100%; min-height: 3rem; margin-top: 1rem; border: 1px solid transparent;
  border-radius: 1.5rem; font: inherit; font-weight: 600; cursor: pointer }
.agree { background: var(--go); color: #fff }
.cancel { margin-top: .5rem; background: none; color: inherit; border-color: var(--line) }
.wrong { color: var(--wrong) }
:focus-visible { outline: 3px solid var(--go); outline-offset: 2px }
"""
_FOOT = (
    '<p class="soft">This is <strong>fake_spotify</strong>, a stand-in for tests. '
    "It is not Spotify; nobody's account is touched.</p>"
)


def document(title: str, content: str) -> str:
    """Make a whole page around *content*, which is markup already."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{content}{_FOOT}</main></body></html>\n"
    )


def problem(words: str) -> str:
    """Make the page that shows *words* in place of a redirect."""
    return document(
        "Something went wrong",
        f'<h1 class="wrong">Something went wrong</h1><p>{escape(words)}</p>'
        '<p class="soft">The app sent you here with a request that Spotify would refuse. '
        "Only its developer can mend that.</p>",
    )


def consent(
    request: AuthorizationRequest, users: Iterable[User], parameters: Mapping[str, str]
) -> str:
    """
    Make the page that asks; *parameters* are those of /authorize, sent along with the answer.

    Agree and Cancel are a form each. The first one stands alone: it names a user already.
    """
    app_name = escape(request.app.registration.name)
    carried = "".join(_hidden(name, value) for name, value in parameters.items())
    return document(
        f"{request.app.registration.name}: allow access?",
        f"<h1>{app_name} wants to connect to your account</h1>"
        f'<p class="soft">Afterwards you go to {escape(request.redirect_uri)}</p>'
        f"<h2>It will be able to</h2><ul>{_in_words(request.scopes)}</ul>"
        f'<form method="post" action="/authorize" id="agree">{carried}'
        f"<fieldset><legend>You are</legend>{_choices(users)}</fieldset>"
        f'{_hidden("decision", "agree")}<button class="agree" type="submit">Agree</button></form>'
        f'<form method="post" action="/authorize" id="cancel">{carried}'
        f"{_hidden('decision', 'cancel')}"
        '<button class="cancel" type="submit">Cancel</button></form>',
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _in_words(scopes: tuple[str, ...]) -> str:
    if not scopes:
        return "<li>See what everybody can see about you</li>"
    return "".join(
        f"<li>{escape(SCOPES[scope])} <code>{escape(scope)}</code></li>" for scope in scopes
    )


def _choices(users: Iterable[User]) -> str:
    return "".join(
        f'<label><input type="radio" name="user" value="{escape(user.id)}"'
        f"{'' if place else ' checked'}><span>{escape(user.display_name)}"
        f'<span class="soft">{escape(user.email)}</span></span></label>'
        for place, user in enumerate(users)
    )
