"""Puts an app's request into one line: ✓ what it did, or ✗ what went wrong and what to change."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_SWAP = "the token swap URL is {service}/swap"
_REFRESH = "the token refresh URL is {service}/refresh"
_KEEP = "the app keeps its tokens, and tries again after Retry-After"
# The first pattern that what went wrong fits, and what to change.
_REMEDIES = (
    ("^404 .*refresh", f"no such endpoint; {_REFRESH}"),
    ("^404 .*(swap|token)", f"no such endpoint; {_SWAP}"),
    ("^404", f"no such endpoint; {_SWAP}, {_REFRESH}"),
    ("^405 .*refresh", f"use POST; {_REFRESH}"),
    ("^405 .*(swap|token)", f"use POST; {_SWAP}"),
    ("^405", f"use POST; {_SWAP}, {_REFRESH}"),
    ("^redirect_uri is not", "redirect_uri is not {callbacks}; correct the app, or use --callback"),
    ("is missing$", "{what}: send it as a form field or JSON member of the body"),
    ("must not be", "{what}: the app had no value, and sent that word"),
    ("^client_id is not", "client_id is not {client_id}: correct it, or leave it out"),
    ("^access_token$", "this is an access token: send the refresh_token of the latest answer"),
    ("^(temporary|unknown)_key$", "this token is from before the restart: log in again"),
    ("^altered$", "the token was changed or cut: store it whole, and log in again"),
    ("^(not_a_token|other_service)$", "this is no token of {service}/swap: send its refresh_token"),
    ("^code_refused$", "Spotify refused the code, which works once, for ten minutes: log in again"),
    ("^grant_refused$", "Spotify refused: the app must ask its user to log in again"),
    ("^(spotify_|revocation_)", f"Spotify is in trouble: {_KEEP}"),
    ("^client_gone$", "the app hung up before the answer"),
    ("", "{what}"),
)


class Values(NamedTuple):
    """What belongs into the app."""

    service: str  # its URL
    client_id: str
    callbacks: list[str]


def of_service(entry: Mapping[str, Any], values: Values) -> str | None:
    """Return the line for an entry of the service's log; None if no request is in it."""
    if "origin" in entry:
        page = f"the page at {entry['origin']}"
        return f"✗ {page} is not in CORS_ORIGINS: open it at http://127.0.0.1"
    if "method" not in entry:
        return None
    head = f"{entry['method']} {entry['path']} {entry['status']}"
    if "error" not in entry:
        if "grant" not in entry:  # CORS, health
            return f"✓ {head}"
        did = "new access token" if "key" in entry else "logged in: tokens for the code"
        return f"✓ {head}: {did} (grant {entry['grant']})"
    what = str(entry.get("reason") or entry["outcome"])
    if entry["status"] in (404, 405):
        what = f"{entry['status']} {entry['path']}"
    elif entry["outcome"] == "grant_refused":
        what = "grant_refused" if "grant" in entry else "code_refused"
    remedy = next(text for pattern, text in _REMEDIES if re.search(pattern, what))
    shown = values._asdict() | {"what": what, "callbacks": " or ".join(values.callbacks)}
    return f"✗ {head}: {remedy.format_map(shown)}"


def of_fake(entry: Mapping[str, Any], values: Values) -> str | None:
    """Return the line for an entry of the fake's journal; None if the service's line says it."""
    path, status, error = entry["path"], entry["status"], entry["error"]
    head = f"fake Spotify: {entry['method']} {path} {status or 'no answer'}"
    headers = {name.lower(): value for name, value in entry["answer"]["headers"]}
    if found := re.search(r"[?&#](code|error)=([a-z_]*)", headers.get("location", "")):
        name, value = found.groups()
        if name == "code":
            return f"✓ {head}: the app gets a code"
        if value == "access_denied":
            return f"✓ {head}: the app gets error={value}, because its user pressed Cancel"
        return f"✗ {head}: the app gets error={value}"
    if not error and not entry["fault"]:
        return None
    sent = entry["parameters"].get("redirect_uri")
    why = entry["why"] or error or f"fault {entry['fault']}"
    if "redirect URI" in error and sent not in values.callbacks:
        why = f"redirect_uri {sent} is not {' or '.join(values.callbacks)}"
    return f"✗ {head}: {why}"
