"""Which commit runs here, as far as whoever installed it left a trace."""

import json
import os
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

# What image builds and platforms set.
_VARIABLES = ("SOURCE_COMMIT", "HEROKU_BUILD_COMMIT", "HEROKU_SLUG_COMMIT", "RENDER_GIT_COMMIT")


@cache
def commit() -> str:
    """Return 12 hex digits of the commit, or `unknown`."""
    for found in (*(os.environ.get(name, "") for name in _VARIABLES), _installed_from()):
        if re.fullmatch("[0-9a-f]{7,64}", found):
            return found[:12]
    return "unknown"


def _installed_from() -> str:
    """Return the commit that pip cloned (PEP 610), or an empty text."""
    try:
        direct_url = json.loads(distribution("sanic-swap").read_text("direct_url.json") or "{}")
        return str(direct_url.get("vcs_info", {}).get("commit_id", ""))
    except (PackageNotFoundError, ValueError):
        return ""
