"""What works and may hurt: in the settings, in the file they stand in, in the environment.

Each is one text that begins with the name of its variable; none repeats a secret.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from sanic_swap.settings import Settings
from sanic_swap.settings_reader import names_of_settings, warnings

# Android's usual HTTP client gives up after so many seconds.
_CLIENTS_PATIENCE = 10
_PLATFORMS = {"FLY_MACHINE_ID": "fly.io", "DYNO": "Heroku"}
# Spotify takes these two literals with plain http, and no other host (since 2025-11-27).
_LOOPBACK_LITERALS = ("127.0.0.1", "::1")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NETRC")
_TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_LIKENESS = 0.8  # of two names, 1 is the same; CLIENT_SECERT is 0.92 of CLIENT_SECRET


def risks(
    settings: Settings, environ: Mapping[str, str], names_in_file: Iterable[str]
) -> Iterator[str]:
    """Yield every risk: those that each start warns of, and those that only `check` tells."""
    yield from warnings(settings)
    yield from risky_surroundings(environ, names_in_file)
    for uri in settings.callback_urls:
        yield from _risky_callback(uri)
    if "*" in settings.cors_origins:
        yield "CORS_ORIGINS: * lets every web page read answers; name your own origins"
    if settings.drain_seconds < settings.spotify_timeout:
        yield (
            "DRAIN_TIMEOUT: below SPOTIFY_TIMEOUT; a slow login can be cut off when the service"
            " stops"
        )
    if settings.spotify_timeout >= _CLIENTS_PATIENCE:
        yield (
            f"SPOTIFY_TIMEOUT: {_CLIENTS_PATIENCE} s or more; Android's usual HTTP client has"
            " given up by then, and the app never hears the answer"
        )
    if settings.connection_limit < settings.max_in_flight:
        yield (
            "MAX_CONNECTIONS: below MAX_IN_FLIGHT; what comes beyond it is cut off, health too,"
            " before anybody is told to come again"
        )
    if settings.log_level == "debug":
        yield "LOG_LEVEL: debug writes much; it is for a search, not for every day"
    # fly.io reads metrics by the app's private network, and lets nobody else in.
    is_read_inside = _is_loopback(settings.metrics_host) or bool(environ.get("FLY_MACHINE_ID"))
    if settings.metrics_port is not None and not is_read_inside:
        yield (
            "METRICS_HOST: whoever reaches that address reads the metrics; let only Prometheus"
            " reach it"
        )
    for name, platform in _PLATFORMS.items():
        if environ.get(name) and _is_loopback(settings.host):
            yield (
                f"HOST: only this machine itself can connect; {platform} needs HOST=0.0.0.0"
                f" ({name} is set)"
            )


def risky_surroundings(environ: Mapping[str, str], names_in_file: Iterable[str]) -> Iterator[str]:
    """Yield what variables that are not ours do to this service, and likely slips of the pen."""
    yield from (
        f"{name}: no setting of this service; did you mean {meant}?"
        for name, meant in _slips(names_in_file)
    )
    present = {name for name in environ if environ[name]}
    for name in _PROXIES:
        if found := sorted({name, name.lower()} & present):
            yield f"{found[0]}: ignored; this service asks Spotify directly, without proxy or netrc"
    for name in _TRUST:
        if name in present:
            yield f"{name}: decides whom this service takes for Spotify; unset it if you can"
    if "SSLKEYLOGFILE" in present:
        yield (
            "SSLKEYLOGFILE: the keys of connections to Spotify are written to that file; whoever"
            " has it reads the client secret and every token. Unset it"
        )


def other_names(names_in_file: Iterable[str]) -> list[str]:
    """Return the names in a file of settings that are none, and are not like any."""
    names = list(names_in_file)
    slips = {name for name, _ in _slips(names)}
    return [name for name in names if name not in names_of_settings() and name not in slips]


def _slips(names_in_file: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that is no setting, and the setting that it is most like."""
    known = names_of_settings()
    for name in names_in_file:
        if name in known:
            continue
        # Imported here: most files have no such name, and start-up time counts.
        from difflib import get_close_matches

        for meant in get_close_matches(name.upper(), known, 1, _LIKENESS):
            yield name, meant


def _risky_callback(uri: str) -> Iterator[str]:
    try:
        parts = urlsplit(uri)
        scheme, host = parts.scheme.lower(), parts.hostname
    except ValueError:
        scheme, host = "", None
    if scheme in ("http", "https") and host == "localhost":
        yield (
            f"CALLBACK_URL: {uri} has the host localhost, which Spotify refuses since 2025-11-27;"
            " register http://127.0.0.1 or http://[::1] instead"
        )
    elif scheme == "http" and host not in _LOOPBACK_LITERALS:
        yield (
            f"CALLBACK_URL: {uri} is plain http, which Spotify refuses since 2025-11-27 for every"
            " host but 127.0.0.1 and [::1]; use https"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
