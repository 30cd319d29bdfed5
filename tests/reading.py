"""Settings for tests, read as the service reads them."""

from collections.abc import Mapping
from pathlib import Path

from sanic_swap.settings.reading import read
from sanic_swap.settings.table import Settings

# What every service needs; without a secret of its own it makes a temporary key.
APP = {
    "CLIENT_ID": "an-app",
    "CLIENT_SECRET": "shared-with-spotify",
    "CALLBACK_URL": "myapp://callback",
}


def read_settings(environ: Mapping[str, str], *, env_file: Path | None = None) -> Settings:
    """Return the settings; raise `SettingsError` with every problem."""
    return read(environ, env_file=env_file).settings()
