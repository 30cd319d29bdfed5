"""Assembles the control page: one answer, with nothing to fetch from elsewhere."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fake_spotify.control.guard import headers_of_page


@cache
def control_page() -> tuple[str, Mapping[str, str]]:
    """Return the page, and the headers that let its own script and style run and no others."""
    script, style = _read("page.js"), _read("page.css")
    markup = _read("page.html").replace("/*style*/", style).replace("/*script*/", script)
    return markup, headers_of_page(_hash(script), _hash(style))


def _read(name: str) -> str:
    return files("fake_spotify.control").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
