"""Readers of settings that are URLs or origins; errors are as in `values`."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from sanic_swap.secret import Secret
from sanic_swap.settings.values import comma_separated, visible_text

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+\Z")
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<wild>\*\.)?(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>\*|[0-9]{1,5}))?/?"
)
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
SPOTIFY = "https://accounts.spotify.com"
_LAST_PORT = 65_535
_DEFAULT_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AccountsUrl:
    """
    Where Spotify's accounts service is.

    Attributes:
        url: Without a trailing slash.
        origin: RFC 6454: scheme://host[:port], lower case, default port left out.
        is_private: Whether nobody on the way can read along: https, or this machine.
    """

    url: str
    origin: str
    is_private: bool

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
        host = parts.hostname or ""
        port = "" if parts.port is None else f":{parts.port}"
        others = [f"{parts.scheme}://{name}{port}" for name in _LOOPBACK_NAMES]
        found = [SPOTIFY, *(others if is_loopback(host) else ())]
        return tuple(origin for origin in found if origin != self.origin)


def callback_urls(text: str) -> tuple[str, ...]:
    """Read redirect URIs: absolute, with any scheme, without a fragment (RFC 6749 3.1.2)."""
    uris = comma_separated(text)
    if not uris:
        raise ValueError("must name at least one redirect URI")
    if any("//" in uri and "://" not in uri for uri in uris):
        raise ValueError("must have :// after the scheme, as in my-app://callback")
    if any(not _URI.match(uri) or "#" in uri for uri in uris):
        raise ValueError("must be redirect URIs with a scheme, no fragment, separated by commas")
    return uris


def origins(text: str) -> tuple[str, ...]:
    """
    Read web origins, and return them as browsers send them (RFC 6454): lower case, no default port.

    Also `*`, `null`, `http://localhost:*` (any port) and `https://*.example.com` (subdomains).
    """
    return tuple(map(_origin, comma_separated(text)))


def _origin(entry: str) -> str:
    entry = entry.lower()
    if entry in ("*", "null"):
        return entry
    match = _ORIGIN.fullmatch(entry)
    problem = "must be origins such as https://app.example, http://localhost:*, https://*.a.example"
    if match is None:
        raise ValueError(f"{problem}, or *; a host outside ASCII as xn--…")
    scheme, host, port = match["scheme"], match["host"], match["port"]
    if host[0] == "[" or host.rpartition(".")[2].isdigit():
        try:
            address = ip_address(host.strip("[]"))
        except ValueError:
            raise ValueError(f"{problem}, or an IP address in full") from None
        host = f"[{address}]" if ":" in host else str(address)
    if port and port != "*":
        number = int(port)
        if number > _LAST_PORT:
            raise ValueError(f"{problem}; no port is above {_LAST_PORT}")
        port = None if number == _DEFAULT_PORT.get(scheme) else str(number)
    return f"{scheme}://{match['wild'] or ''}{host}{f':{port}' if port else ''}"


def accounts_url(text: str) -> AccountsUrl:
    """Read the URL of the accounts service; whether plain http is allowed is not decided here."""
    problem = "must be an http or https URL without user info, query or fragment"
    try:
        parts = urlsplit(visible_text(text))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(problem) from None
    if parts.scheme not in _DEFAULT_PORT or not host or port == 0:
        raise ValueError(problem)
    if "@" in parts.netloc or any(mark in text for mark in "?#\\"):
        raise ValueError(problem)
    authority = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORT[parts.scheme]:
        authority += f":{port}"
    origin = f"{parts.scheme}://{authority}"
    is_private = parts.scheme == "https" or is_loopback(host)
    return AccountsUrl(origin + parts.path.rstrip("/"), origin, is_private)


def store_url(text: str) -> Secret:
    """
    Read the URL of a Redis or Valkey, which may hold a password.

    Returns:
        It with `redis` in the place of `valkey`.
    """
    problem = (
        "must be redis://HOST[:PORT][/DB], rediss://…[?ssl_ca_certs=FILE or ssl_cert_reqs=none],"
        " valkey://…, valkeys://… or unix:///PATH[?db=N]"
    )
    try:
        parts = urlsplit(visible_text(text))
        options = dict(parse_qsl(parts.query, True, bool(parts.query)))
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError(problem) from None
    scheme = parts.scheme.replace("valkey", "redis")
    authorities = options.pop("ssl_ca_certs", None) if scheme == "rediss" else None
    if scheme == "rediss" and options.get("ssl_cert_reqs") == "none":
        del options["ssl_cert_reqs"]
    if scheme == "unix":
        is_good, database = (
            parts.path.startswith("/") and len(parts.path) > 1,
            options.pop("db", ""),
        )
    else:
        is_good, database = scheme in ("redis", "rediss") and has_host, parts.path.strip("/")
    if not is_good or options or parts.fragment or not (database or "0").isdigit():
        raise ValueError(problem)
    if authorities is not None and not Path(authorities).is_file():
        raise ValueError("names a file in ssl_ca_certs that does not exist")
    return Secret(scheme + text[len(parts.scheme) :])


def is_loopback(host: str) -> bool:
    """
    Say whether *host* is this machine itself, so that nobody on the way can read along.

    Addresses that merely lead there on some systems (`::ffff:127.0.0.1`) are not counted:
    Pythons differ about them, and the client secret goes in clear where this says yes.
    """
    try:
        return any(ip_address(host) in network for network in _LOOPBACK)
    except ValueError:
        return host.lower() == "localhost"
