"""Why a request was refused, and what its developer can change: one sentence for each refusal.

`explanations.json` has them by endpoint, and by how Spotify's words begin; the longest fits best.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fake_spotify.apps.app import App


def explain(endpoint: str, words: str, app: App, parameters: Mapping[str, str]) -> str:
    """Explain the *words* of a refusal to who sent *parameters*; empty if nothing was refused."""
    fitting = [start for start in _texts()[endpoint] if words.startswith(start)]
    if not fitting:
        return ""
    code = app.ledger.codes.get(parameters.get("code", ""))
    return _texts()[endpoint][max(fitting, key=len)].format(
        client_id=parameters.get("client_id", "that was sent"),
        registered_id=app.client_id,
        registered_uris=" or ".join(app.redirect_uris),
        redirect_uri=parameters.get("redirect_uri", "missing"),
        code_redirect_uri="another one" if code is None else code.redirect_uri,
        code_lifetime=app.policy.code_lifetime,
    )


@cache
def _texts() -> dict[str, dict[str, str]]:
    text = files("fake_spotify.rules").joinpath("explanations.json").read_text("utf-8")
    return dict(json.loads(text))
