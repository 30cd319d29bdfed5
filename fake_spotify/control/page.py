"""Assembles the control page: one answer, with nothing to fetch from elsewhere."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def control_page() -> tuple[str, Mapping[str, str]]:
    """Return the page, and headers by which only its own script runs and nobody frames it."""
    script, style = _read("page.js"), _read("page.css")
    markup = _read("page.html").replace("/*style*/", style).replace("/*script*/", script)
    policy = (
        "default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; "
        f"script-src {_hash(script)}; style-src {_hash(style)}"
    )
    headers = {
        "content-security-policy": policy,
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return markup, headers


def _read(name: str) -> str:
    return files("fake_spotify.control").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
