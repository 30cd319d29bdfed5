"""Readers of settings that are URLs or origins; errors are as in `values`."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from sanic_swap.secret import Secret
from sanic_swap.settings.values import comma_separated, visible_text

_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+"
_ORIGIN = r"([a-z][a-z0-9+.-]*)://(\*\.)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\*|[0-9]{1,5}))?/?"
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
SPOTIFY = "https://accounts.spotify.com"
_LAST_PORT = 65_535
_DEFAULT_PORT = {"http": 80, "https": 443}
_STORE_OPTIONS = {"redis": set[str](), "rediss": {"ssl_ca_certs", "ssl_cert_reqs"}, "unix": {"db"}}


class AccountsUrl(NamedTuple):
    """Where Spotify's accounts service is."""

    url: str  # without a trailing slash
    origin: str  # RFC 6454: scheme://host[:port], lower case, default port left out
    is_private: bool  # whether nobody on the way can read along: https, or this machine

    def __str__(self) -> str:
        return self.url

    @property
    def host(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.origin).netloc

    @property
    def other_origins(self) -> tuple[str, ...]:
        """Origins that this one is often confused with: Spotify's own, loopback's spellings."""
        parts = urlsplit(self.origin)
        names = _LOOPBACK_NAMES if is_loopback(parts.hostname or "") else ()
        hosts = (_authority(parts.scheme, name, parts.port) for name in names)
        found = (SPOTIFY, *(f"{parts.scheme}://{host}" for host in hosts))
        return tuple(origin for origin in found if origin != self.origin)


def _authority(scheme: str, host: str, port: int | str | None) -> str:
    """Return host and port as origins have them: IPv6 in brackets, without a default port."""
    host = f"[{host}]" if ":" in host else host
    return host if port in (None, "", _DEFAULT_PORT.get(scheme)) else f"{host}:{port}"


def callback_urls(text: str) -> tuple[str, ...]:
    """Read redirect URIs: absolute, with any scheme, without a fragment (RFC 6749 3.1.2)."""
    uris = comma_separated(text)
    if not uris:
        raise ValueError("must name at least one redirect URI")
    if any("//" in uri and "://" not in uri for uri in uris):
        raise ValueError("must have :// after the scheme, as in my-app://callback")
    if any(not re.fullmatch(_URI, uri) or "#" in uri for uri in uris):
        raise ValueError("must be redirect URIs with a scheme, no fragment, separated by commas")
    return uris


def origins(text: str) -> tuple[str, ...]:
    """
    Read web origins, and return them as browsers send them (RFC 6454): lower case, no default port.

    Also `*`, `null`, `http://localhost:*` (any port) and `https://*.example.com` (subdomains).
    """
    return tuple(map(_origin, comma_separated(text.lower())))


def _origin(entry: str) -> str:
    if entry in ("*", "null"):
        return entry
    problem = "must be origins such as https://app.example, http://localhost:*, https://*.a.example"
    match = re.fullmatch(_ORIGIN, entry)
    if match is None:
        raise ValueError(f"{problem}, or *; a host outside ASCII as xn--…")
    scheme, wild, host, port = match.groups("")
    if host[0] == "[" or host.rpartition(".")[2].isdigit():
        try:
            host = str(ip_address(host.strip("[]")))
        except ValueError:
            raise ValueError(f"{problem}, or an IP address in full") from None
    number = int(port) if port.isdigit() else port
    if isinstance(number, int) and number > _LAST_PORT:
        raise ValueError(f"{problem}; no port is above {_LAST_PORT}")
    return f"{scheme}://{wild}{_authority(scheme, host, number)}"


def accounts_url(text: str) -> AccountsUrl:
    """Read the URL of the accounts service; whether plain http is allowed is not decided here."""
    problem = "must be an http or https URL without user info, query or fragment"
    try:
        parts = urlsplit(visible_text(text))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(problem) from None
    is_plain = not re.search(r"[?#\\]", text) and "@" not in parts.netloc
    if parts.scheme not in _DEFAULT_PORT or not host or port == 0 or not is_plain:
        raise ValueError(problem)
    origin = f"{parts.scheme}://{_authority(parts.scheme, host, port)}"
    is_private = parts.scheme == "https" or is_loopback(host)
    return AccountsUrl(origin + parts.path.rstrip("/"), origin, is_private)


def store_url(text: str) -> Secret:
    """Read the URL of a Redis or Valkey, maybe with a password; `valkey` in it becomes `redis`."""
    problem = (
        "must be redis://HOST[:PORT][/DB], rediss://…[?ssl_ca_certs=FILE or ssl_cert_reqs=none],"
        " valkey://…, valkeys://… or unix:///PATH[?db=N]"
    )
    try:
        parts = urlsplit(visible_text(text))
        options = dict(parse_qsl(parts.query, True, bool(parts.query)))
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        raise ValueError(problem) from None
    scheme = parts.scheme.replace("valkey", "redis")
    place, database = host, parts.path.strip("/") or "0"
    if scheme == "unix":
        place, database = parts.path[1:], options.get("db", "0")
    if not (
        (scheme in _STORE_OPTIONS and options.keys() <= _STORE_OPTIONS[scheme])
        and (place and database.isdigit() and not parts.fragment)
        and options.get("ssl_cert_reqs", "none") == "none"
    ):
        raise ValueError(problem)
    if "ssl_ca_certs" in options and not Path(options["ssl_ca_certs"]).is_file():
        raise ValueError("names a file in ssl_ca_certs that does not exist")
    return Secret(scheme + text[len(parts.scheme) :])


def is_loopback(host: str) -> bool:
    """Say whether *host* is this machine itself, so that nobody on the way can read along.

    Addresses that merely lead there on some systems (`::ffff:127.0.0.1`) are not counted:
    Pythons differ about them, and the client secret goes in clear where this says yes.
    """
    try:
        return any(ip_address(host) in network for network in _LOOPBACK)
    except ValueError:
        return host.lower() == "localhost"
